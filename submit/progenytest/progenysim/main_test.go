package main

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/preflight-go/preflight/submit"
	"github.com/preflight-go/preflight/submit/progenytest"
)

// A lockedBuffer can be read while the program writes to it.
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

var urlRE = regexp.MustCompile(`http://127\.0\.0\.1:\d+/api/v3`)

// TestRun starts the program, calls it as its first lines say, and interrupts it.
func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stdout, stderr lockedBuffer
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"--addr", "127.0.0.1:0", "--user", "canary", "--password", "it's-secret", "-v", "--fail", "503@task:2"}, &stdout, &stderr)
	}()
	var base string
	for deadline := time.Now().Add(10 * time.Second); base == ""; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not start: %s%s", stdout.String(), stderr.String())
		}
		base = urlRE.FindString(stdout.String())
	}
	client, err := submit.New(&submit.Options{
		BaseURL: base, Credentials: submit.NewCredentials("canary", "it's-secret"), PollInterval: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	for side, live := range map[int]bool{300: true, 100: false} {
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, side, side))); err != nil {
			t.Fatal(err)
		}
		r, err := client.FaceLiveness(ctx, submit.Image{Data: b.Bytes()}, nil)
		if err != nil || r.Live != live {
			t.Errorf("%d px: %+v, %v", side, r, err)
		}
	}
	cancel()
	select {
	case c := <-code:
		if c != 0 {
			t.Errorf("exit code %d", c)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it does not end")
	}
	for _, want := range []string{`PROGENY_USERNAME=canary PROGENY_PASSWORD='it'\''s-secret'`, "PROGENY_CREDENTIALS_FILE", "--base-url " + base, "ended after"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("%q is not in %s", want, stdout.String())
		}
	}
	log := stderr.String()
	for _, want := range []string{"POST face_liveness image=\"image.png\"(image/png, ", "GET task", "-> 503 [status]", "POST token/obtain -> 200"} {
		if !strings.Contains(log, want) {
			t.Errorf("%q is not in %s", want, log)
		}
	}
	for _, secret := range []string{"canary", "secret", "eyJ"} {
		if strings.Contains(log, secret) {
			t.Errorf("%q is in %s", secret, log)
		}
	}
}

func TestUsage(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	tests := []struct {
		args string
		code int
		want string
	}{
		{"--help", 0, "-fail FAULT"},
		{"--nonsense", 2, "nonsense"},
		{"argument", 2, `unexpected argument "argument"`},
		{"--addr nowhere", 2, "missing port"},
		{"--addr 0.0.0.0:0", 2, "add --allow-remote"},
		{"--addr :0", 2, "add --allow-remote"},
		{"--addr example.org:80", 2, "add --allow-remote"},
		{"--latency -1s", 2, "negative"},
		{"--fail sneeze", 2, `no fault "sneeze"`},
		{"--fail 503@nowhere", 2, `no call "nowhere"`},
		{"--fail 503:0", 2, "not a positive number"},
		{"--fail 1000", 2, "not an HTTP status"},
		{"--addr " + taken.Addr().String(), 1, "listen tcp"},
	}
	for _, tt := range tests {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), strings.Fields(tt.args), &stdout, &stderr); code != tt.code || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%s: exit code %d, %s", tt.args, code, stderr.String())
		}
	}
}

// TestAllowRemote ends at once, as its context has ended.
func TestAllowRemote(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	if code := run(ctx, []string{"--addr", ":0", "--allow-remote"}, &stdout, &stderr); code != 0 {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
}

func TestParseFail(t *testing.T) {
	for s, want := range map[string]progenytest.Step{
		"503":                         {Fault: progenytest.Status, Status: 503},
		"429@task":                    {Fault: progenytest.Status, Status: 429, Call: "task"},
		"reset-after@face_liveness:5": {Fault: progenytest.ResetAfterBody, Call: "face_liveness", Every: 5},
		"html@token/obtain:2":         {Fault: progenytest.HTML, Call: "token/obtain", Every: 2},
		"pending:3":                   {Fault: progenytest.Pending, Every: 3, Polls: -1},
	} {
		got, err := parseFail(s)
		if err != nil || got != want {
			t.Errorf("parseFail(%q) = %+v, %v, want %+v", s, got, err, want)
		}
	}
}
