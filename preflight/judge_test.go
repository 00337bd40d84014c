package preflight

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/preflight-go/preflight/facegeom"
)

// good returns the measurements of a selfie that has nothing to be said about.
func good() *Measurements {
	return &Measurements{
		Path: "a.jpg", SHA256: "00", Stage: StagePixels,
		Image: Image{
			Format: "jpeg", Bytes: 300_000, Width: 810, Height: 1080,
			JPEG: &JPEG{Quality: 90, QualityLower: 90, QualityUpper: 90, Subsampling: "4:2:0", ColorModel: "ycbcr", Process: "baseline", Precision: 8},
		},
		Faces: []facegeom.Face{{
			Box: facegeom.Box{X: 255, Y: 300, Width: 300, Height: 300}, BoxSigma: 7, Score: 400,
			LeftEye: facegeom.Point{X: 355, Y: 430}, RightEye: facegeom.Point{X: 460, Y: 430},
			IED: 105, IEDSigma: 2, RollSigma: 0.5, YawSigma: 3, PitchSigma: 5, EyesVisible: 0.9,
		}},
	}
}

func TestJudge(t *testing.T) {
	face := func(m *Measurements) *facegeom.Face { return &m.Faces[0] }
	for _, c := range []struct {
		name   string
		change func(*Measurements)
		want   string // "CODE level" of each issue; + unsure, * fixable
	}{
		{"good", func(*Measurements) {}, ""},

		{"empty", func(m *Measurements) { *m = Measurements{Stage: StageBytes} }, "FILE_EMPTY reject"},
		{"2 MB", func(m *Measurements) { m.Image.Bytes = 2_000_000 }, ""},
		{"2 MB in doubt, from", func(m *Measurements) { m.Image.Bytes = 2_000_001 }, "FILE_TOO_LARGE warn+*"},
		{"2 MB in doubt, to", func(m *Measurements) { m.Image.Bytes = 2_097_152 }, "FILE_TOO_LARGE warn+*"},
		{"above 2 MB", func(m *Measurements) { m.Image.Bytes = 2_097_153 }, "FILE_TOO_LARGE reject*"},
		{"not read to its end", func(m *Measurements) { m.Image.Bytes, m.Image.BytesCut = 5, true }, "FILE_TOO_LARGE reject"},
		{"HEIC", func(m *Measurements) {
			*m = Measurements{Path: "IMG.HEIC", Stage: StageBytes, Image: Image{Format: "heic", Bytes: 9}}
		}, "UNSUPPORTED_FORMAT reject"},
		{"HEIC that says it is a JPEG", func(m *Measurements) {
			*m = Measurements{Path: "IMG.JPG", Stage: StageBytes, Image: Image{Format: "heic", Bytes: 9}}
		}, "UNSUPPORTED_FORMAT reject, EXTENSION_MISMATCH warn"},
		{"no format", func(m *Measurements) { *m = Measurements{Path: "x.jpg", Stage: StageBytes, Image: Image{Bytes: 9}} }, "UNSUPPORTED_FORMAT reject"},
		{"12-bit", func(m *Measurements) {
			m.Stage, m.Faces = StageHeader, nil
			m.Image.Damage = &Damage{Kind: DamageUnsupported, Reason: "12 bits per sample"}
		}, "UNSUPPORTED_FORMAT reject"},
		{"wrong extension", func(m *Measurements) { m.Path = "dir.png/a.PNG" }, "EXTENSION_MISMATCH warn*"},
		{"another extension", func(m *Measurements) { m.Path = "a.jpeg" }, ""},
		{"no extension", func(m *Measurements) { m.Path = "upload" }, ""},

		{"side 480", func(m *Measurements) { m.Image.Width = 480; face(m).Box.X = 90 }, ""},
		{"side 479", func(m *Measurements) { m.Image.Width = 479; face(m).Box.X = 90 }, "IMAGE_TOO_SMALL reject"},
		{"side 4096", func(m *Measurements) { m.Image.Width = 4096 }, ""},
		{"side 4097", func(m *Measurements) { m.Image.Width = 4097 }, "IMAGE_TOO_LARGE reject*"},
		{"too wide to be scaled down", func(m *Measurements) { m.Image.Width, m.Image.Height = 8000, 800 }, "IMAGE_TOO_LARGE reject"},
		{"too large, with a face too small for less", func(m *Measurements) {
			m.Image.Width, m.Image.Height = 8192, 1080
			m.Faces[0].Box.Width, m.Faces[0].BoxSigma = 400, 0 // 200 px after halving
		}, "IMAGE_TOO_LARGE reject"},
		{"too high, with a face too small for less", func(m *Measurements) {
			m.Image.Height = 1400
			m.Faces[0].Box.Width, m.Faces[0].BoxSigma = 260, 0 // 201 px at 1080
		}, "HEIGHT_ABOVE_RECOMMENDED info"},
		{"height", func(m *Measurements) { m.Image.Height = 1081 }, "HEIGHT_ABOVE_RECOMMENDED info*"},
		{"height of the upright picture", func(m *Measurements) {
			m.Image.Width, m.Image.Height, m.Image.Orientation = 1080, 810, 6
		}, ""},
		{"bomb", func(m *Measurements) {
			m.Stage, m.Faces, m.Image.Width, m.Image.Height = StageHeader, nil, 60000, 60000
			m.Image.Damage = &Damage{Kind: DamageBomb, Reason: "too many"}
		}, "DECOMPRESSION_BOMB reject, IMAGE_TOO_LARGE reject, HEIGHT_ABOVE_RECOMMENDED info"},
		{"truncated", func(m *Measurements) {
			m.Stage, m.Faces = StageHeader, nil
			m.Image.Damage = &Damage{Kind: DamageTruncated, Offset: 2311, Reason: "early"}
		}, "TRUNCATED reject"},
		{"only the end marker is missing", func(m *Measurements) {
			m.Image.Forgiven = []Damage{{Kind: DamageTruncated, Reason: "the end marker (EOI) is missing"}}
		}, "TRUNCATED warn*"},
		{"corrupt", func(m *Measurements) {
			m.Stage, m.Faces = StageHeader, nil
			m.Image.Damage = &Damage{Kind: DamageCorrupt, Offset: 20, Reason: "bad code"}
		}, "FAILED_TO_READ_IMAGE reject"},
		{"stray bytes", func(m *Measurements) { m.Image.Forgiven = []Damage{{Kind: DamageForgiven, Reason: "stray"}} }, "CORRUPT_CHUNK warn"},
		{"trailer", func(m *Measurements) { m.Image.Trailer = &Trailer{Bytes: 5} }, "TRAILING_DATA warn*"},
		{"a camera's trailer", func(m *Measurements) { m.Image.Trailer = &Trailer{Bytes: 5, Kind: "mpf", Known: true} }, "TRAILING_DATA info*"},
		{"GPS", func(m *Measurements) { m.Image.GPS = true }, "GPS_PRESENT info*"},
		{"APNG", func(m *Measurements) {
			m.Path, m.Image.Format, m.Image.JPEG = "a.png", "png", nil
			m.Image.PNG = &PNG{BitDepth: 8, ColorType: "rgb", Frames: 2}
		}, "ANIMATED reject*"},
		{"16-bit PNG", func(m *Measurements) {
			m.Path, m.Image.Format, m.Image.JPEG = "a.png", "png", nil
			m.Image.PNG = &PNG{BitDepth: 16, ColorType: "rgb"}
		}, "UNUSUAL_COLOUR warn*"},
		{"palette", func(m *Measurements) {
			m.Path, m.Image.Format, m.Image.JPEG = "a.png", "png", nil
			m.Image.PNG = &PNG{BitDepth: 8, ColorType: "indexed"}
		}, "UNUSUAL_COLOUR warn"},
		{"CMYK", func(m *Measurements) { m.Image.JPEG.ColorModel = "cmyk" }, "UNUSUAL_COLOUR warn*"},

		{"quality 70", func(m *Measurements) { m.Image.JPEG.Quality = 70 }, ""},
		{"quality 69", func(m *Measurements) { m.Image.JPEG.Quality = 69 }, "JPEG_QUALITY_TOO_LOW reject"},
		{"own tables, certainly too coarse", func(m *Measurements) {
			*m.Image.JPEG = JPEG{Quality: 50, QualityFit: 20, QualityLower: 40, QualityUpper: 60, ColorModel: "ycbcr"}
		}, "JPEG_QUALITY_TOO_LOW reject"},
		{"own tables, perhaps too coarse", func(m *Measurements) {
			*m.Image.JPEG = JPEG{Quality: 65, QualityFit: 20, QualityLower: 40, QualityUpper: 80, ColorModel: "ycbcr"}
		}, "JPEG_QUALITY_TOO_LOW warn+"},
		{"own tables, fine enough", func(m *Measurements) {
			*m.Image.JPEG = JPEG{Quality: 75, QualityFit: 20, QualityLower: 40, QualityUpper: 90, ColorModel: "ycbcr"}
		}, ""},

		{"no face", func(m *Measurements) { m.Faces = []facegeom.Face{} }, "FACE_NOT_FOUND reject"},
		{"bystander", func(m *Measurements) {
			m.Faces = append(m.Faces, facegeom.Face{Box: facegeom.Box{Width: 150, Height: 150}})
		}, ""}, // 25 % of the area
		{"second person", func(m *Measurements) {
			m.Faces = append(m.Faces, facegeom.Face{Box: facegeom.Box{Width: 155, Height: 155}})
		}, "TOO_MANY_FACES reject"},
		{"size at the limit", func(m *Measurements) { face(m).Box.Width = 224 }, "FACE_TOO_SMALL warn+"},
		{"size within a sigma above", func(m *Measurements) { face(m).Box.Width = 231 }, "FACE_TOO_SMALL warn+"},
		{"size beyond a sigma above", func(m *Measurements) { face(m).Box.Width = 231.1 }, ""},
		{"size within a sigma below", func(m *Measurements) { face(m).Box.Width = 217 }, "FACE_TOO_SMALL warn+"},
		{"size beyond a sigma below", func(m *Measurements) { face(m).Box.Width = 216.9 }, "FACE_TOO_SMALL reject"},
		{"IED", func(m *Measurements) { face(m).IED = 71 }, "EYE_DISTANCE_TOO_SMALL reject"},
		{"IED, unsure", func(m *Measurements) { face(m).IED = 84 }, "EYE_DISTANCE_TOO_SMALL warn+"},
		{"roll", func(m *Measurements) { face(m).Roll = -35.6 }, "FACE_ANGLE_TOO_LARGE reject"},
		{"yaw, unsure", func(m *Measurements) { face(m).Yaw = -27 }, "FACE_ANGLE_TOO_LARGE warn+"},
		{"all angles", func(m *Measurements) {
			face(m).Roll, face(m).Yaw, face(m).Pitch = 50, 40, -40
		}, "FACE_ANGLE_TOO_LARGE reject, FACE_ANGLE_TOO_LARGE reject, FACE_ANGLE_TOO_LARGE reject"},
		{"close", func(m *Measurements) {
			face(m).Box = facegeom.Box{X: 55, Y: 100, Width: 700, Height: 700}
		}, "FACE_TOO_CLOSE warn"},
		{"at the border", func(m *Measurements) { face(m).Box.X = 14 }, "FACE_CLOSE_TO_BORDER warn"},
		{"away from it", func(m *Measurements) { face(m).Box.X = 15 }, ""},
		{"cropped", func(m *Measurements) { face(m).Box.X = -60 }, "FACE_CROPPED reject"},
		{"part of a face", func(m *Measurements) {
			*face(m) = facegeom.Face{Partial: true, Box: facegeom.Box{X: -120, Y: 0, Width: 300, Height: 300}}
		}, "FACE_CROPPED reject"},
		{"eyes", func(m *Measurements) { face(m).EyesVisible = 0.29 }, "EYES_HIDDEN warn"},
	} {
		m := good()
		c.change(m)
		before := fmt.Sprintf("%+v", m)
		r := Default().Judge(m)
		if fmt.Sprintf("%+v", m) != before {
			t.Errorf("%s: Judge changed the measurements", c.name)
		}
		var got []string
		want := VerdictPass
		for _, is := range r.Issues {
			s := string(is.Code) + " " + string(is.Level)
			if is.Unsure {
				s += "+"
			}
			if is.Fixable {
				s += "*"
			}
			got = append(got, s)
			if is.Level == Reject {
				want = VerdictReject
			} else if is.Level == Warn && want == VerdictPass {
				want = VerdictWarn
			}
			if is.Message == "" || is.Hint == "" || strings.Contains(is.Message, "%!") {
				t.Errorf("%s: %s says %q, hint %q", c.name, is.Code, is.Message, is.Hint)
			}
			if (is.Measured == nil) != (is.Unit == "") && is.Code != JPEGQualityTooLow && is.Code != EyesHidden {
				t.Errorf("%s: %s has measured %v and unit %q", c.name, is.Code, is.Measured, is.Unit)
			}
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
		if r.Verdict != want {
			t.Errorf("%s: verdict %s, want %s", c.name, r.Verdict, want)
		}
		if again := Default().Judge(r.Measurements()); !reflect.DeepEqual(again, r) {
			t.Errorf("%s: judging the report's measurements gives another report", c.name)
		}
	}
}

func TestMessagesSayTheNumbers(t *testing.T) {
	m := good()
	f := &m.Faces[0]
	f.IED, f.IEDSigma, f.Yaw, f.Roll, f.Pitch = 71.2, 1.3, 32, -50, -35
	f.Box.Width, f.BoxSigma = 223.6, 0.1
	m.Image.Bytes = 3_500_000
	r := Default().Judge(m)
	for code, want := range map[Code]string{
		EyeDistanceTooSmall: "The eyes are 71 px apart; at least 85 px are needed.",
		FaceTooSmall:        "The face is 223.6 px wide; at least 224 px are needed.", // not "224; at least 224"
		FileTooLarge:        "The file has 3,500,000 bytes; at most 2,097,152 are allowed.",
	} {
		if is := r.Issue(code); is == nil || is.Message != want {
			t.Errorf("%s: %+v, want %q", code, is, want)
		}
	}
	var said []string
	for _, is := range r.Issues {
		if is.Code == FaceAngleTooLarge {
			said = append(said, fmt.Sprintf("%s %v %s", is.Axis, *is.Measured, is.Message))
		}
	}
	want := []string{
		"roll -50 The head is tilted 50° to the image's left (roll); at most 35° are allowed.",
		"yaw 32 The head is turned 32° to the image's left (yaw); at most 25° are allowed.",
		"pitch -35 The head is lowered by 35° (pitch); at most 25° are allowed.",
	}
	if !slices.Equal(said, want) {
		t.Errorf("%q, want %q", said, want)
	}
}

func TestProfileMovesLevels(t *testing.T) {
	m := good()
	m.Faces[0].IED = 60
	m.Image.GPS = true
	for level, verdict := range map[Level]Verdict{Off: VerdictPass, Info: VerdictPass, Warn: VerdictWarn, Reject: VerdictReject} {
		p := Default()
		p.Levels = map[Code]Level{EyeDistanceTooSmall: level, GPSPresent: Off}
		r := p.Judge(m)
		if r.Verdict != verdict {
			t.Errorf("level %s: verdict %s, want %s", level, r.Verdict, verdict)
		}
		if is := r.Issue(EyeDistanceTooSmall); (is == nil) != (level == Off) || is != nil && is.Level != level {
			t.Errorf("level %s: %+v", level, is)
		}
		if r.Issue(GPSPresent) != nil {
			t.Error("a code that is off was reported")
		}
	}
}

func TestZeroLimitsAreNotChecked(t *testing.T) {
	m := good()
	m.Image.Bytes, m.Image.Width, m.Image.Height = 1<<40, 1, 100_000
	m.Faces[0] = facegeom.Face{Box: facegeom.Box{X: -5, Y: -5, Width: 3, Height: 3}, Yaw: 90, Roll: 90, Pitch: 90}
	p := &Profile{Name: "none", Version: 1}
	if r := p.Judge(m); len(r.Issues) != 0 {
		t.Errorf("issues %+v, want none", r.Issues)
	}
}

func TestSmallestScale(t *testing.T) {
	p := Default()
	for _, c := range []struct {
		name                        string
		size, sizeSigma, ied, sigma float64
		want                        float64
	}{
		{"large face", 1120, 0, 425, 0, 0.2},           // both reach their limits at a fifth
		{"eyes decide", 1120, 0, 170, 0, 0.5},          // 170/2 = 85
		{"with doubt", 1120, 0, 190, 10, 0.5},          // 190 - 2·10 = 170
		{"just enough", 224, 0, 85, 0, 1},              //
		{"too small already", 100, 0, 40, 0, 1},        //
		{"too small by its doubt", 230, 10, 425, 0, 1}, // 230 - 20 < 224
	} {
		m := good()
		f := &m.Faces[0]
		f.Box.Width, f.BoxSigma, f.IED, f.IEDSigma = c.size, c.sizeSigma, c.ied, c.sigma
		if got := p.SmallestScale(m); got < c.want-1e-9 || got > c.want+1e-9 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if got := p.SmallestScale(&Measurements{}); got != 0 {
		t.Errorf("without a face: %v, want 0", got)
	}
}

func TestFixable(t *testing.T) {
	m := good()
	if r := Default().Judge(m); r.Fixable() {
		t.Error("nothing is wrong, so there is nothing to fix")
	}
	m.Image.Bytes = 3_000_000
	if r := Default().Judge(m); !r.Fixable() {
		t.Error("too many bytes: want fixable")
	}
	m.Faces = []facegeom.Face{}
	if r := Default().Judge(m); r.Fixable() {
		t.Error("no face: want not fixable")
	}
}

func TestEveryCodeIsExplained(t *testing.T) {
	seen := map[Code]bool{}
	for info := range Codes() {
		if seen[info.Code] {
			t.Errorf("%s stands in the table twice", info.Code)
		}
		seen[info.Code] = true
		if info.Meaning == "" || info.Hint == "" || info.Detail == "" || info.Level.rank() < 1 {
			t.Errorf("%s: %+v", info.Code, info)
		}
		for field := range strings.SplitSeq(info.Limit, ", ") {
			if field != "" && field != "file.formats" && !slices.ContainsFunc(bounds, func(b bound) bool { return b.field == field }) {
				t.Errorf("%s: no limit %q in a profile", info.Code, field)
			}
		}
	}
	if _, ok := Lookup("NO_SUCH_CODE"); ok {
		t.Error("an unknown code was found")
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 2097152: "2,097,152", -1234: "-1,234", -123: "-123"} {
		if got := grouped(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
