package format

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/preflight-go/preflight/internal/corpus"
)

// TestCorpus compares with the types and sizes in the corpus' manifest, which
// other programs found.
func TestCorpus(t *testing.T) {
	root, rows := corpus.Dir(t), corpus.Rows(t, "manifest.csv")
	// Where the manifest's type is coarser than ours, or was told by the first
	// two bytes.
	finer := map[string][]string{
		"type_isobmff":    {"heic", "heif", "avif", "mp4", "mov", "cr3"},
		"type_jp2":        {"jp2", "j2k"},
		"type_png-badsig": {"png"},
		"type_other":      {"", "png", "avi", "ico", "pnm", "tga", "zeros"},
	}
	// Files that are larger than their first frame says, by GIF's own rule
	// and the manifest's.
	otherSize := []string{"irs_issue_1455_oversized.gif", "pil_decompression_bomb.gif"}
	compared, sizes := 0, 0
	for _, r := range rows[1:] {
		path, width, height, tags := r[0], r[5], r[6], strings.Split(r[15], ";")
		i := slices.IndexFunc(tags, func(s string) bool { return strings.HasPrefix(s, "type_") })
		data, err := os.ReadFile(filepath.Join(root, path))
		if i < 0 || err != nil {
			continue
		}
		compared++
		want, ok := finer[tags[i]]
		if !ok {
			want = []string{strings.TrimPrefix(tags[i], "type_")}
		}
		d := Detect(data)
		if !slices.Contains(want, d.Name) {
			t.Errorf("%s is %q, want one of %q", path, d.Name, want)
		}
		if d.Width > 0 && width != "" && !slices.Contains(otherSize, filepath.Base(path)) {
			sizes++
			if strconv.Itoa(d.Width) != width || strconv.Itoa(d.Height) != height {
				t.Errorf("%s is %dx%d, want %sx%s", path, d.Width, d.Height, width, height)
			}
		}
	}
	t.Logf("%d types and %d sizes compared", compared, sizes)
	if compared == 0 {
		t.Error("the manifest has no types")
	}
}
