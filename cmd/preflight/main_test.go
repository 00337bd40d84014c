package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/preflight-go/preflight/submit/progenytest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"preflight": main})
}

// TestScripts runs testdata/script. Beside the usual commands there are
//
//	exits CODE ARGS...          run preflight and compare its exit code
//	notemp DIR                  no temporary file is left below DIR
//	same FILE FILE              equal, and not empty
//	copies FILE DIR N           N copies, called 000.jpg, ...
//	waitfor FILE                until it exists
//	jpeg FILE WIDTH HEIGHT      is a JPEG of that size
//	mkfifo FILE
//	progeny [CALL FAULT [STATUS]]   start a Progeny server for this script
//	received N                  it has taken N pictures, none of them twice
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("NO_COLOR", "")
			env.Setenv("GORACE", "atexit_sleep_ms=0") // a second for each command otherwise
			for name, data := range pictures() {
				if err := os.MkdirAll(filepath.Join(env.WorkDir, filepath.Dir(name)), 0o777); err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(env.WorkDir, name), data, 0o666); err != nil {
					return err
				}
			}
			face, _, _ := strings.Cut(anyProfile, "levels:") // asks for a face
			for name, text := range map[string]string{"any.yaml": anyProfile, "face.yaml": face} {
				if err := os.WriteFile(filepath.Join(env.WorkDir, name), []byte(text), 0o666); err != nil {
					return err
				}
			}
			return nil
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "root":
				return os.Geteuid() == 0, nil
			case "tty":
				_, err := os.Stat("/dev/ptmx")
				return err == nil, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": func(ts *testscript.TestScript, neg bool, args []string) {
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				got := 0
				err = ts.Exec("preflight", args[1:]...)
				var exit *exec.ExitError
				if errors.As(err, &exit) {
					got = exit.ExitCode()
				} else {
					ts.Check(err)
				}
				if (got == want) == neg {
					ts.Fatalf("exit code %d, want %d", got, want)
				}
			},
			"notemp": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, _ fs.DirEntry, err error) error {
					if err == nil && strings.Contains(filepath.Base(path), ".tmp") {
						ts.Fatalf("left behind: %s", path)
					}
					return err
				}))
			},
			"same": func(ts *testscript.TestScript, neg bool, args []string) {
				a, b := ts.ReadFile(args[0]), ts.ReadFile(args[1])
				if a == "" || (a == b) == neg {
					ts.Fatalf("same: %v; %d and %d bytes", a == b, len(a), len(b))
				}
			},
			"copies": func(ts *testscript.TestScript, _ bool, args []string) {
				n, err := strconv.Atoi(args[2])
				ts.Check(err)
				ts.Check(os.MkdirAll(ts.MkAbs(args[1]), 0o777))
				for i := range n {
					ts.Check(os.WriteFile(ts.MkAbs(filepath.Join(args[1], fmt.Sprintf("%03d.jpg", i))), []byte(ts.ReadFile(args[0])), 0o666))
				}
			},
			"waitfor": func(ts *testscript.TestScript, _ bool, args []string) {
				for range 1000 {
					if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
						return
					}
					time.Sleep(10 * time.Millisecond)
				}
				ts.Fatalf("%s does not come", args[0])
			},
			"jpeg": func(ts *testscript.TestScript, _ bool, args []string) {
				c, err := jpeg.DecodeConfig(strings.NewReader(ts.ReadFile(args[0])))
				ts.Check(err)
				if got, want := fmt.Sprint(c.Width, " ", c.Height), args[1]+" "+args[2]; got != want {
					ts.Fatalf("%s is of size %s, want %s", args[0], got, want)
				}
			},
			"mkfifo": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(ts.Exec("mkfifo", args[0]))
			},
			"progeny": func(ts *testscript.TestScript, _ bool, args []string) {
				srv := progenytest.NewServer(nil)
				ts.Defer(srv.Close)
				servers.Store(ts.Getenv("WORK"), srv)
				ts.Setenv("PREFLIGHT_BASE_URL", srv.URL)
				ts.Setenv("PROGENY_USERNAME", srv.Username)
				ts.Setenv("PROGENY_PASSWORD", srv.Password)
				if len(args) > 0 {
					st := progenytest.Step{Call: args[0], Fault: progenytest.Fault(args[1]), Polls: -1}
					if len(args) > 2 {
						var err error
						st.Status, err = strconv.Atoi(args[2])
						ts.Check(err)
					}
					srv.Script(st)
				}
			},
			"received": func(ts *testscript.TestScript, _ bool, args []string) {
				v, _ := servers.Load(ts.Getenv("WORK"))
				total := 0
				for sum, n := range v.(*progenytest.Server).Taken() {
					if total += n; n > 1 {
						ts.Fatalf("picture %s was sent %d times", sum, n)
					}
				}
				if got := strconv.Itoa(total); got != args[0] {
					ts.Fatalf("received %s pictures, want %s", got, args[0])
				}
			},
		},
	})
}

// servers are those of the scripts, by their working directories.
var servers sync.Map

// anyProfile accepts the pictures of these tests, which are small, so that the
// tests are quick, and show no faces.
const anyProfile = `name: any
version: 7
title: for tests
file:
  formats: [jpeg, png]
  bytes: {max: 2000000}
  side: {min: 32, max: 4096}
  height: {max: 48}
  jpeg_quality: {min: 70}
levels: {FACE_NOT_FOUND: off}
`

// pictures are the inputs of the scripts. None of them shows a face, as nothing
// here depends on how faces are found; the profile any.yaml does not ask for
// one, face.yaml does.
var pictures = sync.OnceValue(func() map[string][]byte {
	good := encodeJPEG(picture(40, 48), 92)
	phone := withEXIF(encodeJPEG(picture(64, 48), 92), 6)
	return map[string][]byte{
		"img/good.jpg":        good,
		"img/phone.jpg":       phone, // upright 48 x 64, with a position
		"img/good.png":        encodePNG(picture(40, 48)),
		"bad/low.jpg":         encodeJPEG(picture(40, 48), 40),
		"bad/small.png":       encodePNG(picture(20, 24)),
		"bad/cut.jpg":         good[:len(good)*7/8],
		"bad/empty.jpg":       {},
		"bad/page.jpg":        []byte("<!DOCTYPE html><html><body>not found</body></html>"),
		"bad/liar.png":        good,
		"walk/b/2.jpg":        good,
		"walk/b/1.jpg":        good,
		"walk/a.JPEG":         good,
		"walk/c-no-extension": good,
		"walk/notes.txt":      []byte("no picture"),
		"walk/labels.csv":     []byte("a,b\n"),
		"walk/.hidden.jpg":    good,
		"walk/.dir/x.jpg":     good,
		"none/notes.txt":      []byte("no picture"),
	}
})

// picture is a smooth pattern with enough detail that no side of it is flat.
func picture(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, color.RGBA{uint8(255 * x / w), uint8(255 * y / h), uint8(x ^ y), 255})
		}
	}
	return m
}

func encodeJPEG(m image.Image, quality int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func encodePNG(m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// withEXIF inserts an APP1 segment with an orientation and a position (Exif
// 2.3, 4.6: tags 0x0112, 0x8825 and, in the GPS IFD, 1 to 4).
func withEXIF(file []byte, orientation uint16) []byte {
	le := binary.LittleEndian
	entry := func(b []byte, tag, typ uint16, n, value uint32) []byte {
		b = le.AppendUint16(le.AppendUint16(b, tag), typ)
		return le.AppendUint32(le.AppendUint32(b, n), value)
	}
	const ascii, short, long, rational = 2, 3, 4, 5
	b := []byte("II*\x00\x08\x00\x00\x00")
	b = le.AppendUint16(b, 2)
	b = entry(b, 0x0112, short, 1, uint32(orientation))
	b = entry(b, 0x8825, long, 1, 8+2+2*12+4)
	b = le.AppendUint32(b, 0)
	at := uint32(len(b)) + 2 + 4*12 + 4
	b = le.AppendUint16(b, 4)
	b = entry(b, 1, ascii, 2, 'N')
	b = entry(b, 2, rational, 3, at)
	b = entry(b, 3, ascii, 2, 'E')
	b = entry(b, 4, rational, 3, at+24)
	b = le.AppendUint32(b, 0)
	for _, v := range []uint32{52, 1, 31, 1, 12, 1, 13, 1, 24, 1, 18, 1} {
		b = le.AppendUint32(b, v)
	}
	segment := append([]byte("\xff\xe1\x00\x00Exif\x00\x00"), b...)
	binary.BigEndian.PutUint16(segment[2:], uint16(len(segment)-2))
	return append(append([]byte("\xff\xd8"), segment...), file[2:]...)
}

// bombPNG declares a picture of the given size and has a single byte of data.
func bombPNG(w, h uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(typ string, data []byte) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
		body := append([]byte(typ), data...)
		b = binary.BigEndian.AppendUint32(append(b, body...), crc32.ChecksumIEEE(body))
	}
	ihdr := binary.BigEndian.AppendUint32(nil, w)
	ihdr = append(binary.BigEndian.AppendUint32(ihdr, h), 8, 2, 0, 0, 0)
	chunk("IHDR", ihdr)
	chunk("IDAT", []byte{0x78})
	chunk("IEND", nil)
	return b
}

// A result is what a run of the program gave.
type result struct {
	code           int
	stdout, stderr string
}

// runWith runs the program in this process.
func runWith(ctx context.Context, stdin []byte, env map[string]string, args ...string) result {
	var stdout, stderr bytes.Buffer
	code := run(ctx, args, bytes.NewReader(stdin), &stdout, &stderr, func(k string) string { return env[k] })
	return result{code, stdout.String(), stderr.String()}
}

// put writes files below a new folder.
func put(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
