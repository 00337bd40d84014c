package png

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
)

// Decode decodes the picture with image/png. h must be ParseHeader's of the
// same data, without an error. The size is the caller's to judge first: a
// picture takes 1 to 8 bytes per pixel. Damage outside of the image data that
// image/png would refuse is stripped before.
//
// The error is ctx's if ctx ended, else a *FormatError whose Offset is where
// the decoder gave up, to within a few KiB behind the damage, or the first
// IDAT chunk if something had to be stripped. The image is nil exactly if
// there is an error.
func Decode(ctx context.Context, data []byte, h *Header) (image.Image, error) {
	if n := h.MinBytes(); h.DataBytes < n {
		return nil, &FormatError{
			Offset:    h.End,
			Reason:    fmt.Sprintf("%d bytes of image data, where %dx%d pixels need at least %d", h.DataBytes, h.Width, h.Height, n),
			Truncated: true,
		}
	}
	strip := !h.HasIEND
	start := 0
	for _, c := range h.Chunks {
		strip = strip || c.ignored
		if c.Type == "IDAT" && start == 0 {
			start = c.Offset
		}
	}
	file := data[:h.End]
	if strip {
		file = Strip(data, h, false)
	}
	r := &reader{ctx: ctx, data: bytes.NewReader(file)}
	m, err := png.Decode(r)
	if err == nil {
		return m, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	fe := &FormatError{Offset: len(file) - r.data.Len(), Reason: err.Error()}
	if strip {
		fe.Offset = start
	}
	var pe png.FormatError
	var ue png.UnsupportedError
	switch {
	// The errors for missing rows, a missing IDAT chunk, and the same behind
	// the last row, where the checksum is.
	case errors.Is(err, errShort), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, png.FormatError(errShort.Error())), errors.Is(err, png.FormatError(io.ErrUnexpectedEOF.Error())):
		fe.Reason = "the image data ends before it is complete"
		fe.Truncated = true
		fe.Offset = h.End
	case errors.As(err, &pe):
		fe.Reason = string(pe)
	case errors.As(err, &ue):
		fe.Reason = "unsupported feature: " + string(ue)
	}
	return nil, fe
}

const errShort = png.FormatError("not enough pixel data")

// A reader gives the file to image/png and ends when ctx does.
type reader struct {
	ctx  context.Context
	data *bytes.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.data.Read(p)
}
