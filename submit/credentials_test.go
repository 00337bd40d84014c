package submit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/preflight-go/preflight/submit"
	"github.com/preflight-go/preflight/submit/progenytest"
)

// TestCredentialsAreHidden prints credentials, and what contains them, in every way.
func TestCredentialsAreHidden(t *testing.T) {
	c := submit.NewCredentials("canary-user", "canary-password")
	o := submit.Options{Credentials: c}
	client, err := submit.New(&o)
	if err != nil {
		t.Fatal(err)
	}
	img := submit.Image{Data: []byte("\xff\xd8\xffcanary-image")}
	nested := struct{ inner any }{struct{ c submit.Credentials }{c}}
	var all strings.Builder
	for _, v := range []any{c, &c, o, &o, client, *client, nested, img, &img, []submit.Credentials{c}, map[string]any{"c": c}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&all, verb+"\n", v)
		}
		for _, h := range []slog.Handler{slog.NewTextHandler(&all, nil), slog.NewJSONHandler(&all, nil)} {
			slog.New(h).Info("m", "v", v)
		}
	}
	for _, v := range []any{c, &c, img, nested, struct{ C submit.Credentials }{c}} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	for _, canary := range []string{"canary", "63616e617279", "Y2FuYXJ5"} { // as it is, in hexadecimal, in base64
		if i := strings.Index(all.String(), canary); i >= 0 {
			t.Errorf("%q is in the output: …%.200s", canary, all.String()[max(0, i-100):])
		}
	}
	if got := fmt.Sprintf("%v %+v %#v %s", c, c, c, c); got != "[hidden] [hidden] [hidden] [hidden]" {
		t.Errorf("got %s", got)
	}
}

func TestLoadCredentials(t *testing.T) {
	tests := []struct {
		name, text string
		err        string // part of the error; "" if it must work
	}{
		{"lines", "username=u\npassword=p=w#\n", ""},
		{"comments and spaces", "\ufeff# mine\r\n\r\n username = u \r\n  password =p=w#\r\n", ""},
		{"json", ` {"username": "u", "password": "p=w#"} `, ""},
		{"empty", "", "username is missing"},
		{"no password", "username=u", "password is missing"},
		{"no username", `{"password": "p"}`, "username is missing"},
		{"twice", "username=u\nusername=secret", "line 2: given for the second time"},
		{"unknown name", "username=u\nsecret=secret", "line 2: neither username nor password"},
		{"no equals sign", "u\nsecret", "line 1: not of the form"},
		{"half json", `{"username": "secret`, "not a JSON object"},
		{"json of numbers", `{"username": "u", "password": 5}`, "not a JSON object"},
		{"binary", "username=\x00secret", "not a UTF-8 text"},
		{"latin-1", "password=secret\xe9", "not a UTF-8 text"},
		{"huge", "username=" + strings.Repeat("secret", 20_000), "larger than 65536 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "credentials")
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := submit.LoadCredentials(path)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "secret") {
					t.Errorf("got %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			works(t, c, "u", "p=w#")
		})
	}
	if _, err := submit.LoadCredentials(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := submit.LoadCredentials(t.TempDir()); err == nil {
		t.Error("a folder gave credentials")
	}
}

// works checks what is in the credentials in the only way there is: by using them.
func works(t *testing.T, c submit.Credentials, username, password string) {
	t.Helper()
	srv := progenytest.NewServer(&progenytest.Options{Username: username, Password: password})
	defer srv.Close()
	client, err := submit.New(&submit.Options{BaseURL: srv.URL, HTTPClient: srv.Client(), Credentials: c})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.StartFaceLiveness(t.Context(), submit.Image{Data: selfie(1)}, nil); err != nil {
		t.Error(err)
	}
}

func TestInsecureFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has other permissions")
	}
	path := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(path, []byte("username=u\npassword=p"), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, insecure := range map[fs.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o604: true, 0o644: true} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		c, err := submit.LoadCredentials(path)
		var warning *submit.InsecureFileError
		if errors.As(err, &warning) != insecure || err != nil && !insecure {
			t.Errorf("%o: got %v", mode, err)
		}
		works(t, c, "u", "p") // warning or not
	}
}

func TestCredentialsFromEnv(t *testing.T) {
	path := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(path, []byte("username=fu\npassword=fp"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name               string
		env                map[string]string
		username, password string // "" if there are none
		err                string
	}{
		{"both", map[string]string{"PROGENY_USERNAME": "u", "PROGENY_PASSWORD": "p"}, "u", "p", ""},
		{"file", map[string]string{"PROGENY_CREDENTIALS_FILE": path}, "fu", "fp", ""},
		{"both and file", map[string]string{"PROGENY_USERNAME": "u", "PROGENY_PASSWORD": "p", "PROGENY_CREDENTIALS_FILE": path}, "u", "p", ""},
		{"nothing", nil, "", "", "no credentials"},
		{"half", map[string]string{"PROGENY_USERNAME": "u"}, "", "", "PROGENY_PASSWORD is not"},
		{"other half", map[string]string{"PROGENY_PASSWORD": "hush"}, "", "", "PROGENY_USERNAME is not"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := submit.CredentialsFromEnv(func(name string) string { return tt.env[name] })
			if tt.err != "" {
				if !errors.Is(err, submit.ErrNoCredentials) || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "hush") {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			works(t, c, tt.username, tt.password)
		})
	}
}

func TestNew(t *testing.T) {
	c := submit.NewCredentials("u", "secret")
	tests := []struct {
		name string
		opts *submit.Options
		err  string
	}{
		{"defaults", &submit.Options{Credentials: c}, ""},
		{"nil", nil, "no credentials"},
		{"no password", &submit.Options{Credentials: submit.NewCredentials("u", "")}, "no credentials"},
		{"https", &submit.Options{Credentials: c, BaseURL: "https://progeny.example/api/v3/"}, ""},
		{"http", &submit.Options{Credentials: c, BaseURL: "http://progeny.example/api/v3"}, "http to another machine"},
		{"http, allowed", &submit.Options{Credentials: c, BaseURL: "http://progeny.example/api/v3", AllowInsecure: true}, ""},
		{"http, 127.0.0.1", &submit.Options{Credentials: c, BaseURL: "http://127.0.0.1:8090/api/v3"}, ""},
		{"http, ::1", &submit.Options{Credentials: c, BaseURL: "http://[::1]:8090/api/v3"}, ""},
		{"http, localhost", &submit.Options{Credentials: c, BaseURL: "http://LocalHost:8090"}, ""},
		{"http, 127.0.0.1 in the name", &submit.Options{Credentials: c, BaseURL: "http://127.0.0.1.example/"}, "http to another machine"},
		{"http, a private address", &submit.Options{Credentials: c, BaseURL: "http://10.0.0.1/"}, "http to another machine"},
		{"no scheme", &submit.Options{Credentials: c, BaseURL: "be.progeny.tech/api/v3"}, "not an absolute URL"},
		{"file", &submit.Options{Credentials: c, BaseURL: "file://host/secret"}, "neither https nor http"},
		{"not a URL", &submit.Options{Credentials: c, BaseURL: "https://secret\x7f"}, "not an absolute URL"},
		{"user", &submit.Options{Credentials: c, BaseURL: "https://u:secret@progeny.example/"}, "contains a user name"},
		{"query", &submit.Options{Credentials: c, BaseURL: "https://progeny.example/?key=secret"}, "a query"},
		{"negative timeout", &submit.Options{Credentials: c, PollTimeout: -1}, "PollTimeout is negative"},
		{"negative size", &submit.Options{Credentials: c, MaxResponseBytes: -1}, "MaxResponseBytes is negative"},
		{"line in the agent", &submit.Options{Credentials: c, UserAgent: "a\r\nb"}, "UserAgent"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := submit.New(tt.opts)
			switch {
			case tt.err == "" && err != nil:
				t.Error(err)
			case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "secret")):
				t.Errorf("got %v, want %q", err, tt.err)
			}
		})
	}
}
