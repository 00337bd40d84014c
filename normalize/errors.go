package normalize

import (
	"fmt"
	"strings"
)

// An ErrorKind is a kind of [Error].
type ErrorKind string

// The kinds of [Error].
const (
	KindEmpty         ErrorKind = "empty"           // no bytes at all
	KindUnsupported   ErrorKind = "unsupported"     // neither JPEG nor PNG, or a JPEG of a kind that is not decoded
	KindDamaged       ErrorKind = "damaged"         // a JPEG or PNG that cannot be decoded
	KindTruncated     ErrorKind = "truncated"       // one that ends early
	KindTooManyPixels ErrorKind = "too_many_pixels" // more than Options.MaxPixels, or a side above 65,535
	KindBomb          ErrorKind = "bomb"            // made to cost more work than its bytes are worth
)

// An Error says why bytes are not a picture that can be normalized.
type Error struct {
	Kind   ErrorKind
	Format string // what the bytes are: "jpeg", "png", "heic", …; "" if not known
	Offset int    // where in the bytes; -1 where no place is to blame
	Reason string // a phrase without a full stop
	Hint   string // what could be done; may be empty

	err error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("normalize: ")
	if e.Format != "" {
		b.WriteString(e.Format + ": ")
	}
	if e.Offset >= 0 {
		fmt.Fprintf(&b, "byte %d: ", e.Offset)
	}
	b.WriteString(e.Reason)
	return b.String()
}

// Unwrap returns what a decoder said, or nil.
func (e *Error) Unwrap() error { return e.err }

// A TooLargeError says that a picture stays above Options.MaxBytes even at
// Options.MinQuality. With the default limits this takes a very wide
// picture of noise.
type TooLargeError struct {
	Bytes, MaxBytes int
	Quality         int // lowest that was tried
	Width, Height   int // of the result, in pixels
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("normalize: %dx%d px at JPEG quality %d take %s bytes, more than %s; allow fewer pixels or a lower quality",
		e.Width, e.Height, e.Quality, number(e.Bytes), number(e.MaxBytes))
}

// number writes n with a comma between thousands.
func number[T int | int64](n T) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
