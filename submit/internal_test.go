package submit

import (
	"encoding/base64"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestTokenLife(t *testing.T) {
	date := http.Header{"Date": {"Sat, 01 Jan 2000 00:00:00 GMT"}} // 946684800 s after 1970
	tests := []struct {
		claims string
		header http.Header
		want   time.Duration
	}{
		{`{"iat": 1000, "exp": 1600}`, nil, 10 * time.Minute},
		{`{"iat": 1000.5, "exp": 1600}`, nil, 599500 * time.Millisecond},
		{`{"iat": 1000, "exp": 1600}`, date, 10 * time.Minute},
		{`{"exp": 946684920}`, date, 2 * time.Minute},
		{`{"exp": 946684920}`, nil, 5 * time.Minute},
		{`{"exp": 946684799}`, date, 5 * time.Minute}, // expired before it came: not believed
		{`{"iat": 1600, "exp": 1000}`, nil, 5 * time.Minute},
		{`{"iat": 1600, "exp": 1600}`, nil, 5 * time.Minute},
		{`{"iat": 1, "exp": 99999999999}`, nil, 5 * time.Minute},
		{`{"iat": 1, "exp": 1e308}`, nil, 5 * time.Minute},
		{`{"iat": 1, "exp": 1e999}`, nil, 5 * time.Minute},
		{`{"iat": "1", "exp": 2}`, nil, 5 * time.Minute},
		{`{}`, date, 5 * time.Minute},
		{`[]`, nil, 5 * time.Minute},
		{`{`, nil, 5 * time.Minute},
	}
	for _, tt := range tests {
		token := "x." + base64.RawURLEncoding.EncodeToString([]byte(tt.claims)) + ".y"
		if got := tokenLife(token, tt.header); got != tt.want {
			t.Errorf("tokenLife(%s) = %v, want %v", tt.claims, got, tt.want)
		}
	}
	for _, token := range []string{"", "opaque", "a.b", "a.!.c", "..", "a.b.c.d"} {
		if got := tokenLife(token, nil); got != 5*time.Minute {
			t.Errorf("tokenLife(%q) = %v, want 5m", token, got)
		}
	}
}

func TestClean(t *testing.T) {
	const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.c2ln"
	tests := []struct {
		in      string
		secrets []string
		want    string
	}{
		{"plain", nil, "plain"},
		{" a\tb\r\nc ", nil, "a b c"},
		{"bell\a escape\x1b[31m null\x00", nil, "bell escape [31m null"},
		{"bad utf-8 \xff\xfe", nil, "bad utf-8"},
		{"right to left \u202e override", nil, "right to left override"},
		{"token " + jwt + " is bad", nil, "token [hidden] is bad"},
		{"my opaque-token here", []string{"opaque-token"}, "my [hidden] here"},
		{"extend_data is true", []string{"true", "", "is"}, "extend_data is true"}, // too common to be secrets
		{strings.Repeat("é", 50), nil, strings.Repeat("é", 40) + "…"},
		// Hidden before it is cut, so that no half of it stays.
		{strings.Repeat("-", 35) + jwt, nil, strings.Repeat("-", 35) + "[hidd" + "…"},
	}
	for _, tt := range tests {
		if got := clean(tt.in, 40, tt.secrets); got != tt.want {
			t.Errorf("clean(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// TestForm reads a form with the standard library's reader, twice, as its length says.
func TestForm(t *testing.T) {
	front, back := "\xff\xd8\xfffront", "\x89PNG\r\n\x1a\nback"
	f, err := newForm("call", []field{
		{name: "a", value: "1"},
		{name: "front_id", image: &Image{Data: []byte(front)}},
		{name: "back_id", image: &Image{Reader: strings.NewReader(back), Size: int64(len(back))}},
		{name: "z", value: "é\r\n"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		b, err := io.ReadAll(f.body())
		if err != nil || int64(len(b)) != f.size {
			t.Fatalf("%d bytes, announced %d: %v", len(b), f.size, err)
		}
		_, boundary, _ := strings.Cut(f.contentType, "boundary=")
		got, err := multipart.NewReader(strings.NewReader(string(b)), boundary).ReadForm(1 << 20)
		if err != nil {
			t.Fatal(err)
		}
		if got.Value["a"][0] != "1" || got.Value["z"][0] != "é\r\n" {
			t.Errorf("values %q", got.Value)
		}
		for name, want := range map[string]string{"front_id": front, "back_id": back} {
			file, err := got.File[name][0].Open()
			if err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(file); err != nil || string(b) != want {
				t.Errorf("%s: %q, %v", name, b, err)
			}
		}
	}
}

// TestStoppedBody: nothing is read of the caller's image after stop.
func TestStoppedBody(t *testing.T) {
	f, err := newForm("call", []field{{name: "image", image: &Image{Data: []byte("\xff\xd8\xff and more")}}})
	if err != nil {
		t.Fatal(err)
	}
	b := f.body()
	n, err := io.ReadFull(b, make([]byte, 10))
	if err != nil {
		t.Fatal(err)
	}
	if sent := b.stop(); sent != int64(n) {
		t.Errorf("sent %d, want %d", sent, n)
	}
	if n, err := b.Read(make([]byte, 10)); n != 0 || err == nil || errors.Is(err, io.EOF) {
		t.Errorf("read %d bytes after stop, error %v", n, err)
	}
}

// FuzzAnswer: whatever a server says of a task, the client neither panics nor invents
// anything, and its error can be printed.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		`{"id": 2158, "status": "SUCCESS", "result": {"status": 200, "data": {"liveness": {"result": true, "data": {"score": "2.59", "quality": 0.817}}}}}`,
		`{"id": 1, "status": "SUCCESS", "result": {"status": "400", "data": {"liveness": false, "issues": {"liveness": {"FACE_NOT_FOUND": "none"}}}}}`,
		`{"id": 1, "status": "SUCCESS", "result": {"data": {"issues": {"a": ["B"], "c": "D", "e": 5}}}}`,
		`{"id": 1, "status": "SUCCESS", "liveness": {"result": "True"}}`,
		`{"id": 1, "status": "FAILURE", "result": "Traceback"}`,
		`{"status": "SUCCESS", "result": {"data": {"uuid": "d3da2b7a"}}}`,
		`{"result": {}}`, `{"status": null}`, `[]`, `null`, `{`, `<html>`, ``, "{\"status\": \"\xff\"}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := &request{call: callTask, task: Task{ID: "id", Service: ServiceFaceLiveness}}
		a, err := r.answer(&response{status: 200, body: body})
		if (a == nil) == (err == nil) {
			t.Fatalf("answer %v, error %v", a, err)
		}
		errs := []error{err}
		if a != nil {
			live, err := a.Liveness()
			if (live == nil) == (err == nil) {
				t.Errorf("result %v, error %v", live, err)
			}
			registered, err2 := a.Register()
			if (registered == nil) == (err2 == nil) || registered != nil && registered.UUID == "" && registered.Liveness == nil {
				t.Errorf("result %v, error %v", registered, err2)
			}
			errs = append(errs, err, err2, a.failure())
		}
		for _, status := range []int{302, 400, 500} {
			errs = append(errs, r.failure(&response{status: status, header: http.Header{}, body: body}))
		}
		for _, err := range errs {
			if err == nil {
				continue
			}
			s := err.Error()
			if len(s) > 20_000 || !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\x1b\r\n") {
				t.Errorf("unfit to print: %.200q", s)
			}
		}
	})
}
