// Package luma makes the small 8-bit luma plane on which everything that looks
// at pixels works.
//
// A plane is an image.Gray whose bounds begin at (0, 0). All arithmetic is on
// integers, so a plane is the same on every machine.
package luma

import (
	"image"
	"image/color"
	"image/draw"
	"math"
)

// maxAspect bounds the longer side of a plane to that many times the wanted
// shorter side, so that a strip costs no more than a picture.
const maxAspect = 4

// Reduce returns the luma of img, scaled down by averaging areas so that its
// shorter side is at most side px and its longer one at most four times that;
// it is never enlarged. Transparent pixels count as if they lay on white. A
// side of 0 px is impossible: an image has at least one pixel.
func Reduce(img image.Image, side int) *image.Gray {
	w, h := size(img.Bounds().Dx(), img.Bounds().Dy(), side)
	r := newReducer(img.Bounds().Dx(), img.Bounds().Dy(), w, h)
	for row := range rows(img) {
		r.add(row)
	}
	return r.out
}

// size returns the size of the plane of a picture of w x h px.
func size(w, h, side int) (int, int) {
	f := min(float64(side)/float64(min(w, h)), float64(maxAspect*side)/float64(max(w, h)))
	if f >= 1 {
		return w, h
	}
	scaled := func(n int) int { return max(1, int(math.Round(float64(n)*f))) }
	return scaled(w), scaled(h)
}

// A reducer averages areas. The picture is taken as one of W·w by H·h cells, so
// that a pixel of either grid is a whole number of cells and all weights are
// exact: each source pixel is w cells wide, each pixel of the plane W.
type reducer struct {
	out    *image.Gray
	sw, sh int      // size of the source
	acc    []uint64 // sums of the plane's row that is being made: at most 255·W·H < 2^64
	line   []uint64 // one source row, averaged along x
	y, n   int      // source rows seen; rows of the plane done
}

func newReducer(sw, sh, w, h int) *reducer {
	return &reducer{
		out: image.NewGray(image.Rect(0, 0, w, h)), sw: sw, sh: sh,
		acc: make([]uint64, w), line: make([]uint64, w),
	}
}

// add takes the next source row.
func (r *reducer) add(row []uint8) {
	w, h := r.out.Rect.Dx(), r.out.Rect.Dy()
	if w == r.sw && h == r.sh {
		copy(r.out.Pix[r.y*r.out.Stride:], row)
		r.y++
		return
	}
	// Along x: every pixel's w cells go to the plane's pixel they lie in; a
	// pixel that straddles a boundary is shared.
	x, room := 0, r.sw
	var sum uint64
	for _, v := range row {
		if w < room {
			sum += uint64(v) * uint64(w)
			room -= w
			continue
		}
		sum += uint64(v) * uint64(room)
		r.line[x] = sum
		x++
		sum = uint64(v) * uint64(w-room)
		room = r.sw - (w - room)
	}
	// Along y, likewise.
	top, bottom := r.y*h, (r.y+1)*h // cells that this row covers
	for top < bottom {
		end := (r.n + 1) * r.sh
		part := min(bottom, end) - top
		for x, s := range r.line {
			r.acc[x] += s * uint64(part)
		}
		top += part
		if top == end {
			area := uint64(r.sw) * uint64(r.sh)
			out := r.out.Pix[r.n*r.out.Stride:][:w]
			for x, s := range r.acc {
				out[x] = uint8((s + area/2) / area)
				r.acc[x] = 0
			}
			r.n++
		}
	}
	r.y++
}

// rows yields the luma of img row by row; the slice is valid until the next.
func rows(img image.Image) func(yield func([]uint8) bool) {
	b := img.Bounds()
	return func(yield func([]uint8) bool) {
		switch m := img.(type) {
		case *image.YCbCr: // Y is the luma
			for y := b.Min.Y; y < b.Max.Y; y++ {
				if !yield(m.Y[m.YOffset(b.Min.X, y):][:b.Dx()]) {
					return
				}
			}
		case *image.Gray:
			for y := b.Min.Y; y < b.Max.Y; y++ {
				if !yield(m.Pix[m.PixOffset(b.Min.X, y):][:b.Dx()]) {
					return
				}
			}
		default:
			// Whatever else is drawn over white, a row at a time.
			line := image.NewRGBA(image.Rect(0, 0, b.Dx(), 1))
			luma := make([]uint8, b.Dx())
			for y := b.Min.Y; y < b.Max.Y; y++ {
				draw.Draw(line, line.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
				draw.Draw(line, line.Rect, img, image.Pt(b.Min.X, y), draw.Over)
				for x := range luma {
					p := line.Pix[4*x:][:3]
					// The weights of JFIF, as color.GrayModel has them.
					luma[x] = uint8((19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + 1<<15) >> 16)
				}
				if !yield(luma) {
					return
				}
			}
		}
	}
}

// Upright returns the plane as EXIF orientation o, 1 to 8, says it is to be
// seen; g itself for 1 and for what is no orientation.
func Upright(g *image.Gray, o int) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	// The source pixel of (x, y) of the result is x0 + x·dx + y·dy.
	var x0, dx, dy int
	s := g.Stride
	last, bottom := w-1, (h-1)*s
	switch o {
	case 2: // mirrored left to right
		x0, dx, dy = last, -1, s
	case 3: // turned by 180°
		x0, dx, dy = last+bottom, -1, -s
	case 4: // mirrored top to bottom
		x0, dx, dy = bottom, 1, -s
	case 5: // transposed
		x0, dx, dy = 0, s, 1
	case 6: // to be turned clockwise by 90°
		x0, dx, dy = bottom, -s, 1
	case 7: // transposed along the other diagonal
		x0, dx, dy = last+bottom, -s, -1
	case 8: // to be turned counter-clockwise by 90°
		x0, dx, dy = last, s, -1
	default:
		return g
	}
	if o >= 5 {
		w, h = h, w
	}
	out := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		row := out.Pix[y*out.Stride:][:w]
		p := x0 + y*dy
		for x := range row {
			row[x] = g.Pix[p]
			p += dx
		}
	}
	return out
}
