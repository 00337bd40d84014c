package cascade

import (
	"io/fs"
	"strings"
	"testing"
)

func TestEveryFileIsAsPigoHasIt(t *testing.T) {
	n := 0
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n++
		_, err = Read(path)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if n != len(sums) || n != 11 {
		t.Errorf("%d files, %d sums; want 11 of both", n, len(sums))
	}
}

func TestAlteredFileIsRefused(t *testing.T) {
	data, err := files.ReadFile("puploc")
	if err != nil {
		t.Fatal(err)
	}
	altered := append([]byte(nil), data...)
	altered[1000] ^= 1
	for _, bad := range [][]byte{altered, data[:len(data)-1], nil} {
		if err := verify("puploc", bad); err == nil || !strings.Contains(err.Error(), "cascade puploc: SHA-256 is ") {
			t.Errorf("%d bytes: error %v; want one that names file and hash", len(bad), err)
		}
	}
}
