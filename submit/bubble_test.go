package submit_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/preflight-go/preflight/submit"
	"github.com/preflight-go/preflight/submit/progenytest"
)

// bubble runs f with a server in memory and a client of it, under a fake clock. The
// bubble fails the test if a goroutine of either is left.
func bubble(t *testing.T, so *progenytest.Options, co *submit.Options, f func(*testing.T, *progenytest.Server, *submit.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if so == nil {
			so = &progenytest.Options{}
		}
		so.InMemory = true
		srv := progenytest.NewServer(so)
		defer srv.Close()
		f(t, srv, newClient(t, srv, co))
		// A token that is being renewed beforehand is waited for by nobody; its
		// retries end by themselves.
		time.Sleep(10 * time.Minute)
	})
}

func newClient(t testing.TB, srv *progenytest.Server, co *submit.Options) *submit.Client {
	t.Helper()
	if co == nil {
		co = &submit.Options{}
	}
	o := *co
	o.BaseURL, o.HTTPClient = srv.URL, srv.Client()
	o.Credentials = submit.NewCredentials(srv.Username, srv.Password)
	client, err := submit.New(&o)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// selfie is a file that begins as a JPEG does and goes on differently for each n. The
// client looks at no more than the beginning and the server at nothing.
func selfie(n int) []byte {
	return append([]byte("\xff\xd8\xff\xe0"), bytes.Repeat(fmt.Appendf(nil, "%d/", n), 20_000)...)
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// arrivals counts the requests of a call.
func arrivals(srv *progenytest.Server, call string) int {
	n := 0
	for _, r := range srv.Received() {
		if r.Call == call {
			n++
		}
	}
	return n
}

// typed reports whether an error is one of those that the package documents.
func typed(err error) bool {
	for e := err; e != nil; e = errors.Unwrap(e) {
		switch e.(type) { //nolint:errorlint // the loop does the unwrapping
		case *submit.InputError, *submit.AuthError, *submit.APIError, *submit.NetworkError,
			*submit.ProtocolError, *submit.OutcomeUnknownError, *submit.TaskError, *submit.WaitError:
			return true
		}
	}
	return false
}

func as[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

var background = context.Background()
