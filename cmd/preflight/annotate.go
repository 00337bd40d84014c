package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	_ "image/png" // normalize may answer with a PNG
	"math"
	"path/filepath"
	"strings"

	"golang.org/x/image/font"

	"github.com/preflight-go/preflight/facegeom"
	"github.com/preflight-go/preflight/normalize"
	"github.com/preflight-go/preflight/preflight"
)

// Annotated copies are shown in sizes that suit a screen.
const (
	annotatedHeight = 1080 // px, at most, without the panel
	annotatedWidth  = 1600 // px, at most
	annotatedSmall  = 400  // px; a picture of less height is enlarged by a whole factor
	panelWidth      = 720  // px, at least: room for sentences
)

var (
	ink     = color.RGBA{0x16, 0x19, 0x1f, 0xff} // the panel
	paper   = color.RGBA{0xf2, 0xf4, 0xf7, 0xff} // text on it
	faded   = color.RGBA{0x9a, 0xa3, 0xb0, 0xff} // lesser text
	halo    = color.RGBA{0x00, 0x00, 0x00, 0x96} // around lines on the picture
	eyeLine = color.RGBA{0x35, 0xc8, 0xf2, 0xff}
	shades  = map[string]color.RGBA{
		"pass":   {0x2f, 0xb3, 0x6a, 0xff},
		"warn":   {0xf0, 0xa9, 0x1e, 0xff},
		"reject": {0xe5, 0x48, 0x4d, 0xff},
		"info":   {0x5b, 0x8d, 0xef, 0xff},
	}
)

// annotatedName is the name of the copy of the file called name. A JPEG keeps
// its name; others get a second extension, so that a.png and a.jpg stay two.
func annotatedName(name string) string {
	if strings.EqualFold(filepath.Ext(name), ".jpg") {
		return name
	}
	return name + ".jpg"
}

// annotated returns a JPEG of the picture, upright, with what the report says
// drawn on it and written below it. A picture that cannot be decoded becomes a
// gray card. The error is that of a context that ended.
func annotated(ctx context.Context, data []byte, r *preflight.Report) ([]byte, error) {
	img, place, err := upright(ctx, data, r)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, annotate(img, place, r), &jpeg.Options{Quality: 95}); err != nil {
		return nil, err // a side above 65,535 px, which our sizes exclude
	}
	return b.Bytes(), nil
}

// A placing takes points of the upright, full-size picture to the copy.
type placing func(facegeom.Point) point

// upright returns the picture as it is to be shown, or nil if it cannot be
// decoded, and where its points are.
func upright(ctx context.Context, data []byte, r *preflight.Report) (image.Image, placing, error) {
	if r.Stage != preflight.StagePixels {
		return nil, nil, ctx.Err()
	}
	width, height := r.Image.Upright()
	limit := annotatedHeight
	if width*annotatedHeight > annotatedWidth*height {
		limit = max(annotatedWidth*height/width, 1)
	}
	n, err := normalize.Image(ctx, data, &normalize.Options{MaxHeight: limit, MinSide: -1, MaxSide: -1, MaxBytes: -1, Quality: 95, FullChroma: true})
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	if err != nil {
		return nil, nil, nil // the checker forgave more than normalize does
	}
	img, _, err := image.Decode(bytes.NewReader(n.Data))
	if err != nil {
		return nil, nil, nil
	}
	factor := 1
	if n.Height < annotatedSmall {
		factor = max(min(annotatedSmall/n.Height, annotatedWidth/n.Width), 1)
		img = repeated(img, factor)
	}
	return img, func(p facegeom.Point) point {
		q := n.MapUpright(normalize.Point{X: p.X, Y: p.Y})
		return point{q.X * float64(factor), q.Y * float64(factor)}
	}, nil
}

// repeated enlarges img by repeating its pixels, so that nobody takes it for
// sharper than it is.
func repeated(img image.Image, factor int) image.Image {
	b := img.Bounds()
	src := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(src, src.Bounds(), img, b.Min, draw.Src)
	dst := image.NewRGBA(image.Rect(0, 0, b.Dx()*factor, b.Dy()*factor))
	for y := range dst.Rect.Dy() {
		row := src.Pix[y/factor*src.Stride:]
		for x := range dst.Rect.Dx() {
			copy(dst.Pix[y*dst.Stride+4*x:][:4], row[x/factor*4:][:4])
		}
	}
	return dst
}

// annotate draws the report on img, which may be nil.
func annotate(img image.Image, place placing, r *preflight.Report) *image.RGBA {
	pictureWidth, pictureHeight := panelWidth, panelWidth*9/16
	if img != nil {
		pictureWidth, pictureHeight = img.Bounds().Dx(), img.Bounds().Dy()
	}
	width := max(pictureWidth, panelWidth)
	p := newPanel(r, float64(width))
	height := int(math.Ceil(p.height))

	c := canvas{image.NewRGBA(image.Rect(0, 0, width, pictureHeight+height))}
	draw.Draw(c, c.Bounds(), image.NewUniform(ink), image.Point{}, draw.Src)
	left := (width - pictureWidth) / 2
	frame := image.Rect(left, 0, left+pictureWidth, pictureHeight)
	if img != nil {
		draw.Draw(c, frame, img, img.Bounds().Min, draw.Src)
		marks := canvas{c.SubImage(frame).(*image.RGBA)}
		marks.faces(r, func(q facegeom.Point) point {
			at := place(q)
			return point{at.x + float64(left), at.y}
		})
	} else {
		c.card(frame, r)
	}
	p.draw(c, float64(pictureHeight))
	return c.RGBA
}

// card stands for a picture that cannot be shown.
func (c canvas) card(r image.Rectangle, rep *preflight.Report) {
	draw.Draw(c, r, image.NewUniform(color.RGBA{0x3a, 0x40, 0x4a, 0xff}), image.Point{}, draw.Src)
	middle := point{float64(r.Min.X+r.Max.X) / 2, float64(r.Min.Y+r.Max.Y) / 2}
	grayish := color.RGBA{0x6b, 0x74, 0x82, 0xff}
	// A picture frame with mountains in it, struck through.
	w, h := 150.0, 110.0
	c.frame(grayish, middle.x-w/2, middle.y-h/2-20, w, h, 10, 6)
	base := middle.y + h/2 - 32
	c.fill(grayish, polygon{{middle.x - 58, base}, {middle.x - 18, base - 52}, {middle.x + 22, base}})
	c.fill(grayish, polygon{{middle.x, base}, {middle.x + 28, base - 32}, {middle.x + 58, base}})
	c.fill(grayish, regular(point{middle.x + 36, middle.y - 46}, 9, 32, 0))
	c.line(grayish, point{middle.x - w/2 - 14, middle.y + h/2}, point{middle.x + w/2 + 14, middle.y - h/2 - 40}, 6)

	text := "cannot be shown"
	if rep.Image.Width > 0 {
		text = fmt.Sprintf("%d x %d px, cannot be shown", rep.Image.Width, rep.Image.Height)
	}
	f := face(regularFont, 20)
	c.text(f, faded, middle.x-textWidth(f, text)/2, middle.y+h/2+34, text)
}

// faces draws boxes, eyes and numbers; the largest face in the colour of the
// verdict, others gray.
func (c canvas) faces(r *preflight.Report, place placing) {
	for i := len(r.Faces) - 1; i >= 0; i-- {
		f := r.Faces[i]
		a := place(facegeom.Point{X: f.Box.X, Y: f.Box.Y})
		b := place(facegeom.Point{X: f.Box.X + f.Box.Width, Y: f.Box.Y + f.Box.Height})
		w, h := b.x-a.x, b.y-a.y
		thick := min(max(w/110, 2), 4.5)
		shade := faded
		if i == 0 {
			shade = shades[string(r.Verdict)]
		}
		radius := min(w/24, 14)
		c.frame(halo, a.x, a.y, w, h, radius, thick+3)
		c.frame(shade, a.x, a.y, w, h, radius, thick)

		left, right := place(f.LeftEye), place(f.RightEye)
		dx, dy := right.x-left.x, right.y-left.y
		ied := math.Hypot(dx, dy)
		if ied < 1 {
			continue
		}
		ring := min(max(ied/11, 4), 18)
		fine := max(thick*0.6, 2)
		ux, uy := dx/ied, dy/ied
		inner := func(p point, d float64) point { return point{p.x + ux*d, p.y + uy*d} }
		c.line(halo, inner(left, ring), inner(right, -ring), fine+2.5)
		c.line(eyeLine, inner(left, ring), inner(right, -ring), fine)
		for _, eye := range []point{left, right} {
			c.ring(halo, eye, ring, fine+2.5)
			c.ring(eyeLine, eye, ring, fine)
			c.fill(eyeLine, regular(eye, max(fine*0.8, 1.5), 24, 0))
		}
		if i == 0 {
			c.label(a, b, f)
		}
	}
}

// label writes the face's numbers below its box or, if there is no room, above
// it; if there is none either, nowhere: the panel has them too.
func (c canvas) label(a, b point, f facegeom.Face) {
	frame := c.Bounds()
	size := min(max((b.x-a.x)/18, 15), 24)
	fc := face(boldFont, size)
	text := fmt.Sprintf("face %s px   eyes %s px", grouped(int(math.Round(f.Box.Width))), grouped(int(math.Round(f.IED))))
	w, h := textWidth(fc, text)+size*1.4, size*1.7
	x := min(max((a.x+b.x-w)/2, float64(frame.Min.X)+4), float64(frame.Max.X)-4-w)
	gap := size * 0.6
	y := b.y + gap
	if y+h > float64(frame.Max.Y)-4 {
		y = a.y - gap - h
	}
	if y < 4 || x < float64(frame.Min.X) {
		return
	}
	c.fill(color.RGBA{0x10, 0x12, 0x16, 0xd8}, rounded(x, y, w, h, h/2))
	c.text(fc, paper, x+size*0.7, y+h/2+size*0.36, text)
}

// A panel is the text below a picture, laid out for a width.
type panel struct {
	report *preflight.Report
	width  float64
	height float64
	size   float64 // of the text, px
	pad    float64

	normal, strong, title font.Face

	name   string
	facts  [][]string // lines of numbers
	issues []panelIssue
}

type panelIssue struct {
	level   string
	code    string
	message []string
	hint    []string
}

func newPanel(r *preflight.Report, width float64) *panel {
	size := min(max(width/46, 15), 24)
	p := &panel{
		report: r, width: width, size: size, pad: size * 1.2,
		normal: face(regularFont, size), strong: face(boldFont, size), title: face(boldFont, size*1.3),
	}
	room := width - 2*p.pad
	p.name = elided(p.normal, printable(r.Path), room*0.62)
	used := room + 1
	for _, fact := range panelFacts(r) {
		w := textWidth(p.normal, fact) + p.factGap()
		if used+w > room+p.factGap() {
			p.facts, used = append(p.facts, nil), 0
		}
		used += w
		last := &p.facts[len(p.facts)-1]
		*last = append(*last, fact)
	}
	for _, is := range byLevel(r.Issues) {
		p.issues = append(p.issues, panelIssue{
			level: string(is.Level), code: string(is.Code),
			message: broken(p.normal, printable(is.Message), room-p.indent()),
			hint:    broken(p.normal, printable(is.Hint), room-p.indent()),
		})
	}
	p.height = p.draw(canvas{image.NewRGBA(image.Rectangle{})}, 0)
	return p
}

func (p *panel) indent() float64  { return p.size * 1.8 }
func (p *panel) factGap() float64 { return p.size * 1.5 }

// draw writes the panel from y downward and returns how high it is.
func (p *panel) draw(c canvas, y float64) float64 {
	top := y
	line := p.size * 1.45
	verdict := string(p.report.Verdict)
	c.fill(shades[verdict], polygon{{0, y}, {p.width, y}, {p.width, y + 4}, {0, y + 4}})

	y += p.pad + p.size*1.5
	icon := p.size * 0.95
	c.icon(verdict, point{p.pad + icon, y - p.size*0.46}, icon)
	end := c.text(p.title, shades[verdict], p.pad+icon*2+p.size*0.6, y, strings.ToUpper(verdict))
	c.text(p.normal, paper, end+p.size, y, p.name)
	by := p.report.Profile
	c.text(p.normal, faded, p.width-p.pad-textWidth(p.normal, by), y, by)

	y += p.size * 0.45
	for _, facts := range p.facts {
		y += line
		x := p.pad
		for i, s := range facts {
			if i > 0 {
				c.fill(faded, regular(point{x - p.factGap()/2, y - p.size*0.3}, p.size*0.09, 16, 0))
			}
			x = c.text(p.normal, faded, x, y, s) + p.factGap()
		}
	}
	for _, is := range p.issues {
		y += line + p.size*0.5
		x := p.pad + p.indent()
		c.icon(is.level, point{p.pad + p.size*0.55, y - p.size*0.34}, p.size*0.55)
		c.text(p.strong, shades[is.level], x, y, is.code)
		for _, s := range is.message {
			y += line
			c.text(p.normal, paper, x, y, s)
		}
		for _, s := range is.hint {
			y += line
			c.text(p.normal, faded, x, y, s)
		}
	}
	return y + p.pad*1.2 - top
}

// icon draws the sign of a verdict or level. Each has a shape of its own, for
// those who cannot tell the colours apart.
func (c canvas) icon(word string, at point, radius float64) {
	shade, w := shades[word], radius*0.26
	corner := func(dx, dy float64) point { return point{at.x + dx*radius, at.y + dy*radius} }
	switch word {
	case "pass": // a circle with a tick
		c.fill(shade, regular(at, radius, 48, 0))
		c.line(ink, corner(-0.48, 0.02), corner(-0.06, 0.44), w)
		c.line(ink, corner(-0.17, 0.44), corner(0.5, -0.36), w)
	case "warn": // a triangle with an exclamation mark
		c.fill(shade, regular(corner(0, 0.2), radius*1.22, 3, -math.Pi/2))
		c.line(ink, corner(0, -0.42), corner(0, 0.26), w)
		c.fill(ink, regular(corner(0, 0.52), w*0.62, 24, 0))
	case "reject": // an octagon with a cross
		c.fill(shade, regular(at, radius*1.06, 8, math.Pi/8))
		c.line(ink, corner(-0.4, -0.4), corner(0.4, 0.4), w)
		c.line(ink, corner(-0.4, 0.4), corner(0.4, -0.4), w)
	default: // a square with an i
		c.fill(shade, rounded(at.x-radius*0.9, at.y-radius*0.9, radius*1.8, radius*1.8, radius*0.3))
		c.fill(ink, regular(corner(0, -0.5), w*0.62, 24, 0))
		c.line(ink, corner(0, -0.18), corner(0, 0.58), w)
	}
}

// panelFacts are the numbers of a picture in few words.
func panelFacts(r *preflight.Report) []string {
	var s []string
	if r.Image.Width > 0 {
		w, h := r.Image.Upright()
		s = append(s, fmt.Sprintf("%d × %d px", w, h))
	}
	format := strings.ToUpper(r.Image.Format)
	if r.Image.JPEG != nil && r.Image.JPEG.Quality > 0 {
		format += fmt.Sprintf(" quality %d", r.Image.JPEG.Quality)
	}
	if format != "" {
		s = append(s, format)
	}
	s = append(s, grouped(r.Image.Bytes)+" bytes")
	if len(r.Faces) == 0 {
		return s
	}
	f := r.Faces[0]
	return append(s,
		fmt.Sprintf("face %.0f ± %.0f px", f.Box.Width, f.BoxSigma),
		fmt.Sprintf("eyes %.1f ± %.1f px", f.IED, f.IEDSigma),
		angle("roll", f.Roll, f.RollSigma), angle("yaw", f.Yaw, f.YawSigma), angle("pitch", f.Pitch, f.PitchSigma),
		fmt.Sprintf("eyes visible %.2f", f.EyesVisible))
}

func angle(name string, v, sigma float64) string {
	return strings.Replace(fmt.Sprintf("%s %+.1f ± %.1f°", name, v, sigma), "-", "−", 1)
}

// broken is wrap for pixels.
func broken(f font.Face, text string, width float64) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case textWidth(f, line+" "+word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// elided shortens a path in front, where it tells least, to fit a width.
func elided(f font.Face, s string, width float64) string {
	if textWidth(f, s) <= width {
		return s
	}
	runes := []rune(s)
	for len(runes) > 1 && textWidth(f, "…"+string(runes)) > width {
		runes = runes[1:]
	}
	return "…" + string(runes)
}
