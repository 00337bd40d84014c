package normalize

import (
	"errors"
	"fmt"
	"image"

	"github.com/preflight-go/preflight/internal/icc"
)

// A colourPlan says what becomes of a picture's colours.
type colourPlan struct {
	transform *icc.Transform // to sRGB; nil if there is nothing to convert
	embed     []byte         // profile to put into the result; nil if none
	changes   []Change
}

// planColour decides about the colours of a picture whose pixels are encoded
// anew (reencode) or left as they are.
func (s *source) planColour(mode Profile, reencode bool) colourPlan {
	var plan colourPlan
	for _, what := range s.assumed {
		if reencode || what == assumedCICP {
			plan.add(ChangeColourAssumed, "", "sRGB",
				"The file declares %s, which is not converted: the colours are taken for sRGB.", what)
		}
	}
	drop := func(name, why string) colourPlan {
		plan.add(ChangeProfileDropped, name, "", "Left out the colour profile%s: %s.", quoted(name), why)
		return plan
	}
	switch {
	case s.brokenICC:
		return drop("", "it is damaged; the colours are taken for sRGB")
	case s.icc == nil:
		if s.gamma != 0 && reencode {
			plan.transform = icc.Gamma(s.gamma)
			plan.add(ChangeProfileConverted, fmt.Sprintf("gamma %.4g", s.gamma), "sRGB",
				"Converted the colours from the file's gamma of %.4g to sRGB.", s.gamma)
		}
		return plan
	}

	p, err := icc.Parse(s.icc)
	if err != nil {
		return drop("", "it is damaged; the colours are taken for sRGB")
	}
	name := p.Description
	if name == "" {
		name = p.Space + " without a name"
	}
	switch {
	case p.Space != s.space:
		return drop(name, fmt.Sprintf("it describes %s, and the picture is %s", p.Space, s.space))
	case s.space == icc.SpaceCMYK:
		return drop(name, "CMYK is converted without it, so that colours may differ a little from print")
	case !reencode:
		plan.embed = s.icc
		plan.add(ChangeProfileKept, name, name, "Kept the colour profile%s with the untouched image data.", quoted(name))
		return plan
	case mode == ProfileKeep:
		plan.embed = s.icc
		plan.add(ChangeProfileKept, name, name, "Kept the colour profile%s, as asked.", quoted(name))
		return plan
	case p.IsSRGB():
		return drop(name, "it describes sRGB, which is understood without a profile")
	}
	plan.transform, err = p.ToSRGB()
	if err != nil {
		plan.embed = s.icc
		plan.add(ChangeProfileKept, name, name, "Kept the colour profile%s, as it cannot be converted: %s.", quoted(name), reasonOf(err))
		return plan
	}
	plan.add(ChangeProfileConverted, name, "sRGB", "Converted the colours from%s to sRGB.", quoted(name))
	return plan
}

func (p *colourPlan) add(kind ChangeKind, from, to, format string, args ...any) {
	p.changes = append(p.changes, Change{Kind: kind, From: from, To: to, Text: fmt.Sprintf(format, args...)})
}

// quoted returns name as it stands in a sentence, with a space before it.
func quoted(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(" %q", name)
}

func reasonOf(err error) string {
	if u := (*icc.UnsupportedError)(nil); errors.As(err, &u) {
		return u.Reason
	}
	return err.Error()
}

// grayFromRGB packs the red channel of m into planes of one byte per pixel; in
// a gray picture all three are the same.
func grayFromRGB(m *image.NRGBA) *image.Gray {
	g := image.NewGray(m.Rect)
	for i := range g.Pix {
		g.Pix[i] = m.Pix[4*i]
	}
	return g
}

// flatten puts m on white and makes it opaque.
func flatten(m *image.NRGBA) {
	for pix := m.Pix; len(pix) >= 4; pix = pix[4:] {
		a := uint32(pix[3])
		if a == 255 {
			continue
		}
		for c := range 3 {
			pix[c] = uint8((uint32(pix[c])*a + 255*(255-a) + 127) / 255)
		}
		pix[3] = 255
	}
}

// opaque reports whether no pixel of m shows what lies behind it. All images
// that image/jpeg and image/png return can tell.
func opaque(m image.Image) bool {
	o, ok := m.(interface{ Opaque() bool })
	return ok && o.Opaque()
}
