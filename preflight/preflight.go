package preflight

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"math"
	"os"
	"time"

	"github.com/preflight-go/preflight/facegeom"
	"github.com/preflight-go/preflight/internal/exif"
	"github.com/preflight-go/preflight/internal/format"
	"github.com/preflight-go/preflight/internal/jpeg"
	"github.com/preflight-go/preflight/internal/luma"
	"github.com/preflight-go/preflight/internal/png"
)

// Options configure a Checker. The zero value and nil mean the defaults.
type Options struct {
	// Profile holds the limits to judge by; nil means Default().
	Profile *Profile

	// MaxBytes is the length of input beyond which nothing is looked at: such
	// an image is FileTooLarge at StageBytes. CheckReader reads at most one byte
	// more. It guards memory and is not the receiver's limit, which the profile
	// has: images between the two are measured in full. 0 means 32 MiB.
	MaxBytes int64

	// MaxPixels is the number of declared pixels beyond which an image is a
	// DecompressionBomb and is not decoded. 0 means 64 Mi (67,108,864). Decoding
	// takes up to 8 bytes a pixel for the time of the check.
	MaxPixels int64

	// Timing fills ElapsedMS. It is off by default, so that reports of the same
	// bytes are the same.
	Timing bool
}

// A Checker measures and judges images. It is safe for concurrent use; one
// serves the whole process.
type Checker struct {
	o        Options
	detector *facegeom.Detector
}

// New returns a Checker. The error says what is wrong with the options; with
// nil there is none.
func New(o *Options) (*Checker, error) {
	if o == nil {
		o = &Options{}
	}
	c := &Checker{o: *o}
	if c.o.Profile == nil {
		c.o.Profile = Default()
	}
	if err := c.o.Profile.Validate(); err != nil {
		return nil, fmt.Errorf("preflight: profile %s: %w", c.o.Profile.Name, err)
	}
	if c.o.MaxBytes < 0 || c.o.MaxPixels < 0 {
		return nil, errors.New("preflight: MaxBytes and MaxPixels must not be negative")
	}
	if c.o.MaxBytes == 0 {
		c.o.MaxBytes = 32 << 20
	}
	if c.o.MaxPixels == 0 {
		c.o.MaxPixels = 64 << 20
	}
	var err error
	if c.detector, err = facegeom.NewDetector(nil); err != nil {
		return nil, fmt.Errorf("preflight: %w", err)
	}
	return c, nil
}

// Profile returns the profile that c judges by. It must not be changed.
func (c *Checker) Profile() *Profile { return c.o.Profile }

// Check measures and judges one image. Any bytes whatever give a report; the
// only error is that of a context that ended.
func (c *Checker) Check(ctx context.Context, data []byte) (*Report, error) {
	m, err := c.Measure(ctx, data)
	if err != nil {
		return nil, err
	}
	return c.o.Profile.Judge(m), nil
}

// CheckReader is Check for what r holds. It stops reading at Options.MaxBytes.
// An error of r is returned as it is.
func (c *Checker) CheckReader(ctx context.Context, r io.Reader) (*Report, error) {
	data, err := io.ReadAll(io.LimitReader(ctxReader{ctx, r}, c.o.MaxBytes+1))
	if err != nil {
		return nil, err
	}
	return c.Check(ctx, data)
}

// CheckFile is Check for a regular file. The report has path as its Path, and
// its extension is compared with the format. An error is one of the file
// system, wrapped in a *fs.PathError, or of the context.
func (c *Checker) CheckFile(ctx context.Context, path string) (*Report, error) {
	data, err := c.ReadFile(ctx, path)
	if err != nil {
		return nil, err
	}
	m, err := c.Measure(ctx, data)
	if err != nil {
		return nil, err
	}
	m.Path = path
	return c.o.Profile.Judge(m), nil
}

// ErrNotRegular is the error for a path that is a directory, a FIFO, a device or
// a socket: reading it could block for ever.
var ErrNotRegular = errors.New("not a regular file")

// ReadFile returns the bytes of a regular file as far as c would look at them:
// at most Options.MaxBytes and one more. Errors are *fs.PathError; that of
// something that is no regular file wraps ErrNotRegular.
func (c *Checker) ReadFile(ctx context.Context, path string) ([]byte, error) {
	// Opening a FIFO blocks, so look before.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: ErrNotRegular}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	n := min(info.Size(), c.o.MaxBytes) + 1
	buf := make([]byte, 0, n) // one ReadAll without growing, if the file does not
	r := io.LimitReader(ctxReader{ctx, f}, c.o.MaxBytes+1)
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		k, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+k]
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// A ctxReader ends with the context's error once it is over.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (r ctxReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// Measure looks at the bytes of one image and states facts; it knows no limits
// but those of Options. The only error is that of a context that ended.
func (c *Checker) Measure(ctx context.Context, data []byte) (*Measurements, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	start := time.Now()
	m := &Measurements{Stage: StageBytes}
	err := c.measure(ctx, m, data)
	if err != nil {
		return nil, err
	}
	if c.o.Timing {
		m.ElapsedMS = math.Round(float64(time.Since(start).Microseconds())) / 1000
	}
	return m, nil
}

func (c *Checker) measure(ctx context.Context, m *Measurements, data []byte) error {
	m.Image.Bytes = int64(len(data))
	if len(data) == 0 {
		return nil
	}
	f := format.Detect(data)
	m.Image.Format = f.Name
	m.Image.Width, m.Image.Height = f.Width, f.Height
	if m.Image.Bytes > c.o.MaxBytes {
		m.Image.BytesCut = true
		return nil
	}
	sum := sha256.Sum256(data)
	m.SHA256 = hex.EncodeToString(sum[:])

	var img image.Image
	var err error
	switch f.Name {
	case "jpeg":
		img, err = c.measureJPEG(ctx, &m.Image, data)
	case "png":
		img, err = c.measurePNG(ctx, &m.Image, data)
	default:
		return nil
	}
	m.Stage = StageHeader
	if err != nil || img == nil {
		return err
	}
	m.Faces, err = c.faces(ctx, &m.Image, img)
	if err != nil {
		return err
	}
	m.Stage = StagePixels
	return nil
}

// planeSide is the shorter side, in px, of the luma plane on which faces are
// looked for.
const planeSide = 320

// In a large picture a face can have enough pixels and still be below what is
// looked for at first. The second look is for faces from smallFace px of the
// picture on, half of what receivers ask for, but not below smallShare of its
// shorter side.
const (
	smallSide  = 640 // px, shorter side of the plane
	smallFace  = 112 // px
	smallShare = 0.05
)

// faces finds the faces in a decoded picture; coordinates are those of the
// upright picture in full size, rounded to what is meaningful.
func (c *Checker) faces(ctx context.Context, im *Image, img image.Image) ([]facegeom.Face, error) {
	faces, err := c.facesOn(ctx, im, img, planeSide, c.detector.Detect)
	if err != nil {
		return nil, err
	}
	short := float64(min(im.Width, im.Height))
	smallest := max(smallShare, smallFace/short)
	if len(faces) > 0 && faces[0].Box.Width >= facegeom.SmallestExact*short || smallest >= facegeom.Smallest {
		return faces, nil
	}
	small, err := c.facesOn(ctx, im, img, smallSide, func(ctx context.Context, plane *image.Gray) ([]facegeom.Face, error) {
		return c.detector.DetectSmall(ctx, plane, smallest)
	})
	if len(small) > 0 && !small[0].Partial {
		faces = small
	}
	return faces, err
}

// facesOn detects faces on a plane with the given shorter side.
func (c *Checker) facesOn(ctx context.Context, im *Image, img image.Image, side int,
	detect func(context.Context, *image.Gray) ([]facegeom.Face, error),
) ([]facegeom.Face, error) {
	plane := luma.Reduce(img, side)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	plane = luma.Upright(plane, im.Orientation)
	found, err := detect(ctx, plane)
	if err != nil {
		return nil, err
	}
	width, height := im.Upright()
	fx := float64(width) / float64(plane.Rect.Dx())
	fy := float64(height) / float64(plane.Rect.Dy())
	faces := make([]facegeom.Face, 0, len(found))
	for _, f := range found {
		faces = append(faces, rounded(f.Scale(fx, fy)))
	}
	return faces, nil
}

// rounded leaves a tenth of a pixel and of a degree: far below the
// uncertainties, and the same on machines that round products differently.
func rounded(f facegeom.Face) facegeom.Face {
	for _, v := range []*float64{
		&f.Box.X, &f.Box.Y, &f.Box.Width, &f.Box.Height, &f.BoxSigma, &f.Score,
		&f.LeftEye.X, &f.LeftEye.Y, &f.RightEye.X, &f.RightEye.Y,
		&f.IED, &f.IEDSigma, &f.Roll, &f.RollSigma, &f.Yaw, &f.YawSigma, &f.Pitch, &f.PitchSigma,
	} {
		*v = math.Round(*v*10)/10 + 0 // + 0: no negative zero
	}
	f.EyesVisible = math.Round(f.EyesVisible*100) / 100
	return f
}

// maxForgiven is how many forgiven damages a report lists.
const maxForgiven = 8

func (c *Checker) measureJPEG(ctx context.Context, im *Image, data []byte) (image.Image, error) {
	h, err := jpeg.ParseHeader(data)
	im.Width, im.Height = h.Width, h.Height
	if h.Width > 0 {
		im.JPEG = &JPEG{
			Quality: h.Quality.Value, QualityFit: math.Round(h.Quality.Fit*100) / 100,
			QualityLower: h.Quality.Lower, QualityUpper: h.Quality.Upper,
			Subsampling: h.Subsampling(), ColorModel: h.ColorModel(), Process: h.Process(),
			Progressive: h.SOF == 0xC2, Precision: h.Precision,
		}
	}
	im.ICCProfile = h.ICC != nil
	im.readMetadata(h.EXIF, h.XMP)
	if h.Trailer.Length > 0 {
		im.Trailer = &Trailer{Offset: h.Trailer.Offset, Bytes: h.Trailer.Length, Kind: h.Trailer.Kind, Known: h.Trailer.Known}
	}
	for _, w := range h.Warnings[:min(len(h.Warnings), maxForgiven)] {
		im.Forgiven = append(im.Forgiven, Damage{DamageForgiven, w.Offset, w.Reason})
	}
	if im.Damage = jpegDamage(err); im.Damage != nil {
		return nil, nil
	}
	if reason, ok := h.Supported(); !ok {
		im.Damage = &Damage{DamageUnsupported, 0, reason}
		return nil, nil
	}
	if im.Damage = c.overBudget(h.Width, h.Height); im.Damage != nil {
		return nil, nil
	}
	if need := h.MinBytes(); h.EntropyBytes < need {
		im.Damage = tooFewBytes(h.End, h.EntropyBytes, need)
		return nil, nil
	}
	img, err := jpeg.Decode(ctx, data, h)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if im.Damage = jpegDamage(err); im.Damage != nil {
		return nil, nil
	}
	if !h.HasEOI {
		im.Forgiven = append(im.Forgiven, Damage{DamageTruncated, h.End, "the end marker (EOI) is missing"})
	}
	return img, nil
}

func (c *Checker) measurePNG(ctx context.Context, im *Image, data []byte) (image.Image, error) {
	h, err := png.ParseHeader(data)
	im.Width, im.Height = h.Width, h.Height
	if h.Width > 0 {
		im.PNG = &PNG{BitDepth: h.BitDepth, ColorType: pngColorTypes[h.ColorType], Interlaced: h.Interlaced, Alpha: h.Transparent}
		if h.Frames > 1 {
			im.PNG.Frames = h.Frames
		}
	}
	im.ICCProfile = h.ICC != nil
	im.readMetadata(h.EXIF, h.XMP)
	if h.Trailer.Length > 0 {
		im.Trailer = &Trailer{Offset: h.Trailer.Offset, Bytes: h.Trailer.Length, Kind: h.Trailer.Kind}
	}
	for _, w := range h.Warnings[:min(len(h.Warnings), maxForgiven)] {
		im.Forgiven = append(im.Forgiven, Damage{DamageForgiven, w.Offset, w.Reason})
	}
	if im.Damage = pngDamage(err); im.Damage != nil {
		return nil, nil
	}
	if im.Damage = c.overBudget(h.Width, h.Height); im.Damage != nil {
		return nil, nil
	}
	if h.RawBytes > bombBytes && h.RawBytes > bombRatio*h.DataBytes {
		im.Damage = &Damage{DamageBomb, 0, fmt.Sprintf("%s bytes of image data inflate to %s", grouped(h.DataBytes), grouped(h.RawBytes))}
		return nil, nil
	}
	if need := h.MinBytes(); h.DataBytes < need {
		im.Damage = tooFewBytes(h.End, h.DataBytes, need)
		return nil, nil
	}
	img, err := png.Decode(ctx, data, h)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if im.Damage = pngDamage(err); im.Damage != nil {
		return nil, nil
	}
	if !h.HasIEND {
		im.Forgiven = append(im.Forgiven, Damage{DamageTruncated, h.End, "the end chunk (IEND) is missing"})
	}
	return img, nil
}

// A PNG that inflates to more than bombBytes and by more than bombRatio is a bomb:
// photos inflate to two or three times their size, drawings to twenty or so.
const (
	bombBytes = 32 << 20
	bombRatio = 500
)

var pngColorTypes = map[int]string{0: "gray", 2: "rgb", 3: "indexed", 4: "gray+alpha", 6: "rgba"}

func jpegDamage(err error) *Damage {
	var fe *jpeg.FormatError
	if !errors.As(err, &fe) {
		return nil
	}
	return damage(fe.Offset, fe.Reason, fe.Truncated, fe.Bomb)
}

func pngDamage(err error) *Damage {
	var fe *png.FormatError
	if !errors.As(err, &fe) {
		return nil
	}
	return damage(fe.Offset, fe.Reason, fe.Truncated, fe.Bomb)
}

func damage(offset int, reason string, truncated, bomb bool) *Damage {
	d := &Damage{DamageCorrupt, offset, reason}
	switch {
	case bomb:
		d.Kind = DamageBomb
	case truncated:
		d.Kind = DamageTruncated
	}
	return d
}

// overBudget returns the damage of a picture with more pixels than c decodes.
func (c *Checker) overBudget(width, height int) *Damage {
	if pixels := int64(width) * int64(height); pixels > c.o.MaxPixels {
		return &Damage{DamageBomb, 0, fmt.Sprintf("the header declares %s x %s = %s pixels; at most %s are decoded",
			grouped(int64(width)), grouped(int64(height)), grouped(pixels), grouped(c.o.MaxPixels))}
	}
	return nil
}

// tooFewBytes returns the damage of a picture whose data cannot hold what its
// header declares, however well it is compressed.
func tooFewBytes(end int, have, need int64) *Damage {
	return &Damage{DamageTruncated, end, fmt.Sprintf("%s bytes of image data cannot hold the declared size, which needs at least %s",
		grouped(have), grouped(need))}
}

// readMetadata takes orientation and the presence of a position from EXIF and
// XMP. Damaged EXIF is no damage of the picture; what can be read counts.
func (im *Image) readMetadata(tiff, xmp []byte) {
	if tiff != nil {
		if facts, _ := exif.Parse(tiff); facts != nil {
			im.Orientation = facts.Orientation
			im.GPS = facts.GPS
		}
	}
	im.GPS = im.GPS || exif.HasLocation(xmp)
}
