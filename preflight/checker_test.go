package preflight_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/preflight-go/preflight/internal/corpus"
	"github.com/preflight-go/preflight/preflight"
)

func newChecker(t testing.TB, o *preflight.Options) *preflight.Checker {
	t.Helper()
	c, err := preflight.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(images, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestNewRefusesNonsense(t *testing.T) {
	for name, o := range map[string]*preflight.Options{
		"negative bytes":  {MaxBytes: -1},
		"negative pixels": {MaxPixels: -1},
		"profile":         {Profile: &preflight.Profile{Name: "a"}},
	} {
		if _, err := preflight.New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// One Checker serves the whole process: 64 checks at once give what one gives.
func TestConcurrentChecksAgree(t *testing.T) {
	c := newChecker(t, nil)
	names := []string{"pass.jpg", "reject_bomb.png", "reject_truncated.jpg", "reject_heic.heic"}
	var data [][]byte
	var want []*preflight.Report
	for _, name := range names {
		data = append(data, read(t, name))
		r, err := c.Check(context.Background(), data[len(data)-1])
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, r)
	}
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			k := i % len(names)
			r, err := c.Check(context.Background(), data[k])
			if err != nil || !reflect.DeepEqual(r, want[k]) {
				t.Errorf("%s: %+v, %v; want %+v", names[k], r, err, want[k])
			}
		})
	}
	wg.Wait()
}

// countingReader gives zeros for ever and counts what was taken.
type countingReader struct{ n int64 }

func (r *countingReader) Read(p []byte) (int, error) {
	clear(p)
	r.n += int64(len(p))
	return len(p), nil
}

func TestReaderIsReadNoFurtherThanTheLimit(t *testing.T) {
	c := newChecker(t, &preflight.Options{MaxBytes: 1000})
	r := &countingReader{}
	report, err := c.CheckReader(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	if r.n > 1001 {
		t.Errorf("%d bytes were read, want at most 1001", r.n)
	}
	is := report.Issue(preflight.FileTooLarge)
	if is == nil || is.Level != preflight.Reject || !report.Image.BytesCut || report.Stage != preflight.StageBytes || report.SHA256 != "" {
		t.Errorf("report %+v", report)
	}
}

func TestReaderGivesTheReportOfItsBytes(t *testing.T) {
	c := newChecker(t, nil)
	data := read(t, "reject_low_quality.jpg")
	want, err := c.Check(context.Background(), data)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.CheckReader(context.Background(), io.MultiReader(bytes.NewReader(data[:100]), bytes.NewReader(data[100:])))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	broken := errors.New("the line broke")
	_, err = c.CheckReader(context.Background(), io.MultiReader(bytes.NewReader(data[:100]), failing{broken}))
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestEndedContextIsTheOnlyError(t *testing.T) {
	c := newChecker(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Check(ctx, read(t, "pass.jpg")); !errors.Is(err, context.Canceled) {
		t.Errorf("Check: %v", err)
	}
	if _, err := c.CheckReader(ctx, &countingReader{}); !errors.Is(err, context.Canceled) {
		t.Errorf("CheckReader: %v", err)
	}
	if _, err := c.CheckFile(ctx, filepath.Join(images, "pass.jpg")); !errors.Is(err, context.Canceled) {
		t.Errorf("CheckFile: %v", err)
	}
}

func TestCheckFile(t *testing.T) {
	c := newChecker(t, nil)
	path := filepath.Join(images, "warn_wrong_extension.png")
	r, err := c.CheckFile(context.Background(), path)
	if err != nil || r.Path != path || r.Issue(preflight.ExtensionMismatch) == nil {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := c.CheckFile(context.Background(), images); !errors.Is(err, preflight.ErrNotRegular) {
		t.Errorf("a folder: error %v, want %v", err, preflight.ErrNotRegular)
	}
	if _, err := c.CheckFile(context.Background(), filepath.Join(images, "none.jpg")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: error %v, want %v", err, fs.ErrNotExist)
	}
}

// A header that declares billions of pixels costs no more than its bytes.
func TestBombsAreNotDecoded(t *testing.T) {
	c := newChecker(t, nil)
	for _, name := range []string{"reject_bomb.jpg", "reject_bomb.png"} {
		data := read(t, name)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := c.Check(context.Background(), data)
		runtime.ReadMemStats(&after)
		if err != nil || r.Issue(preflight.DecompressionBomb) == nil || r.Stage != preflight.StageHeader {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%s: %d bytes were allocated", name, n)
		}
	}
	c = newChecker(t, &preflight.Options{MaxPixels: 1000})
	if r, err := c.Check(context.Background(), read(t, "pass.jpg")); err != nil || r.Issue(preflight.DecompressionBomb) == nil {
		t.Errorf("a budget of 1000 pixels: %+v, %v", r, err)
	}
}

// The position itself must not reach the report, nor anything else of the EXIF
// text.
func TestReportKeepsSecrets(t *testing.T) {
	c := newChecker(t, nil)
	r, err := c.Check(context.Background(), read(t, "pass_gps_xmp.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Image.GPS || strings.Contains(string(text), "GPSLatitude") || strings.Contains(string(text), "exif") {
		t.Errorf("report %s", text)
	}
}

func TestTimingIsOffByDefault(t *testing.T) {
	data := read(t, "reject_bomb.jpg")
	r, err := newChecker(t, nil).Check(context.Background(), data)
	if err != nil || r.ElapsedMS != 0 {
		t.Errorf("%v, %v", r.ElapsedMS, err)
	}
	r, err = newChecker(t, &preflight.Options{Timing: true}).Check(context.Background(), read(t, "pass.jpg"))
	if err != nil || r.ElapsedMS <= 0 {
		t.Errorf("%v, %v", r.ElapsedMS, err)
	}
}

// TestCorpus answers every file of the corpus: one face on each portrait, a
// report that survives JSON for everything else, and no panic.
func TestCorpus(t *testing.T) {
	dir := corpus.Dir(t)
	if testing.Short() {
		t.Skip("1,423 pictures take a minute")
	}
	// Formats need no full-size pixels to be answered.
	c, small := newChecker(t, nil), newChecker(t, &preflight.Options{MaxPixels: 1 << 20})
	type job struct{ sub, path string }
	jobs := make(chan job)
	go func() {
		defer close(jobs)
		for _, sub := range []string{"faces", "nofaces", "formats"} {
			paths, _ := filepath.Glob(filepath.Join(dir, sub, "*"))
			if len(paths) == 0 {
				t.Errorf("no files in %s", sub)
			}
			for _, p := range paths {
				jobs <- job{sub, p}
			}
		}
	}()
	var mu sync.Mutex
	answered, wrong := 0, 0
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for j := range jobs {
				checker := c
				if j.sub == "formats" {
					checker = small
				}
				r, err := checker.CheckFile(context.Background(), j.path)
				if err != nil {
					t.Errorf("%s: %v", j.path, err)
					continue
				}
				var back preflight.Report
				if text, err := json.Marshal(r); err != nil || json.Unmarshal(text, &back) != nil || !reflect.DeepEqual(&back, r) {
					t.Errorf("%s: the report does not survive JSON: %v", j.path, err)
				}
				if j.sub == "faces" && len(r.Faces) != 1 {
					t.Errorf("%s: %d faces, want 1", j.path, len(r.Faces))
				}
				mu.Lock()
				answered++
				if j.sub == "nofaces" {
					wrong += len(r.Faces)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	t.Logf("%d files answered, %d false faces", answered, wrong)
	if wrong > 1 { // 0.5 % of candidates: about one in these 88 pictures
		t.Errorf("%d false faces on pictures without a face", wrong)
	}
}

func BenchmarkCheck(b *testing.B) {
	c := newChecker(b, nil)
	for _, name := range []string{"pass.jpg", "pass.png", "reject_bomb.jpg", "reject_heic.heic"} {
		data := read(b, name)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Check(context.Background(), data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func FuzzCheck(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join(images, "*.*"))
	if err != nil || len(paths) == 0 {
		f.Fatal(err)
	}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 4096 { // mutations of whole photos find little
			f.Add(data)
		}
	}
	c := newChecker(f, &preflight.Options{MaxPixels: 1 << 16})
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := c.Check(context.Background(), data)
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict == preflight.VerdictPass && len(r.Faces) == 0 {
			t.Fatalf("passed without a face: %+v", r)
		}
	})
}
