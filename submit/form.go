package submit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"strconv"
	"sync"
)

// A field is one part of a form: a value, or an image if there is one.
type field struct {
	name  string
	value string
	image *Image
}

// A form is a multipart/form-data body whose length is known before it is read and
// which can be read more than once. Images are not copied into it.
type form struct {
	contentType string
	size        int64
	sections    []*io.SectionReader
	values      []string // the values sent, to keep them out of error texts
}

// newForm lays out the fields. Its errors are *InputError.
func newForm(call string, fields []field) (*form, error) {
	f := &form{}
	var text bytes.Buffer // what stands before and between the images
	w := multipart.NewWriter(&text)
	f.contentType = w.FormDataContentType()
	add := func(r io.ReaderAt, size int64) {
		f.sections = append(f.sections, io.NewSectionReader(r, 0, size))
		f.size += size
	}
	flush := func() {
		b := bytes.Clone(text.Bytes())
		text.Reset()
		add(bytes.NewReader(b), int64(len(b)))
	}
	// The writer writes into memory, which cannot fail.
	for _, fd := range fields {
		if fd.image == nil {
			_ = w.WriteField(fd.name, fd.value)
			f.values = append(f.values, fd.value)
			continue
		}
		contentType, err := fd.image.contentType()
		if err != nil {
			return nil, &InputError{Call: call, Field: fd.name, Reason: err.Error()}
		}
		// The name is ours: the caller's may tell who is in the picture.
		_, _ = w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {fmt.Sprintf(`form-data; name=%q; filename=%q`, fd.name, fileNames[contentType])},
			"Content-Type":        {contentType},
		})
		flush()
		add(fd.image.source())
	}
	_ = w.Close()
	flush()
	return f, nil
}

// body returns a new reader of the whole form.
func (f *form) body() *body {
	readers := make([]io.Reader, len(f.sections))
	for i, s := range f.sections {
		readers[i] = io.NewSectionReader(s, 0, s.Size())
	}
	return &body{r: io.MultiReader(readers...)}
}

// A body is a request's body that counts what it hands out and can be stopped.
//
// net/http may go on reading a body after it has returned the response or an error.
// stop makes an end of that, so that the caller has its image for itself again when
// the call returns.
type body struct {
	mu   sync.Mutex
	r    io.Reader // nil once stopped
	sent int64
}

var errStopped = errors.New("the request is over")

func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.r == nil {
		return 0, errStopped
	}
	n, err := b.r.Read(p)
	b.sent += int64(n)
	return n, err
}

func (b *body) Close() error {
	b.stop()
	return nil
}

// stop ends the reading and returns how many bytes were handed out. It may be called
// more than once and on nil.
func (b *body) stop() int64 {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.r = nil
	return b.sent
}

// boolField is a form field as Django reads it.
func boolField(name string, v bool) field { return field{name: name, value: strconv.FormatBool(v)} }
