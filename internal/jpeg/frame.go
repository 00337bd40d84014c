package jpeg

import (
	"fmt"
	"strings"
)

func (h *Header) progressive() bool {
	return h.SOF == mSOF2 || h.SOF == mSOF10
}

func (h *Header) lossless() bool {
	return h.SOF == mSOF3 || h.SOF == mSOF7 || h.SOF == mSOF11 || h.SOF == mSOF15
}

func (h *Header) arithmetic() bool {
	return mSOF9 <= h.SOF && h.SOF <= mSOF15
}

// Process names the coding process: "baseline", "extended", "progressive",
// "lossless", "arithmetic", "progressive arithmetic", "lossless arithmetic",
// "hierarchical", "hierarchical arithmetic" or "JPEG-LS"; "" without a frame
// header.
func (h *Header) Process() string {
	switch h.SOF {
	case 0:
		return ""
	case mSOF0:
		return "baseline"
	case mSOF1:
		return "extended"
	case mSOF2:
		return "progressive"
	case mSOF3:
		return "lossless"
	case mSOF9:
		return "arithmetic"
	case mSOF10:
		return "progressive arithmetic"
	case mSOF11:
		return "lossless arithmetic"
	case mSOF55:
		return "JPEG-LS"
	}
	if h.arithmetic() {
		return "hierarchical arithmetic"
	}
	return "hierarchical"
}

// Subsampling names the resolution of the chroma components: "4:4:4",
// "4:2:2", "4:2:0", "4:4:0", "4:1:1", "4:1:0", "gray" for one component, else
// the sampling factors as they stand, such as "2x1,1x2,1x1"; "" without a
// frame header. The K of a CMYK or YCCK picture is taken to be sampled as the
// first component, or the factors are given.
func (h *Header) Subsampling() string {
	c := h.Components
	if len(c) == 1 {
		return "gray"
	}
	if (len(c) == 3 || len(c) == 4 && c[3].H == c[0].H && c[3].V == c[0].V) &&
		c[1].H == c[2].H && c[1].V == c[2].V && c[0].H%c[1].H == 0 && c[0].V%c[1].V == 0 {
		switch [2]int{c[0].H / c[1].H, c[0].V / c[1].V} {
		case [2]int{1, 1}:
			return "4:4:4"
		case [2]int{2, 1}:
			return "4:2:2"
		case [2]int{2, 2}:
			return "4:2:0"
		case [2]int{1, 2}:
			return "4:4:0"
		case [2]int{4, 1}:
			return "4:1:1"
		case [2]int{4, 2}:
			return "4:1:0"
		}
	}
	var s strings.Builder
	for i, c := range c {
		if i > 0 {
			s.WriteByte(',')
		}
		fmt.Fprintf(&s, "%dx%d", c.H, c.V)
	}
	return s.String()
}

// ColorModel returns "gray", "ycbcr", "rgb", "cmyk" or "ycck" by the rules of
// libjpeg and image/jpeg: JFIF means YCbCr, else Adobe's transform decides,
// else the identifiers 'R', 'G', 'B'. It is "" for any other number of
// components than 1, 3 and 4.
func (h *Header) ColorModel() string {
	switch c := h.Components; len(c) {
	case 1:
		return "gray"
	case 3:
		switch {
		case h.JFIF:
			return "ycbcr"
		case h.Adobe == 0, h.Adobe < 0 && c[0].ID == 'R' && c[1].ID == 'G' && c[2].ID == 'B':
			return "rgb"
		}
		return "ycbcr"
	case 4:
		if h.Adobe > 0 {
			return "ycck"
		}
		return "cmyk"
	}
	return ""
}

// Supported reports whether Decode takes a picture of this kind, and if not,
// names the kind in plain words.
func (h *Header) Supported() (reason string, ok bool) {
	switch h.SOF {
	case mSOF0, mSOF1, mSOF2:
	case 0:
		return "JPEG without a frame header", false
	case mSOF55:
		return "JPEG-LS", false
	default:
		return h.Process() + " JPEG", false
	}
	if h.Precision != 8 {
		return fmt.Sprintf("%d-bit JPEG", h.Precision), false
	}
	c := h.Components
	switch len(c) {
	case 1, 3, 4:
	default:
		return fmt.Sprintf("JPEG with %d components", len(c)), false
	}
	// The ratios that image/jpeg takes.
	odd := fmt.Sprintf("JPEG with chroma subsampling %s", h.Subsampling())
	for _, c := range c {
		if c.H == 3 || c.V == 3 {
			return odd, false
		}
	}
	switch len(c) {
	case 3:
		if c[0].V == 4 || c[0].H%c[1].H != 0 || c[0].V%c[1].V != 0 || c[1].H != c[2].H || c[1].V != c[2].V {
			return odd, false
		}
	case 4:
		if c[0].H != c[0].V || c[0].H > 2 || c[1].H*c[1].V*c[2].H*c[2].V != 1 || c[3].H != c[0].H || c[3].V != c[0].V {
			return odd, false
		}
		if h.Adobe < 0 {
			return "CMYK JPEG without an Adobe segment", false
		}
	}
	return "", true
}

// blocks is the number of 8x8 blocks of a component that lie in the picture.
// A scan of several components has more: it is filled up to whole MCUs.
func (h *Header) blocks(c Component) int64 {
	w, t := h.samples(c)
	return (w + 7) / 8 * ((t + 7) / 8)
}

// samples is a component's width and height (T.81, A.1.1).
func (h *Header) samples(c Component) (width, height int64) {
	hMax, vMax := 1, 1
	for _, c := range h.Components {
		hMax, vMax = max(hMax, c.H), max(vMax, c.V)
	}
	return int64((h.Width*c.H + hMax - 1) / hMax), int64((h.Height*c.V + vMax - 1) / vMax)
}

// MinBytes is a lower bound of the entropy-coded bytes that the declared frame
// needs; if EntropyBytes is less, a part of the picture cannot be there. A
// Huffman code has at least one bit: a sequential block takes two, one for its
// DC difference and one for its AC coefficients (T.81, F.1.2), a progressive
// block takes one in the first scan of its DC, a lossless sample takes one.
// Arithmetic coding has no such bound, and MinBytes is 0.
func (h *Header) MinBytes() int64 {
	var bits int64
	for _, c := range h.Components {
		switch h.SOF {
		case mSOF0, mSOF1:
			bits += 2 * h.blocks(c)
		case mSOF2:
			bits += h.blocks(c)
		case mSOF3:
			w, t := h.samples(c)
			bits += w * t
		}
	}
	return (bits + 7) / 8
}
