package preflight

import "github.com/preflight-go/preflight/facegeom"

// A Report is the answer about one image. As JSON it is the contract that the
// command line, HTTP and stored scans share.
type Report struct {
	Path      string          `json:"path,omitempty"`
	SHA256    string          `json:"sha256,omitempty"`
	Verdict   Verdict         `json:"verdict"`
	Stage     Stage           `json:"stage"`
	Profile   string          `json:"profile"` // "name@version"
	Image     Image           `json:"image"`
	Faces     []facegeom.Face `json:"faces,omitzero"` // absent below StagePixels
	Issues    []Issue         `json:"issues"`         // never nil; in the order of Codes
	ElapsedMS float64         `json:"elapsed_ms,omitempty"`
}

// Measurements returns the facts of the report, to be judged again with
// another profile.
func (r *Report) Measurements() *Measurements {
	return &Measurements{
		Path: r.Path, SHA256: r.SHA256, Stage: r.Stage,
		Image: r.Image, Faces: r.Faces, ElapsedMS: r.ElapsedMS,
	}
}

// Issue returns the first issue with code c, or nil.
func (r *Report) Issue(c Code) *Issue {
	for i := range r.Issues {
		if r.Issues[i].Code == c {
			return &r.Issues[i]
		}
	}
	return nil
}

// Fixable reports whether every issue that rejects the image is one that
// package normalize removes. It is false for an image that is not rejected.
func (r *Report) Fixable() bool {
	if r.Verdict != VerdictReject {
		return false
	}
	for _, is := range r.Issues {
		if is.Level == Reject && !is.Fixable {
			return false
		}
	}
	return true
}

// A Verdict is the worst level among a report's issues; info never counts.
type Verdict string

// The verdicts.
const (
	VerdictPass   Verdict = "pass"
	VerdictWarn   Verdict = "warn"
	VerdictReject Verdict = "reject"
)

// An Issue is one thing that a profile has to say about an image.
type Issue struct {
	Code     Code     `json:"code"`
	Level    Level    `json:"level"`
	Message  string   `json:"message"` // one English sentence with the numbers
	Hint     string   `json:"hint,omitempty"`
	Axis     string   `json:"axis,omitempty"`     // "roll", "yaw" or "pitch", for FaceAngleTooLarge
	Measured *float64 `json:"measured,omitempty"` // nil where there is no number
	Sigma    float64  `json:"sigma,omitempty"`    // standard uncertainty of Measured; 0: exact
	Limit    *float64 `json:"limit,omitempty"`
	Unit     string   `json:"unit,omitempty"`   // "px", "°", "%", "bytes", "faces", …
	Fixable  bool     `json:"fixable"`          // package normalize removes it
	Unsure   bool     `json:"unsure,omitempty"` // too close to the limit to be certain; never a rejection

	goes, stays bool // normalizing removes or leaves it, other than others of its code
}
