package preflight

import (
	"math"
	"slices"
	"strconv"
)

// Judge compares measurements with the limits of p. It is a pure function:
// nothing is decoded or read, and m is not changed.
func (p *Profile) Judge(m *Measurements) *Report {
	j := &judge{p: p, m: m}
	j.file()
	j.face()

	slices.SortStableFunc(j.issues, func(a, b Issue) int { return order(a.Code) - order(b.Code) })
	r := &Report{
		Path: m.Path, SHA256: m.SHA256, Verdict: VerdictPass, Stage: m.Stage, Profile: p.String(),
		Image: m.Image, Faces: m.Faces, Issues: j.issues, ElapsedMS: m.ElapsedMS,
	}
	if r.Issues == nil {
		r.Issues = []Issue{}
	}
	for _, is := range r.Issues {
		switch {
		case is.Level == Reject:
			r.Verdict = VerdictReject
		case is.Level == Warn && r.Verdict == VerdictPass:
			r.Verdict = VerdictWarn
		}
	}
	return r
}

// A judge collects the issues of one image.
type judge struct {
	p      *Profile
	m      *Measurements
	issues []Issue
}

// raise adds an issue. Level, hint and whether it can be fixed come from the
// profile and the table of codes; a finding that is not certain never rejects.
func (j *judge) raise(is Issue) {
	info, _ := Lookup(is.Code)
	level := j.p.Level(is.Code)
	if is.Level != "" && is.Level.rank() < level.rank() {
		level = is.Level // the finding itself weighs less than its code
	}
	if is.Unsure && level == Reject {
		level = Warn
	}
	if level == Off {
		return
	}
	is.Level = level
	if is.Hint == "" {
		is.Hint = info.Hint
	}
	is.Fixable = (info.Fixable || is.goes) && !is.stays && j.normalizable()
	is.goes, is.stays = false, false
	j.issues = append(j.issues, is)
}

// normalizable reports whether there is a picture to normalize.
func (j *judge) normalizable() bool {
	im := &j.m.Image
	return im.Bytes > 0 && !im.BytesCut && im.Damage == nil && (im.Format == "jpeg" || im.Format == "png")
}

// A standing says where a value stands to a limit.
type standing struct {
	bound  float64
	below  bool // the bound is a minimum
	raised bool // beyond the bound, or too close to it to be certain
	unsure bool
}

// compare tells where v, known up to sigma, stands to the bounds of l.
func (l Limit) compare(v, sigma float64) standing {
	if l.Min != 0 {
		if s := bounded(-v, -l.Min, -l.Sure, sigma); s.raised {
			return standing{l.Min, true, true, s.unsure}
		}
	}
	if l.Max != 0 {
		return bounded(v, l.Max, l.Sure, sigma)
	}
	return standing{}
}

// bounded compares v with an upper bound.
func bounded(v, bound, sure, sigma float64) standing {
	s := standing{bound: bound}
	near := sigma > 0 && math.Abs(v-bound) <= sigma
	doubt := sure != 0 && v > sure && v <= bound
	s.unsure = near || doubt
	s.raised = s.unsure || v > bound
	return s
}

// limit raises code if v, known up to sigma, is beyond l or too close to it to
// tell. The sentence is made by say, which is given v and the bound as text.
func (j *judge) limit(l Limit, v, sigma float64, is Issue, say func(s standing, v, bound string) string) bool {
	sigma = math.Round(sigma*10) / 10
	s := l.compare(v, sigma)
	if !s.raised {
		return false
	}
	is.Unsure = is.Unsure || s.unsure
	is.Measured, is.Limit, is.Sigma = &v, &s.bound, sigma
	digits := 0
	if math.Abs(v-s.bound) < 1 && v != s.bound {
		digits = 1 // 84.7 against 85 must not read "85; at least 85"
	}
	if s.bound < 1 {
		digits = 2
	}
	is.Message = say(s, number(v, digits), number(s.bound, -1))
	if s.unsure && sigma > 0 {
		is.Message += " This is too close to call."
	}
	j.raise(is)
	return true
}

// number writes v with thousands separated; digits < 0: as many as it needs.
func number(v float64, digits int) string {
	if digits <= 0 && v == math.Trunc(v) || digits == 0 {
		return grouped(int64(math.Round(v)))
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}

// grouped writes n with commas between the thousands.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	first := 0
	if n < 0 {
		first = 1
	}
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
