package main

import (
	"image"
	"image/color"
	"math"
)

// The middle of the face in pigo's sample picture, px.
const (
	faceX = 157
	faceY = 203
)

// A pose says how the sample is put on a picture.
type pose struct {
	scale float64 // px of the picture per px of the sample
	x, y  float64 // where the middle of the face comes to lie, px
	roll  float64 // degrees clockwise
}

// seated is the pose in which the shoulders, where the sample ends, are at the
// lower edge of a picture of height h.
func seated(h int, scale, x float64) pose {
	const faceToEdge = 197 // px of the sample
	return pose{scale: scale, x: x, y: float64(h) - scale*faceToEdge}
}

// portrait is a picture of w x h px that shows the sample in the given pose;
// around it the sample's edge is repeated. Pixels are taken bilinearly.
func portrait(sample image.Image, w, h int, p pose) *image.RGBA {
	sin, cos := math.Sincos(p.roll * math.Pi / 180)
	b := sample.Bounds()
	last := b.Max.Sub(image.Pt(1, 1))
	at := func(x, y int) color.RGBA {
		c := sample.At(min(max(x, b.Min.X), last.X), min(max(y, b.Min.Y), last.Y))
		return color.RGBAModel.Convert(c).(color.RGBA)
	}
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			dx, dy := (float64(x)+0.5-p.x)/p.scale, (float64(y)+0.5-p.y)/p.scale
			u := int(math.Round(256 * (faceX + cos*dx + sin*dy - 0.5))) // in 1/256 px
			v := int(math.Round(256 * (faceY - sin*dx + cos*dy - 0.5)))
			u0, v0, fu, fv := u>>8, v>>8, u&255, v&255
			a, b, c, d := at(u0, v0), at(u0+1, v0), at(u0, v0+1), at(u0+1, v0+1)
			mix := func(a, b, c, d uint8) uint8 {
				top := int(a)*(256-fu) + int(b)*fu
				bottom := int(c)*(256-fu) + int(d)*fu
				return uint8((top*(256-fv) + bottom*fv + 1<<15) >> 16)
			}
			m.SetRGBA(x, y, color.RGBA{mix(a.R, b.R, c.R, d.R), mix(a.G, b.G, c.G, d.G), mix(a.B, b.B, c.B, d.B), 255})
		}
	}
	return m
}

// landscape is a sky with a sun over two ridges.
func landscape(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	ridge := func(x int, base, height, waves, phase float64) int {
		return int(float64(h) * (base - height*math.Sin(waves*float64(x)/float64(w)+phase)))
	}
	for y := range h {
		for x := range w {
			c := color.RGBA{uint8(120 + 100*y/h), uint8(170 + 60*y/h), 235, 255}
			dx, dy := x-w*3/4, y-h/5
			switch {
			case y > ridge(x, 0.75, 0.06, 7, 1):
				c = color.RGBA{60, 110, 50, 255}
			case y > ridge(x, 0.6, 0.1, 5, 0):
				c = color.RGBA{110, 130, 120, 255}
			case dx*dx+dy*dy < w*w/200:
				c = color.RGBA{255, 240, 170, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

// sunglasses draws dark glasses over the eyes of a portrait that is not rolled.
func sunglasses(m *image.RGBA, p pose) *image.RGBA {
	// Pupils of the sample are at (115, 183) and (204, 181), px.
	const eyeY, lensY, leftX, rightX = 182, 192, 113, 206
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			u := (float64(x)+0.5-p.x)/p.scale + faceX
			v := (float64(y)+0.5-p.y)/p.scale + faceY
			left, right := math.Hypot((u-leftX)/34, (v-lensY)/30), math.Hypot((u-rightX)/34, (v-lensY)/30)
			bridge := math.Abs(v-eyeY) < 5 && u > 70 && u < 250
			if left < 1 || right < 1 || bridge {
				m.SetRGBA(x, y, color.RGBA{18, 18, 20, 255})
			}
		}
	}
	return m
}

// beside puts two pictures of the same height next to each other.
func beside(a, b *image.RGBA) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, a.Rect.Dx()+b.Rect.Dx(), a.Rect.Dy()))
	for y := range m.Rect.Dy() {
		row := m.Pix[y*m.Stride:]
		n := copy(row, a.Pix[y*a.Stride:][:4*a.Rect.Dx()])
		copy(row[n:], b.Pix[y*b.Stride:][:4*b.Rect.Dx()])
	}
	return m
}

// stored is m as a camera stores it that marks it with an EXIF orientation, so
// that a viewer that heeds the mark shows m. (Exif 2.32, 4.6.4, tag 0x0112: the
// numbers say which sides of the picture row 0 and column 0 are.)
func stored(m *image.RGBA, orientation int) *image.RGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	if orientation >= 5 {
		w, h = h, w
	}
	s := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			fromRight, fromBottom := w-1-x, h-1-y
			var p image.Point
			switch orientation {
			case 1: // top, left
				p = image.Pt(x, y)
			case 2: // top, right
				p = image.Pt(fromRight, y)
			case 3: // bottom, right
				p = image.Pt(fromRight, fromBottom)
			case 4: // bottom, left
				p = image.Pt(x, fromBottom)
			case 5: // left, top
				p = image.Pt(y, x)
			case 6: // right, top
				p = image.Pt(fromBottom, x)
			case 7: // right, bottom
				p = image.Pt(fromBottom, fromRight)
			case 8: // left, bottom
				p = image.Pt(y, fromRight)
			}
			s.SetRGBA(x, y, m.RGBAAt(p.X, p.Y))
		}
	}
	return s
}

// coarse rounds every channel to a multiple of 8: a PNG gets much smaller and
// the face is found all the same.
func coarse(m *image.RGBA) *image.RGBA {
	c := image.NewRGBA(m.Rect)
	for i, v := range m.Pix {
		c.Pix[i] = v
		if i%4 != 3 {
			c.Pix[i] = uint8(min(255, (int(v)+4)&^7))
		}
	}
	return c
}

func gray(m image.Image) *image.Gray {
	g := image.NewGray(m.Bounds())
	for y := range g.Rect.Dy() {
		for x := range g.Rect.Dx() {
			g.Set(x, y, m.At(x, y))
		}
	}
	return g
}

// deep is a picture with 16 bits a sample that are not all 8 bits twice.
func deep(m *image.Gray) *image.Gray16 {
	d := image.NewGray16(m.Rect)
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			d.SetGray16(x, y, color.Gray16{uint16(m.GrayAt(x, y).Y) << 8})
		}
	}
	return d
}

// paletted is m in 32 grays, without dithering.
func paletted(m *image.Gray) *image.Paletted {
	var grays color.Palette
	for v := 0; v < 256; v += 8 {
		grays = append(grays, color.Gray{uint8(v)})
	}
	p := image.NewPaletted(m.Rect, grays)
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			p.SetColorIndex(x, y, m.GrayAt(x, y).Y/8)
		}
	}
	return p
}
