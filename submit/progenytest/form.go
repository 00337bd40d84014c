package progenytest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"time"
)

// A File is a file of a request.
type File struct {
	Field       string // "image", "front_id", …
	Name        string // as sent
	ContentType string // as sent
	Bytes       int64
	SHA256      string // in hexadecimal
	Data        []byte // with Options.KeepFiles; do not change it
}

// A Request is what arrived.
type Request struct {
	At            time.Time
	Call          string // "token/obtain", "token/refresh", "task" or the service; empty if there is no such call
	Method        string
	ContentLength int64             // as announced; -1 if it was not
	Values        map[string]string // the form's values; of token calls none are kept
	Files         []File            // in the order of the form
	Complete      bool              // the body arrived whole
	Status        int               // the HTTP status answered; 0 if the connection was broken instead
	Task          string            // the task created, or looked at; a creation without one took nothing
	Fault         Fault             // the fault that struck
}

// A formData is a form that has been read.
type formData struct {
	values map[string]string
	files  map[string]*File
	order  []File // the same, in the order of the form
	broken bool   // it did not arrive whole
}

// maxBody bounds a request. It is far more than the API allows.
const maxBody = 64 << 20

var errTooLarge = errors.New("too large")

// readForm reads a multipart form to its end. bad is what is wrong with it, for the
// answer: an HTTP status and a body, or 0.
func readForm(w http.ResponseWriter, r *http.Request) (f *formData, status int, bad any) {
	f = &formData{values: map[string]string{}, files: map[string]*File{}}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	fail := func(err error) (*formData, int, any) {
		var large *http.MaxBytesError
		if errors.As(err, &large) || errors.Is(err, errTooLarge) {
			return f, http.StatusRequestEntityTooLarge, detail("Request body is too large.")
		}
		// The client went away, or the form is cut: the rest tells which.
		_, rest := io.Copy(io.Discard, r.Body)
		f.broken = rest != nil
		return f, http.StatusBadRequest, detail("Multipart form parse error - Invalid boundary in multipart: None")
	}
	mr, err := r.MultipartReader()
	if err != nil {
		_, rest := io.Copy(io.Discard, r.Body)
		f.broken = rest != nil
		return f, http.StatusUnsupportedMediaType, detail("Unsupported media type in request.")
	}
	for {
		part, err := mr.NextPart()
		if errors.Is(err, io.EOF) {
			_, err = io.Copy(io.Discard, r.Body)
			f.broken = err != nil
			return f, 0, nil
		}
		if err != nil {
			return fail(err)
		}
		if part.FileName() == "" {
			b, err := io.ReadAll(io.LimitReader(part, 1<<20+1))
			if err == nil && len(b) > 1<<20 {
				err = errTooLarge
			}
			if err != nil {
				return fail(err)
			}
			f.values[part.FormName()] = string(b)
			continue
		}
		file, err := readFile(part)
		if err != nil {
			return fail(err)
		}
		f.order = append(f.order, *file)
		f.files[part.FormName()] = file
	}
}

func readFile(part *multipart.Part) (*File, error) {
	b, err := io.ReadAll(part) // bounded by MaxBytesReader
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	return &File{
		Field: part.FormName(), Name: part.FileName(), ContentType: part.Header.Get("Content-Type"),
		Bytes: int64(len(b)), SHA256: hex.EncodeToString(sum[:]), Data: b,
	}, nil
}
