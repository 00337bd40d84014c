package submit_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/preflight-go/preflight/submit"
	"github.com/preflight-go/preflight/submit/progenytest"
)

// A lockedBuffer is written to by several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// A tap remembers every token that passes, and lets mischief answer in place of the
// server.
type tap struct {
	next     http.RoundTripper
	mischief func(*http.Request) (*http.Response, error) // nil, nil: pass on

	mu     sync.Mutex
	tokens map[string]bool
}

func (p *tap) RoundTrip(req *http.Request) (*http.Response, error) {
	if p.mischief != nil {
		if resp, err := p.mischief(req); resp != nil || err != nil {
			return resp, err
		}
	}
	resp, err := p.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	b, readErr := io.ReadAll(resp.Body)
	resp.Body.Close()
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(b), errReader{readErr}))
	var pair struct{ Access, Refresh string }
	if json.Unmarshal(b, &pair) == nil && pair.Access != "" {
		p.mu.Lock()
		p.tokens[pair.Access], p.tokens[pair.Refresh] = true, true
		p.mu.Unlock()
	}
	return resp, nil
}

// An errReader ends as another reader did.
type errReader struct{ err error }

func (e errReader) Read([]byte) (int, error) {
	if e.err == nil {
		return 0, io.EOF
	}
	return 0, e.err
}

const (
	canaryUser     = "canary-user"
	canaryPassword = "canary-password"
	canaryFile     = "canary-name.jpg"
	canaryPixels   = "canary-pixels"
)

// answer makes an answer that repeats what the request contained.
func answer(req *http.Request, status int, contentType, format string) (*http.Response, error) {
	sent := req.Header.Get("Authorization") + " " + req.URL.RawQuery
	if req.Body != nil {
		b, _ := io.ReadAll(req.Body)
		req.Body.Close()
		if !bytes.Contains(b, []byte("filename=")) {
			// As a page for developers does; of an image nobody shows the bytes.
			for _, secret := range []string{canaryUser, canaryPassword} {
				if bytes.Contains(b, []byte(secret)) {
					sent += " " + secret
				}
			}
		}
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{"Content-Type": {contentType}, "Location": {"https://elsewhere.example/?" + url.QueryEscape(sent)}},
		Body:   io.NopCloser(strings.NewReader(fmt.Sprintf(format, sent))),
	}, nil
}

// TestCanaries makes everything go wrong that can, with everything printed that can be,
// and looks for what must not be there.
func TestCanaries(t *testing.T) {
	// Pairs of where and how: servers that repeat what they were sent.
	type echo func(*http.Request) (*http.Response, error)
	echoes := map[string]echo{"none": nil}
	for _, where := range []string{"/obtain/", "/face_liveness/", "/task/"} {
		for name, how := range map[string]echo{
			"page": func(r *http.Request) (*http.Response, error) {
				return answer(r, 500, "text/html", "<title>bad: %s</title>")
			},
			"page200": func(r *http.Request) (*http.Response, error) { return answer(r, 200, "text/html", "<h1>bad: %s</h1>") },
			"text":    func(r *http.Request) (*http.Response, error) { return answer(r, 403, "text/plain", "bad: %s") },
			"detail": func(r *http.Request) (*http.Response, error) {
				return answer(r, 400, "application/json", `{"detail": "bad: %s"}`)
			},
			"field": func(r *http.Request) (*http.Response, error) {
				return answer(r, 422, "application/json", `{"field": ["bad: %s"]}`)
			},
			"state": func(r *http.Request) (*http.Response, error) {
				return answer(r, 200, "application/json", `{"id": 1, "status": "%s"}`)
			},
			"away": func(r *http.Request) (*http.Response, error) { return answer(r, 302, "text/html", `%s`) },
			"broken": func(r *http.Request) (*http.Response, error) {
				return nil, &url.Error{Op: "Post", URL: r.URL.String(), Err: errors.New("proxy says: " + r.Header.Get("Authorization"))}
			},
		} {
			echoes[where+name] = func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, where) {
					return how(r)
				}
				return nil, nil
			}
		}
	}

	var out lockedBuffer
	tokens := map[string]bool{}
	data := append(selfie(1), canaryPixels...)
	path := filepath.Join(t.TempDir(), canaryFile)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	closed, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	closed.Close() // reading it gives an error with the path
	failures := 0
	attempt := func(t *testing.T, mischief echo, image submit.Image, steps ...progenytest.Step) {
		srv := progenytest.NewServer(&progenytest.Options{InMemory: true, Username: canaryUser, Password: canaryPassword})
		defer srv.Close()
		srv.Script(steps...)
		through := &tap{next: srv.Client().Transport, mischief: mischief, tokens: tokens}
		for _, h := range []slog.Handler{
			slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}),
			slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}),
		} {
			client, err := submit.New(&submit.Options{
				BaseURL: srv.URL, HTTPClient: &http.Client{Transport: through}, Logger: slog.New(h),
				Credentials: submit.NewCredentials(canaryUser, canaryPassword),
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.FaceLiveness(background, image, nil); err != nil {
				failures++
				fmt.Fprintf(&out, "%v\n%+v\n%s\n", err, err, err)
			}
		}
	}
	run := func(name string, mischief echo, image submit.Image, steps ...progenytest.Step) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { attempt(t, mischief, image, steps...) })
		})
	}
	image := submit.Image{Data: data}
	for name, mischief := range echoes {
		run("echo "+name, mischief, image)
	}
	for _, f := range progenytest.Faults() {
		for _, call := range []string{"token/obtain", "face_liveness", "task"} {
			run(string(f)+" "+call, nil, image, progenytest.Step{Call: call, Fault: f, Polls: -1})
		}
	}
	run("unreadable", nil, submit.Image{Reader: closed, Size: 1000})
	run("unreadable while sending", nil, submit.Image{Reader: closed, Size: 1000, ContentType: "image/jpeg"})

	text := out.String()
	if failures < 60 || len(tokens) < 10 || !strings.Contains(text, `"call":"face_liveness"`) {
		t.Fatalf("%d failures, %d tokens and %d bytes of text: the test tests nothing", failures, len(tokens), len(text))
	}
	canaries := map[string]string{"user": canaryUser, "password": canaryPassword, "file": canaryFile, "pixels": canaryPixels, "query": "id=", "address": "/api/v3"}
	for token := range tokens {
		canaries["token "+token[:8]+token[len(token)-8:]] = token
		// Nor its payload or signature alone.
		for _, part := range strings.Split(token, ".")[1:] {
			canaries["part of token "+part[:8]] = part
		}
	}
	canaries["base64"] = base64.StdEncoding.EncodeToString([]byte(canaryPassword))
	for what, canary := range canaries {
		if i := strings.Index(text, canary); i >= 0 {
			t.Errorf("%s is in the output: …%s…", what, text[max(0, i-200):min(len(text), i+100)])
		}
	}
}
