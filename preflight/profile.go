package preflight

import (
	"embed"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// A Profile holds the limits of one receiver: plain data, versioned, to be
// loaded, printed and compared. A Profile that is in use must not be changed.
type Profile struct {
	Name    string         `yaml:"name" json:"name"`
	Version int            `yaml:"version" json:"version"` // raised whenever a limit changes
	Title   string         `yaml:"title" json:"title"`
	Source  string         `yaml:"source" json:"source"`
	File    FileLimits     `yaml:"file" json:"file"`
	Face    FaceLimits     `yaml:"face" json:"face"`
	Levels  map[Code]Level `yaml:"levels" json:"levels"` // where they differ from the codes' defaults
}

// FileLimits are about the file and its pixels.
type FileLimits struct {
	Formats     []string `yaml:"formats" json:"formats,omitempty"` // "jpeg", "png"; empty: not checked
	Bytes       Limit    `yaml:"bytes" json:"bytes,omitzero"`
	Side        Limit    `yaml:"side" json:"side,omitzero"`                 // px, width and height
	Height      Limit    `yaml:"height" json:"height,omitzero"`             // px, upright; a recommendation
	JPEGQuality Limit    `yaml:"jpeg_quality" json:"jpeg_quality,omitzero"` // IJG, 1..100
	Frames      Limit    `yaml:"frames" json:"frames,omitzero"`
}

// FaceLimits are about the largest face, in pixels of the full-size picture.
type FaceLimits struct {
	Size        Limit `yaml:"size" json:"size,omitzero"`                 // px, side of the box
	IED         Limit `yaml:"ied" json:"ied,omitzero"`                   // px, between the pupils
	SecondArea  Limit `yaml:"second_area" json:"second_area,omitzero"`   // second largest face's area over the largest's, 0..1
	Fill        Limit `yaml:"fill" json:"fill,omitzero"`                 // side of the box over the picture's shorter side
	Border      Limit `yaml:"border" json:"border,omitzero"`             // px, from the box to the nearest edge
	Outside     Limit `yaml:"outside" json:"outside,omitzero"`           // share of the box beyond an edge, 0..1
	Roll        Limit `yaml:"roll" json:"roll,omitzero"`                 // degrees, absolute value
	Yaw         Limit `yaml:"yaw" json:"yaw,omitzero"`                   // degrees, absolute value
	Pitch       Limit `yaml:"pitch" json:"pitch,omitzero"`               // degrees, absolute value
	EyesVisible Limit `yaml:"eyes_visible" json:"eyes_visible,omitzero"` // 0..1
}

// A Limit bounds one measured value; both bounds are allowed values. A bound of
// zero is not checked.
type Limit struct {
	Min float64 `yaml:"min" json:"min,omitempty"`
	Max float64 `yaml:"max" json:"max,omitempty"`
	// Sure, where it is not zero, is the value that the receiver accepts for
	// certain, where its own words leave doubt: between Sure and the bound, the
	// issue is a warning marked unsure.
	Sure   float64 `yaml:"sure" json:"sure,omitempty"`
	Source string  `yaml:"source" json:"source,omitempty"` // who says so
}

// String returns "name@version", as reports give it.
func (p *Profile) String() string { return p.Name + "@" + strconv.Itoa(p.Version) }

// Level returns the level that issues with code c have under p.
func (p *Profile) Level(c Code) Level {
	if l, ok := p.Levels[c]; ok {
		return l
	}
	info, _ := Lookup(c)
	return info.Level
}

//go:embed profiles/*.yaml
var profileFiles embed.FS

// Default returns the profile of the Progeny API.
func Default() *Profile {
	p, err := Builtin("progeny")
	if err != nil {
		panic("preflight: embedded profile: " + err.Error()) // a test parses them all
	}
	return p
}

// Builtins returns the names of the embedded profiles, sorted.
func Builtins() []string {
	entries, err := profileFiles.ReadDir("profiles")
	if err != nil {
		panic("preflight: embedded profiles: " + err.Error())
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), path.Ext(e.Name())))
	}
	return names
}

// ErrNoProfile is the error for a name that no embedded profile has.
var ErrNoProfile = errors.New("no such profile")

// Builtin returns the embedded profile with that name, "progeny" or, to insist
// on a version, "progeny@1". The error for an unknown one wraps ErrNoProfile.
func Builtin(name string) (*Profile, error) {
	data, err := BuiltinYAML(name)
	if err != nil {
		return nil, err
	}
	p, err := ParseProfile(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if _, version, ok := strings.Cut(name, "@"); ok && version != strconv.Itoa(p.Version) {
		return nil, fmt.Errorf("%s: %w; this version of preflight has %s", name, ErrNoProfile, p)
	}
	return p, nil
}

// BuiltinYAML returns the embedded profile as it is written, with its comments.
func BuiltinYAML(name string) ([]byte, error) {
	base, _, _ := strings.Cut(name, "@")
	if !slices.Contains(Builtins(), base) {
		return nil, fmt.Errorf("%s: %w; there are %s", name, ErrNoProfile, strings.Join(Builtins(), ", "))
	}
	return profileFiles.ReadFile("profiles/" + base + ".yaml")
}

// A ProfileError says where and why a profile is not valid.
type ProfileError struct {
	Line   int    // from 1; 0 if the profile did not come from a file
	Field  string // such as "face.ied.min"; "" for a syntax error
	Reason string
}

func (e *ProfileError) Error() string {
	s := e.Reason
	if e.Field != "" {
		s = e.Field + ": " + s
	}
	if e.Line > 0 {
		s = "line " + strconv.Itoa(e.Line) + ": " + s
	}
	return s
}

// maxProfileBytes is a hundred times the longest profile that we know.
const maxProfileBytes = 1 << 18

// ParseProfile reads a profile from YAML (or JSON, which is YAML) and validates
// it. Unknown fields are errors. The error is a *ProfileError.
func ParseProfile(data []byte) (*Profile, error) {
	if len(data) > maxProfileBytes {
		return nil, &ProfileError{Reason: fmt.Sprintf("%d bytes are too many for a profile", len(data))}
	}
	var p Profile
	if err := yaml.UnmarshalWithOptions(data, &p, yaml.Strict()); err != nil {
		return nil, yamlError(data, err)
	}
	err := p.Validate()
	var pe *ProfileError
	if errors.As(err, &pe) {
		pe.Line = lineOf(data, pe.Field)
		return nil, pe
	}
	return &p, nil
}

// yamlError brings an error of the YAML library into our form.
func yamlError(data []byte, err error) *ProfileError {
	pe := &ProfileError{Reason: err.Error()}
	var ye yaml.Error
	if !errors.As(err, &ye) {
		return pe
	}
	pe.Reason = ye.GetMessage()
	if tk := ye.GetToken(); tk != nil {
		pe.Line = tk.Position.Line
		for field, line := range fields(data) {
			if line == pe.Line {
				pe.Field = field
			}
		}
	}
	return pe
}

// lineOf returns the line on which the field stands, or else the nearest of its
// parents; 0 if none is there.
func lineOf(data []byte, want string) int {
	found := 0
	for field, line := range fields(data) {
		if want == field || strings.HasPrefix(want, field+".") {
			found = line
		}
	}
	return found
}

// fields yields the mapping keys of a YAML document, as "face.ied.min", with
// their lines; parents come before their children. What is no YAML has none.
func fields(data []byte) iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		f, err := parser.ParseBytes(data, 0)
		if err != nil || len(f.Docs) == 0 {
			return
		}
		var walk func(prefix string, n ast.Node) bool
		walk = func(prefix string, n ast.Node) bool {
			m, ok := n.(*ast.MappingNode)
			if !ok {
				return true
			}
			for _, v := range m.Values {
				tk := v.Key.GetToken()
				if !yield(prefix+tk.Value, tk.Position.Line) || !walk(prefix+tk.Value+".", v.Value) {
					return false
				}
			}
			return true
		}
		walk("", f.Docs[0].Body)
	}
}

// A bound is one limit of a profile and where it stands in it.
type bound struct {
	field string
	limit func(*Profile) *Limit
	top   float64 // the highest value that makes sense
}

var bounds = []bound{
	{"file.bytes", func(p *Profile) *Limit { return &p.File.Bytes }, 1 << 40},
	{"file.side", func(p *Profile) *Limit { return &p.File.Side }, 1 << 31},
	{"file.height", func(p *Profile) *Limit { return &p.File.Height }, 1 << 31},
	{"file.jpeg_quality", func(p *Profile) *Limit { return &p.File.JPEGQuality }, 100},
	{"file.frames", func(p *Profile) *Limit { return &p.File.Frames }, 1 << 31},
	{"face.size", func(p *Profile) *Limit { return &p.Face.Size }, 1 << 31},
	{"face.ied", func(p *Profile) *Limit { return &p.Face.IED }, 1 << 31},
	{"face.second_area", func(p *Profile) *Limit { return &p.Face.SecondArea }, 1},
	{"face.fill", func(p *Profile) *Limit { return &p.Face.Fill }, 10},
	{"face.border", func(p *Profile) *Limit { return &p.Face.Border }, 1 << 31},
	{"face.outside", func(p *Profile) *Limit { return &p.Face.Outside }, 1},
	{"face.roll", func(p *Profile) *Limit { return &p.Face.Roll }, 180},
	{"face.yaw", func(p *Profile) *Limit { return &p.Face.Yaw }, 180},
	{"face.pitch", func(p *Profile) *Limit { return &p.Face.Pitch }, 180},
	{"face.eyes_visible", func(p *Profile) *Limit { return &p.Face.EyesVisible }, 1},
}

// Validate returns nil, or a *ProfileError that names the first field that
// makes no sense.
func (p *Profile) Validate() error {
	bad := func(field, reason string, args ...any) error {
		return &ProfileError{Field: field, Reason: fmt.Sprintf(reason, args...)}
	}
	if p.Name == "" || strings.Trim(p.Name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return bad("name", "must be of a-z, 0-9, - and _, not %q", p.Name)
	}
	if p.Version < 1 {
		return bad("version", "must be 1 or more, not %d", p.Version)
	}
	for _, f := range p.File.Formats {
		if f != "jpeg" && f != "png" {
			return bad("file.formats", "%q is not one of jpeg, png", f)
		}
	}
	for _, bo := range bounds {
		field, l := bo.field, bo.limit(p)
		for _, b := range []struct {
			name  string
			value float64
		}{{"min", l.Min}, {"max", l.Max}, {"sure", l.Sure}} {
			if math.IsNaN(b.value) || b.value < 0 || b.value > bo.top {
				return bad(field+"."+b.name, "%v is not within 0 and %v", b.value, bo.top)
			}
		}
		if l.Max != 0 && l.Min > l.Max {
			return bad(field+".min", "%v is above max, %v", l.Min, l.Max)
		}
		if l.Sure != 0 && (l.Min != 0) == (l.Max != 0) {
			return bad(field+".sure", "needs either min or max")
		}
		if l.Sure != 0 && (l.Max != 0 && l.Sure > l.Max || l.Min != 0 && l.Sure < l.Min) {
			return bad(field+".sure", "%v is beyond the limit", l.Sure)
		}
	}
	for _, c := range slices.Sorted(maps.Keys(p.Levels)) {
		if _, ok := Lookup(c); !ok {
			return bad("levels."+string(c), "unknown code; \"preflight explain\" lists them")
		}
		if p.Levels[c].rank() < 0 {
			return bad("levels."+string(c), "%q is not one of reject, warn, info, off", p.Levels[c])
		}
	}
	return nil
}
