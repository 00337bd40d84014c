package main

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/preflight-go/preflight/submit/progenytest"
)

// sendingTo returns an environment for a server, a picture and a profile that
// accepts it.
func sendingTo(t *testing.T, srv *progenytest.Server) (env map[string]string, picture, profile string) {
	t.Cleanup(srv.Close)
	dir := put(t, map[string][]byte{"good.jpg": pictures()["img/good.jpg"], "any.yaml": []byte(anyProfile)})
	return map[string]string{
		"PREFLIGHT_BASE_URL": srv.URL, "PROGENY_USERNAME": srv.Username, "PROGENY_PASSWORD": srv.Password,
	}, filepath.Join(dir, "good.jpg"), filepath.Join(dir, "any.yaml")
}

// What arrives is upright, as high as the profile has it and without a position.
func TestSubmitSendsNormalized(t *testing.T) {
	srv := progenytest.NewServer(&progenytest.Options{KeepFiles: true})
	env, _, profile := sendingTo(t, srv)
	phone := filepath.Join(put(t, map[string][]byte{"phone.jpg": pictures()["img/phone.jpg"]}), "phone.jpg")
	if r := runWith(t.Context(), nil, env, "submit", "liveness", "-p", profile, phone); r.code != exitOK {
		t.Fatalf("%+v", r)
	}
	var sent [][]byte
	for _, req := range srv.Received() {
		for _, f := range req.Files {
			sent = append(sent, f.Data)
		}
	}
	if len(sent) != 1 {
		t.Fatalf("%d pictures arrived", len(sent))
	}
	r := runWith(t.Context(), sent[0], nil, "check", "--json", "-p", profile, "-")
	for _, want := range []string{`"width":36,"height":48`, `"verdict":"pass"`, `"issues":[]`} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %s in the report of what was sent: %s", want, r.stdout)
		}
	}
	if strings.Contains(r.stdout, `"orientation"`) || strings.Contains(r.stdout, `"gps"`) {
		t.Errorf("what was sent has metadata: %s", r.stdout)
	}
}

// An interrupt says of a picture on its way that it was sent.
func TestSubmitInterrupted(t *testing.T) {
	srv := progenytest.NewServer(nil)
	srv.Script(progenytest.Step{Call: "face_liveness", Fault: progenytest.Pending, Polls: -1})
	env, picture, profile := sendingTo(t, srv)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		// Once the task is asked for, the client knows that the picture arrived.
		asked := func(r progenytest.Request) bool { return r.Call == "task" }
		for !slices.ContainsFunc(srv.Received(), asked) {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	r := runWith(ctx, nil, env, "submit", "liveness", "-p", profile, picture)
	if r.code != exitInterrupted || !strings.Contains(r.stderr, "good.jpg: sent, but there is no result yet: face_liveness task ") {
		t.Errorf("%+v", r)
	}
}

// With credentials that are not taken, the rest is not tried; what is on its
// way at that time is told of.
func TestSubmitStopsWithoutCredentials(t *testing.T) {
	srv := progenytest.NewServer(nil)
	srv.Script(progenytest.Step{Call: "token/obtain", Fault: progenytest.Status, Status: 401})
	env, picture, profile := sendingTo(t, srv)
	args := []string{"submit", "liveness", "-p", profile, "-j", "2"}
	for range 40 {
		args = append(args, picture)
	}
	r := runWith(t.Context(), nil, env, args...)
	if n := strings.Count(r.stderr, "not sent: token/obtain"); r.code != exitAuth || n == 0 || n > 20 {
		t.Errorf("exit code %d, %d pictures were tried: %s", r.code, n, r.stderr)
	}
	if !strings.HasSuffix(r.stderr, "preflight: stopped: the server does not take the credentials\n") {
		t.Error(r.stderr)
	}
	if len(srv.Taken()) != 0 {
		t.Error("a picture was taken")
	}
}

// No secret is shown by anything that goes wrong.
func TestSubmitHidesSecrets(t *testing.T) {
	for _, fault := range progenytest.Faults() {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			srv := progenytest.NewServer(&progenytest.Options{Username: "user-secret-1", Password: "pass-secret-2"})
			srv.Script(progenytest.Step{Nth: 1, Fault: fault, Polls: 1})
			env, picture, profile := sendingTo(t, srv)
			r := runWith(t.Context(), nil, env, "submit", "register", "--json", "--timeout", "2s", "-p", profile, picture)
			if r.stdout == "" || strings.Contains(r.stdout+r.stderr, "-secret-") {
				t.Errorf("%+v", r)
			}
		})
	}
}
