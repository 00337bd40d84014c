package normalize

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"slices"
	"strings"

	"github.com/preflight-go/preflight/internal/exif"
	"github.com/preflight-go/preflight/internal/format"
	"github.com/preflight-go/preflight/internal/jpeg"
	"github.com/preflight-go/preflight/internal/png"
)

// A source is what the header of a file says, of either format.
type source struct {
	format      Format
	size        size // as stored
	orientation orientation
	space       string // "RGB", "GRAY", "CMYK": the kind of profile that would fit the pixels
	cmyk        string // "CMYK" or "YCCK"; "" if neither
	depth       int    // bits per sample
	transparent bool   // has an alpha channel or the like; the pixels may be opaque all the same
	frames      int

	icc       []byte
	brokenICC bool     // there is a profile that cannot be put together
	gamma     float64  // exponent from a PNG's gAMA, where no better statement stands beside it; 0 if none
	assumed   []string // statements about colour that are not understood

	metadata      []string // kinds, each once
	metadataBytes int
	located       bool // the metadata say where the photo was taken
	trailer       string
	trailerBytes  int

	// strip returns the file without metadata, its image data untouched.
	strip  func(keepICC bool) []byte
	decode func(context.Context) (image.Image, error)
}

// assumedCICP is the one statement about colour that stripping takes out, too.
const assumedCICP = "a colour space by number (cICP)"

// read parses the header of data. Its error is an *Error.
func read(data []byte) (*source, error) {
	if len(data) == 0 {
		return nil, &Error{Kind: KindEmpty, Offset: -1, Reason: "the file is empty"}
	}
	f := format.Detect(data)
	switch f.Name {
	case "jpeg":
		return readJPEG(data)
	case "png":
		return readPNG(data)
	case "":
		return nil, &Error{Kind: KindUnsupported, Offset: -1, Reason: "neither JPEG nor PNG, nor any other known format"}
	}
	return nil, &Error{Kind: KindUnsupported, Format: f.Name, Offset: -1, Reason: f.Title + " is neither JPEG nor PNG", Hint: f.Hint}
}

func readJPEG(data []byte) (*source, error) {
	h, err := jpeg.ParseHeader(data)
	if err != nil {
		return nil, damaged("jpeg", err)
	}
	if reason, ok := h.Supported(); !ok {
		return nil, &Error{
			Kind: KindUnsupported, Format: "jpeg", Offset: -1, Reason: reason + " is not supported",
			Hint: "Save it as an ordinary JPEG (baseline or progressive, 8 bits).",
		}
	}
	s := &source{
		format: FormatJPEG,
		size:   size{h.Width, h.Height},
		space:  "RGB",
		depth:  h.Precision,
		frames: 1,
		icc:    h.ICC,
		strip:  func(keepICC bool) []byte { return jpeg.Strip(data, h, keepICC) },
		decode: func(ctx context.Context) (image.Image, error) {
			m, err := jpeg.Decode(ctx, data, h)
			return m, damaged("jpeg", err)
		},
	}
	switch model := h.ColorModel(); model {
	case "gray":
		s.space = "GRAY"
	case "cmyk", "ycck":
		s.space, s.cmyk = "CMYK", strings.ToUpper(model)
	}
	for _, g := range h.Segments {
		switch {
		case g.Kind == "ICC":
			s.brokenICC = h.ICC == nil
		case g.Kind == "JFIF" || g.Kind == "Adobe":
		case g.Marker >= 0xE0 && g.Marker <= 0xEF, g.Marker == 0xFE: // APP0 to APP15, COM
			s.addMetadata(g.Kind, g.Length)
		}
	}
	s.readMetadata(h.EXIF, h.XMP)
	s.trailer, s.trailerBytes = h.Trailer.Kind, h.Trailer.Length
	return s, nil
}

func readPNG(data []byte) (*source, error) {
	h, err := png.ParseHeader(data)
	if err != nil {
		return nil, damaged("png", err)
	}
	s := &source{
		format:      FormatPNG,
		size:        size{h.Width, h.Height},
		space:       "RGB",
		depth:       h.BitDepth,
		transparent: h.Transparent,
		frames:      h.Frames,
		icc:         h.ICC,
		strip:       func(keepICC bool) []byte { return png.Strip(data, h, keepICC) },
		decode: func(ctx context.Context) (image.Image, error) {
			m, err := png.Decode(ctx, data, h)
			return m, damaged("png", err)
		},
	}
	if h.ColorType == 0 || h.ColorType == 4 {
		s.space = "GRAY"
	}
	for _, c := range h.Chunks {
		body := data[c.Offset+8:][:c.Length]
		switch c.Type {
		case "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "sRGB", "sBIT":
		case "acTL", "fcTL", "fdAT": // the frames of an animation; not metadata
		case "iCCP":
			s.brokenICC = h.ICC == nil
		case "cHRM":
			if h.ICC == nil && !h.SRGB && !primariesOfSRGB(body) {
				s.assumed = append(s.assumed, "primaries of its own (cHRM)")
			}
		case "cICP":
			// ITU-T H.273: primaries 1 and transfer function 13 are sRGB.
			if h.ICC == nil && !bytes.HasPrefix(body, []byte{1, 13}) {
				s.assumed = append(s.assumed, assumedCICP)
			}
			s.addMetadata(c.Type, 12+c.Length)
		default:
			s.addMetadata(c.Type, 12+c.Length)
		}
	}
	if h.ICC == nil && !h.SRGB && h.Gamma != 0 {
		s.readGamma(h.Gamma)
	}
	s.readMetadata(h.EXIF, h.XMP)
	s.trailer, s.trailerBytes = h.Trailer.Kind, h.Trailer.Length
	return s, nil
}

// readGamma notes a PNG's gAMA, which is the exponent from light to sample
// times 100,000 (PNG, 11.3.2.2), unless it stands for sRGB.
func (s *source) readGamma(gamma uint32) {
	exponent := 100_000 / float64(gamma)
	switch {
	case gamma >= 43_000 && gamma <= 48_000: // 45,455 ± 5 %, as libpng has it
	case exponent < 0.2 || exponent > 5:
		s.assumed = append(s.assumed, fmt.Sprintf("a gamma of %.4g", exponent))
	default:
		s.gamma = exponent
	}
}

// primariesOfSRGB reports whether a cHRM chunk has the white point and the
// primaries of sRGB, within a hundredth (PNG, 11.3.2.1).
func primariesOfSRGB(b []byte) bool {
	want := [8]int64{31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000}
	if len(b) != 4*len(want) {
		return false
	}
	for i, w := range want {
		if d := int64(binary.BigEndian.Uint32(b[4*i:])) - w; d < -1000 || d > 1000 {
			return false
		}
	}
	return true
}

func (s *source) addMetadata(kind string, n int) {
	if !slices.Contains(s.metadata, kind) {
		s.metadata = append(s.metadata, kind)
	}
	s.metadataBytes += n
}

func (s *source) readMetadata(tiff, xmp []byte) {
	s.orientation = 1
	if len(tiff) > 0 {
		// Damage elsewhere in the EXIF does not unsay what could be read.
		if f, _ := exif.Parse(tiff); f != nil {
			if f.Orientation >= 1 && f.Orientation <= 8 {
				s.orientation = orientation(f.Orientation)
			}
			s.located = f.GPS
		}
	}
	s.located = s.located || exif.HasLocation(xmp)
}

// damaged turns an error of a decoder into an *Error; nil, and the error of a
// context, stay as they are.
func damaged(name string, err error) error {
	e := &Error{Kind: KindDamaged, Format: name, err: err}
	truncated, bomb := false, false
	if j := (*jpeg.FormatError)(nil); errors.As(err, &j) {
		e.Offset, e.Reason, truncated, bomb = j.Offset, j.Reason, j.Truncated, j.Bomb
	} else if p := (*png.FormatError)(nil); errors.As(err, &p) {
		e.Offset, e.Reason, truncated, bomb = p.Offset, p.Reason, p.Truncated, p.Bomb
	} else {
		return err
	}
	switch {
	case bomb:
		e.Kind = KindBomb
	case truncated:
		e.Kind = KindTruncated
	}
	return e
}
