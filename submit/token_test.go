package submit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/preflight-go/preflight/submit"
	"github.com/preflight-go/preflight/submit/progenytest"
)

// start starts one task and fails the test if it cannot.
func start(t *testing.T, client *submit.Client) {
	t.Helper()
	if _, err := client.StartFaceLiveness(background, submit.Image{Data: selfie(1)}, nil); err != nil {
		t.Fatal(err)
	}
}

// tokenCalls counts the token calls: obtaining and refreshing.
func tokenCalls(srv *progenytest.Server) [2]int {
	return [2]int{arrivals(srv, "token/obtain"), arrivals(srv, "token/refresh")}
}

// TestTokenAges: a token is used for 80 % of its life and then refreshed, by the
// rotated refresh token each time, whatever the server's clock says.
func TestTokenAges(t *testing.T) {
	const life = 10 * time.Minute // not the default, so that the claims must be read
	for _, tt := range []struct {
		name string
		opts progenytest.Options
	}{
		{"same clock", progenytest.Options{}},
		{"server ahead", progenytest.Options{ClockSkew: 3 * time.Hour}},
		{"server behind", progenytest.Options{ClockSkew: -3 * time.Hour}},
		{"without iat", progenytest.Options{OmitIssuedAt: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.AccessLife = life
			bubble(t, &tt.opts, nil, func(t *testing.T, srv *progenytest.Server, client *submit.Client) {
				start(t, client)
				for round := range 5 {
					time.Sleep(life*8/10 - 5*time.Second)
					start(t, client)
					if got, want := tokenCalls(srv), [2]int{1, round}; got != want {
						t.Fatalf("round %d, before 80 %%: %v obtained and refreshed, want %v", round, got, want)
					}
					time.Sleep(6 * time.Second)
					start(t, client)
					if got, want := tokenCalls(srv), [2]int{1, round + 1}; got != want {
						t.Fatalf("round %d, after 80 %%: %v obtained and refreshed, want %v", round, got, want)
					}
				}
			})
		})
	}
}

func TestTokenRenewals(t *testing.T) {
	tests := []struct {
		name   string
		script []progenytest.Step
		wait   time.Duration // between the first call and the second
		revoke func(*progenytest.Server)
		want   [2]int // obtained, refreshed
	}{
		{"access revoked", nil, 0, (*progenytest.Server).RevokeAccess, [2]int{1, 1}},
		{"all revoked", nil, 0, (*progenytest.Server).RevokeTokens, [2]int{2, 1}},
		{"refresh token expired", nil, 15 * 24 * time.Hour, nil, [2]int{2, 1}},
		{"refresh token lost in the answer", []progenytest.Step{{Call: "token/refresh", Nth: 1, Fault: progenytest.ResetAfterBody}}, 4 * time.Minute, nil, [2]int{2, 2}},
		{"refreshing is slow", []progenytest.Step{{Call: "token/refresh", Delay: 10 * time.Second}}, 4 * time.Minute, nil, [2]int{1, 1}},
		// Between 80 % and 100 % of its life the old token will do.
		{"refreshing is down", []progenytest.Step{{Call: "token/refresh", Fault: progenytest.Status}}, 4 * time.Minute, nil, [2]int{1, 4}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, nil, nil, func(t *testing.T, srv *progenytest.Server, client *submit.Client) {
				srv.Script(tt.script...)
				start(t, client)
				time.Sleep(tt.wait)
				if tt.revoke != nil {
					tt.revoke(srv)
				}
				start(t, client)
				if got := tokenCalls(srv); got != tt.want {
					t.Errorf("%v obtained and refreshed, want %v", got, tt.want)
				}
			})
		})
	}
}

// TestOneRenewal: 64 callers, one renewal, and the one who gives up takes nobody along.
func TestOneRenewal(t *testing.T) {
	for _, tt := range []struct {
		name   string
		before func(*testing.T, *progenytest.Server, *submit.Client)
		want   [2]int
	}{
		{"first", func(*testing.T, *progenytest.Server, *submit.Client) {}, [2]int{1, 0}},
		{"aged", func(t *testing.T, _ *progenytest.Server, c *submit.Client) {
			start(t, c)
			time.Sleep(4*time.Minute + time.Second)
		}, [2]int{1, 1}},
		{"revoked", func(t *testing.T, s *progenytest.Server, c *submit.Client) {
			start(t, c)
			s.RevokeAccess()
		}, [2]int{1, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, &progenytest.Options{Latency: 2 * time.Second}, nil, func(t *testing.T, srv *progenytest.Server, client *submit.Client) {
				tt.before(t, srv, client)
				// The first to ask gives up while the renewal is under way: at 1 s of the 2
				// that the token call takes or, where a 401 comes before it, at 3 s.
				ctx, cancel := context.WithTimeout(background, time.Second)
				if tt.name == "revoked" {
					ctx, cancel = context.WithTimeout(background, 3*time.Second)
				}
				defer cancel()
				var wg sync.WaitGroup
				wg.Go(func() {
					_, err := client.StartFaceLiveness(ctx, submit.Image{Data: selfie(1)}, nil)
					if !errors.Is(err, context.DeadlineExceeded) || !as[*submit.NetworkError](err) || as[*submit.OutcomeUnknownError](err) {
						t.Errorf("the impatient caller got %v", err)
					}
				})
				synctest.Wait()
				for range 63 {
					wg.Go(func() { start(t, client) })
				}
				wg.Wait()
				if got := tokenCalls(srv); got != tt.want {
					t.Errorf("%v obtained and refreshed, want %v", got, tt.want)
				}
			})
		})
	}
}

// TestWrongPassword: one answer is enough, and every waiting caller gets it.
func TestWrongPassword(t *testing.T) {
	bubble(t, &progenytest.Options{Latency: time.Second}, nil, func(t *testing.T, srv *progenytest.Server, _ *submit.Client) {
		client, err := submit.New(&submit.Options{
			BaseURL: srv.URL, HTTPClient: srv.Client(), Credentials: submit.NewCredentials(srv.Username, "wrong"),
		})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, err := client.FaceLiveness(background, submit.Image{Data: selfie(1)}, nil)
				var auth *submit.AuthError
				if !errors.As(err, &auth) || auth.Status != http.StatusUnauthorized || auth.Call != "token/obtain" {
					t.Errorf("got %v", err)
				}
			})
		}
		wg.Wait()
		if got := tokenCalls(srv); got != [2]int{1, 0} {
			t.Errorf("%v obtained and refreshed, want one attempt", got)
		}
	})
}

// TestUnrotatedRefreshToken: a server that gives no new refresh token lets the old one
// live on.
func TestUnrotatedRefreshToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls []string
		client, err := submit.New(&submit.Options{
			Credentials: submit.NewCredentials("u", "p"),
			HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				b, err := io.ReadAll(r.Body)
				if err != nil {
					return nil, err
				}
				switch path.Base(r.URL.Path) {
				case "obtain":
					calls = append(calls, "obtain")
					return respond(200, `{"access": "opaque-1", "refresh": "the-only-one"}`), nil
				case "refresh":
					calls = append(calls, fmt.Sprint("refresh ", bytes.Contains(b, []byte("\r\n\r\nthe-only-one\r\n"))))
					return respond(200, `{"access": "opaque-2"}`), nil
				}
				return respond(200, `{"id": "d3da2b7a"}`), nil
			})},
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			start(t, client)
			time.Sleep(5 * time.Minute) // the life of a token that cannot be read
		}
		if want := []string{"obtain", "refresh true", "refresh true"}; !slices.Equal(calls, want) {
			t.Errorf("got %q, want %q", calls, want)
		}
	})
}

// A roundTripper is a transport made of a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func respond(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

// TestTokenOutageWhilePolling: a call for a token has its repetitions; the poll that
// needs the token does not multiply them, and does not lose the task.
func TestTokenOutageWhilePolling(t *testing.T) {
	bubble(t, nil, nil, func(t *testing.T, srv *progenytest.Server, client *submit.Client) {
		task, err := client.StartFaceLiveness(background, submit.Image{Data: selfie(1)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		srv.RevokeAccess()
		srv.Script(progenytest.Step{Call: "token/refresh", Fault: progenytest.LostBeforeWork})
		_, err = client.Wait(background, task)
		var wait *submit.WaitError
		var network *submit.NetworkError
		if !errors.As(err, &wait) || wait.Task != task || !errors.As(err, &network) || network.Call != "token/refresh" {
			t.Errorf("got %v", err)
		}
		if got := tokenCalls(srv); got != [2]int{1, 4} {
			t.Errorf("%v obtained and refreshed, want 4 attempts at refreshing", got)
		}
	})
}

// TestTokenAnswersAreNotShown: not a word of them, as they may repeat the password in
// some other form.
func TestTokenAnswersAreNotShown(t *testing.T) {
	for _, status := range []int{200, 302, 400, 401, 403, 404, 418, 500} {
		for _, body := range []string{`{"detail": "server words"}`, `{"password": ["server words"]}`, "<title>server words</title>", "server words"} {
			bubble(t, nil, nil, func(t *testing.T, srv *progenytest.Server, client *submit.Client) {
				srv.Script(progenytest.Step{Call: "token/obtain", Fault: progenytest.Status, Status: status, Body: body})
				_, err := client.FaceLiveness(background, submit.Image{Data: selfie(1)}, nil)
				if !typed(err) || strings.Contains(err.Error(), "server words") {
					t.Errorf("%d %s: got %v", status, body, err)
				}
			})
		}
	}
}
