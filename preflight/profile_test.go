package preflight

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestBuiltinProfilesAreValidAndNamedAsTheirFiles(t *testing.T) {
	for _, name := range Builtins() {
		p, err := Builtin(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Name != name || p.Title == "" || p.Source == "" {
			t.Errorf("%s: name %q, title %q, source %q", name, p.Name, p.Title, p.Source)
		}
		for _, b := range bounds {
			if l := b.limit(p); (l.Min != 0 || l.Max != 0) && l.Source == "" {
				t.Errorf("%s: %s does not say who says so", name, b.field)
			}
		}
		if _, err := Builtin(p.String()); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
	for _, name := range []string{"nobody", "progeny@99", "", "../profile"} {
		if _, err := Builtin(name); !errors.Is(err, ErrNoProfile) {
			t.Errorf("%q: error %v, want %v", name, err, ErrNoProfile)
		}
	}
}

// The documented limits of the API.
func TestProgeny(t *testing.T) {
	p := Default()
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"bytes", p.File.Bytes.Max, 2 << 20},
		{"least side", p.File.Side.Min, 480},
		{"largest side", p.File.Side.Max, 4096},
		{"quality", p.File.JPEGQuality.Min, 70},
		{"height", p.File.Height.Max, 1080},
		{"face", p.Face.Size.Min, 224},
		{"eye distance", p.Face.IED.Min, 85},
		{"roll", p.Face.Roll.Max, 35},
		{"yaw", p.Face.Yaw.Max, 25},
		{"pitch", p.Face.Pitch.Max, 25},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
}

func TestProfileErrorsNameLineAndField(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{"name: a\nversion: 1\nface:\n  size: {min: 5, mix: 6}\n", "line 4: face.size.mix: unknown field"},
		{"name: a\nversion: 1\nfase:\n  size: 5\n", "line 3: fase: unknown field"},
		{"name: a\nversion: 1\nface:\n  size:\n    min: -5\n", "line 5: face.size.min: -5 is not within"},
		{"name: a\nversion: 1\nface:\n  roll:\n    max: .nan\n", "line 5: face.roll.max: NaN is not within"},
		{"name: a\nversion: 1\nface:\n  roll:\n    max: 500\n", "line 5: face.roll.max: 500 is not within 0 and 180"},
		{"name: a\nversion: 1\nfile:\n  side: {min: 9, max: 5}\n", "line 4: file.side.min: 9 is above max, 5"},
		{"name: a\nversion: 1\nfile:\n  bytes: {max: 9, sure: 10}\n", "line 4: file.bytes.sure: 10 is beyond the limit"},
		{"name: a\nversion: 1\nfile:\n  bytes: {sure: 10}\n", "line 4: file.bytes.sure: needs either min or max"},
		{"name: a\nversion: 1\nfile:\n  formats: [jpeg, gif]\n", "line 4: file.formats: \"gif\" is not one of"},
		{"name: a\nversion: one\n", "line 2: version: "},
		{"name: a\nversion: 0\n", "line 2: version: must be 1 or more"},
		{"name: Ä\nversion: 1\n", "line 1: name: must be of a-z"},
		{"version: 1\n", "name: must be of a-z"},
		{"name: a\nversion: 1\nlevels:\n  NO_SUCH: warn\n", "line 4: levels.NO_SUCH: unknown code"},
		{"name: a\nversion: 1\nlevels:\n  GPS_PRESENT: fatal\n", "line 4: levels.GPS_PRESENT: \"fatal\" is not one of"},
		{"name: a\nname: b\nversion: 1\n", "line 2: mapping key \"name\" already defined"},
		{"name: [a\n", "line "},
		{"", "name: must be of a-z"},
		{strings.Repeat("#", maxProfileBytes+1), "bytes are too many"},
	} {
		_, err := ParseProfile([]byte(c.yaml))
		var pe *ProfileError
		if !errors.As(err, &pe) || !strings.HasPrefix(strings.TrimLeft(err.Error(), "0123456789 "), c.want) {
			t.Errorf("%.60q: error %q, want %q", c.yaml, err, c.want)
		}
	}
}

func TestProfileComesBackFromJSON(t *testing.T) {
	p := Default()
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	q, err := ParseProfile(data) // JSON is YAML
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(p, q) {
		t.Errorf("%+v, want %+v", q, p)
	}
}

func FuzzParseProfile(f *testing.F) {
	data, err := BuiltinYAML("progeny")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("name: a\nversion: 1\nface: {size: {min: 1e999}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParseProfile(data)
		var pe *ProfileError
		if err != nil && !errors.As(err, &pe) {
			t.Fatalf("error %T", err)
		}
		if err == nil && p.Validate() != nil {
			t.Fatal("an invalid profile was accepted")
		}
	})
}
