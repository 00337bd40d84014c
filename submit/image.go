package submit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
)

// An Image is a PNG or JPEG file to send, either in memory or behind an io.ReaderAt.
// It is sent as it is, without a copy of the whole, under a neutral name
// ("image.jpg" or "image.png").
//
// Neither Data nor Reader is touched after the call returned, nor changed ever.
type Image struct {
	Data []byte `json:"-"` // the whole file; nil to use Reader

	Reader io.ReaderAt `json:"-"` // such as an *os.File
	Size   int64       // length of Reader in bytes; ignored with Data

	// ContentType is "image/jpeg" or "image/png". Empty means to go by the first
	// bytes of the file.
	ContentType string
}

// String describes the image without showing it.
func (m Image) String() string {
	_, size := m.source()
	return fmt.Sprintf("image of %d bytes", size)
}

// GoString is String, so that %#v does not show the image either.
func (m Image) GoString() string { return m.String() }

// LogValue is String, so that slog does not show the image either.
func (m Image) LogValue() slog.Value { return slog.StringValue(m.String()) }

// source returns where the bytes are and how many there are.
func (m Image) source() (io.ReaderAt, int64) {
	if m.Data != nil || m.Reader == nil {
		return bytes.NewReader(m.Data), int64(len(m.Data))
	}
	return m.Reader, m.Size
}

// fileNames are the accepted content types and the neutral names of their files.
var fileNames = map[string]string{"image/jpeg": "image.jpg", "image/png": "image.png"}

// contentType returns the type to declare, or why the image cannot be sent. It looks
// at the first bytes only; more is not this package's business.
func (m Image) contentType() (string, error) {
	r, size := m.source()
	if size <= 0 {
		return "", errors.New("the image is empty")
	}
	if m.ContentType != "" {
		if fileNames[m.ContentType] == "" {
			return "", errors.New("the content type is neither image/jpeg nor image/png")
		}
		return m.ContentType, nil
	}
	head := make([]byte, min(size, 8))
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, int64(len(head))), head); err != nil {
		return "", fmt.Errorf("reading the image: %w", withoutPath(err))
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return "image/jpeg", nil
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png", nil
	}
	return "", errors.New("the image is neither a JPEG nor a PNG file")
}

// withoutPath takes the name of the file, which may be a person's, off an error of
// package os.
func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
