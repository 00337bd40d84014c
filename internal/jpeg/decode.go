package jpeg

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
)

// Decode decodes the picture with image/jpeg. h must be ParseHeader's of the
// same data, without an error. The size is the caller's to judge first: a
// picture takes 1 to 4 bytes per pixel, and a progressive one up to 12 more
// while it is decoded. What follows the image is not read. A missing EOI is no
// error if all blocks are there.
//
// The error is ctx's if ctx ended, else a *FormatError whose Offset is where
// the decoder gave up, to within 1024 bytes behind the damage. The image is
// nil exactly if there is an error.
func Decode(ctx context.Context, data []byte, h *Header) (image.Image, error) {
	if reason, ok := h.Supported(); !ok {
		return nil, &FormatError{Reason: reason + ", which is not supported"}
	}
	if n := h.MinBytes(); h.EntropyBytes < n {
		return nil, &FormatError{
			Offset:    h.End,
			Reason:    fmt.Sprintf("%d bytes of image data, where %dx%d pixels need at least %d", h.EntropyBytes, h.Width, h.Height, n),
			Truncated: true,
		}
	}
	r := newReader(ctx, data, h)
	m, err := jpeg.Decode(r)
	if err == nil {
		return m, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	fe := &FormatError{Offset: min(r.pos, h.End), Reason: reason(err)}
	if !errors.Is(err, jpeg.FormatError("missing 0xff00 sequence")) && !errors.Is(err, jpeg.FormatError("short Huffman data")) {
		return nil, fe
	}
	// The decoder came upon a marker when it wanted more data.
	switch {
	case h.restarts:
		// image/jpeg counts a restart interval of such a scan in MCUs of the
		// whole picture, not in blocks (T.81, A.2.2), and gets out of step.
		fe.Reason = "restart intervals in the scan of a subsampled component, which is not supported"
	case r.scan >= 0:
		fe.Reason = fmt.Sprintf("the data of scan %d of %d ends before all blocks are there", r.scan+1, h.Scans)
		fe.Truncated = r.scan == h.Scans-1
	}
	return nil, fe
}

// reason is the text of image/jpeg's error without its package's prefix.
func reason(err error) string {
	var fe jpeg.FormatError
	var ue jpeg.UnsupportedError
	switch {
	case errors.As(err, &fe):
		return string(fe)
	case errors.As(err, &ue):
		return "unsupported feature: " + string(ue)
	}
	return err.Error()
}

// A reader gives the image's bytes to image/jpeg in small pieces, so that ctx
// is asked often and pos tells where the decoder is. It lets the last bytes of
// each scan's data, with the marker behind them, be a piece of their own:
// then it is known when the decoder wanted more than the scan had.
type reader struct {
	ctx  context.Context
	data []byte
	tail []byte // what is missing behind data
	pos  int

	ends []int // of the entropy-coded data of the scans to come
	next int   // index of ends[0] among the scans
	scan int   // the scan whose last bytes were the last piece; -1 if it was another
}

const (
	piece     = 1024
	lastPiece = 16
)

func newReader(ctx context.Context, data []byte, h *Header) *reader {
	r := &reader{ctx: ctx, data: data[:h.End], scan: -1}
	if !h.HasEOI {
		r.tail = []byte{0xFF, mEOI}
	}
	for i, s := range h.Segments {
		if s.Marker == mSOS {
			r.ends = append(r.ends, h.scanEnd(i))
		}
	}
	return r
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	if r.pos == len(r.data) { // without EOI, the last scan may have ended here
		n := copy(p, r.tail)
		r.tail = r.tail[n:]
		if n == 0 {
			return 0, io.EOF
		}
		return n, nil
	}
	n := min(len(p), piece, len(r.data)-r.pos)
	r.scan = -1
	if len(r.ends) > 0 {
		switch end := r.ends[0]; {
		case end-lastPiece > r.pos:
			n = min(n, end-lastPiece-r.pos)
		default:
			n = min(n, max(end+2-r.pos, 1))
			if r.pos+n >= min(end+2, len(r.data)) {
				r.scan = r.next
				r.ends = r.ends[1:]
				r.next++
			}
		}
	}
	copy(p, r.data[r.pos:r.pos+n])
	r.pos += n
	return n, nil
}
