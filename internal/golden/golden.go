// Package golden compares results with files that were looked at once and
// committed. It is for tests only.
//
// Where a result is meant to change, run the test with -update and read the
// diff of the golden files before committing it.
package golden

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
)

var update = flag.Bool("update", false, "rewrite the golden files instead of comparing with them")

// JSON compares v, as indented JSON, with the file at path, and fails the test
// with a diff if they differ. With -update it writes the file instead.
func JSON(t testing.TB, path string, v any) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	got := b.Bytes()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run the test with -update to write it)", err)
	}
	want = bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n")) // as git may check it out on Windows
	if !bytes.Equal(got, want) {
		t.Errorf("not as the golden file says:\n%s", diff.Diff(path, want, "now", got))
	}
}
