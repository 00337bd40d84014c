package facegeom

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/preflight-go/preflight/facegeom/internal/shape"
	"github.com/preflight-go/preflight/internal/corpus"
)

// TestSecondOpinion holds the score that decides on a face against a table of
// candidates from photos with and without faces. The bounds are what the
// cascade's score alone gives: 86.7 % at 0.4 %.
func TestSecondOpinion(t *testing.T) {
	lines := corpus.Rows(t, "candidates.csv")
	num := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	score := slices.Index(lines[0], "score")
	var found, faces, wrong, others float64
	for _, line := range lines[1:] {
		var l landmarks
		n := 0
		for i, name := range lines[0] {
			if strings.HasPrefix(name, "lp") && strings.HasSuffix(name, "_spread") {
				l.spread[n] = num(line[i])
				n++
			}
		}
		accepted := 0.0
		if l.weigh(num(line[score])) >= DefaultMinScore {
			accepted = 1
		}
		if line[0] == "1" {
			found, faces = found+accepted, faces+1
		} else {
			wrong, others = wrong+accepted, others+1
		}
	}
	recall, fallout := found/faces, wrong/others
	t.Logf("%.0f faces: %.1f %% found; %.0f others: %.2f %% taken for faces", faces, 100*recall, others, 100*fallout)
	if recall < 0.9 || fallout > 0.0075 {
		t.Errorf("found %.3f of the faces, want at least 0.9; %.4f of the others, want at most 0.0075", recall, fallout)
	}
}

// The pose must be the mirrored one for mirrored landmarks, and nothing where
// they have no extent.
func TestPose(t *testing.T) {
	var l landmarks
	for i := range l.Landmarks {
		// Pairs that lie apart, and somewhat askew.
		x := 10 + float64(i)
		if i%2 == 1 {
			x = -9 - float64(i)
		}
		l.Landmarks[i] = shape.Point{X: x, Y: float64(i * i)}
		l.spread[i] = 0.01
	}
	var m landmarks
	m.spread = l.spread
	for i, p := range l.Landmarks {
		m.Landmarks[i^1] = shape.Point{X: -p.X, Y: p.Y}
	}
	var a, b Face
	if !l.pose(&a, 50) || !m.pose(&b, 50) {
		t.Fatal("no pose")
	}
	near(t, "yaw", b.Yaw, -a.Yaw, 1e-9)
	near(t, "pitch", b.Pitch, a.Pitch, 1e-9)
	if a.YawSigma < 1 || a.YawSigma > 10 || a.PitchSigma < 1 || a.PitchSigma > 10 {
		t.Errorf("sigmas %v, %v", a.YawSigma, a.PitchSigma)
	}
	if new(landmarks).pose(&a, 50) {
		t.Error("a pose from landmarks at one place")
	}
}
