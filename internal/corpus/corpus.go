// Package corpus finds the real images that tests compare with. They are not
// part of this repository; without them those tests skip. For tests only.
package corpus

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"
)

// Dir returns the folder of the corpus: what PREFLIGHT_CORPUS says, or
// shared/corpus beside the repository. Where neither is there, t is skipped.
func Dir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("PREFLIGHT_CORPUS")
	if dir == "" {
		root, err := os.Getwd()
		for err == nil {
			if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil || root == filepath.Dir(root) {
				break
			}
			root = filepath.Dir(root)
		}
		dir = filepath.Join(root, "..", "shared", "corpus")
	}
	if _, err := os.Stat(filepath.Join(dir, "manifest.csv")); err != nil {
		t.Skip("no corpus: set PREFLIGHT_CORPUS to a folder with manifest.csv")
	}
	return dir
}

// Rows returns the lines of one of its tables; the first has the names of the
// columns.
func Rows(t testing.TB, name string) [][]string {
	t.Helper()
	f, err := os.Open(filepath.Join(Dir(t), name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
