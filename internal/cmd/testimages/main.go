// Command testimages makes the pictures of testdata/images and their README,
// from drawings and from the sample picture of pigo, which it reads from the
// module cache. The same Go version makes the same files on every run.
package main

import (
	"flag"
	"fmt"
	"image"
	"image/jpeg"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:generate go run . -o ../../../testdata/images

func main() {
	log.SetFlags(0)
	log.SetPrefix("testimages: ")
	dir := flag.String("o", filepath.Join("testdata", "images"), "write the files to this `folder`")
	flag.Parse()
	if err := run(*dir); err != nil {
		log.Fatal(err)
	}
}

func run(dir string) error {
	sample, err := readSample()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text := []byte(intro)
	for _, f := range files(sample) {
		if err := os.WriteFile(filepath.Join(dir, f.name), f.data, 0o644); err != nil {
			return err
		}
		text = fmt.Appendf(text, "| `%s` | %s | %s | %s |\n", f.name, f.what, f.expected, f.origin)
	}
	text = append(text, outro...)
	return os.WriteFile(filepath.Join(dir, readme), text, 0o644)
}

// readSample decodes pigo's testdata/sample.jpg.
func readSample() (image.Image, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/esimov/pigo").Output()
	if err != nil {
		return nil, fmt.Errorf("looking for the module github.com/esimov/pigo: %w", err)
	}
	f, err := os.Open(filepath.Join(strings.TrimSpace(string(out)), "testdata", "sample.jpg"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := jpeg.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return m, nil
}

const readme = "README.md"

const intro = `# Test pictures

Made by ` + "`go generate ./internal/cmd/testimages`" + `; do not edit them by hand. The tests compare the verdicts and codes of this
table with those of the checker, and whole reports with ` + "`preflight/testdata/golden`" + `.

Origin and licence:

- **sample**: derived from ` + "`testdata/sample.jpg`" + ` of [pigo](https://github.com/esimov/pigo), MIT, © 2018 Endre Simo. That picture has
  320 x 400 px, too few to pass. It is enlarged here and its background extended, because these are test pictures; a selfie must
  never be enlarged to pass.
- **drawn**: drawn or put together byte by byte by this project, Apache-2.0.

The committed files were made with Go 1.26 on amd64. The JPEG encoder and decoder of Go 1.25 make slightly other pixels.

| file | what it is | verdict and codes | origin |
|---|---|---|---|
`

const outro = `
Not among the files:

- ` + "`FILE_TOO_LARGE`" + ` needs more than two megabytes; the test makes that file in memory.
- ` + "`FACE_ANGLE_TOO_LARGE`" + ` is here for roll only. A head that is turned, raised or lowered cannot be derived from a frontal picture.
`
