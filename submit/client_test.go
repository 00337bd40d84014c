package submit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/preflight-go/preflight/submit"
	"github.com/preflight-go/preflight/submit/progenytest"
)

func TestFaceLiveness(t *testing.T) {
	bubble(t, nil, nil, func(t *testing.T, srv *progenytest.Server, client *submit.Client) {
		data := selfie(1)
		r, err := client.FaceLiveness(background, submit.Image{Data: data}, &submit.CallOptions{ExtendData: true})
		if err != nil {
			t.Fatal(err)
		}
		// The numbers of the API's documentation, which the server repeats.
		if !r.Live || *r.Score != 2.59 || *r.Quality != 0.817 || *r.Probability != 0.930 || len(r.Issues) != 0 {
			t.Errorf("got %+v", r)
		}
		if r.Task.Service != submit.ServiceFaceLiveness || !strings.Contains(string(r.Raw), "probability") {
			t.Errorf("task %+v, raw %s", r.Task, r.Raw)
		}

		list := srv.Received()
		var calls []string
		for _, q := range list {
			calls = append(calls, q.Call)
			if q.Method == http.MethodPost && q.ContentLength <= 0 {
				t.Errorf("%s came without its length", q.Call)
			}
		}
		if want := []string{"token/obtain", "face_liveness", "task"}; !slices.Equal(calls, want) {
			t.Errorf("calls %q, want %q", calls, want)
		}
		q := list[1]
		if q.Values["extend_data"] != "true" || len(q.Values) != 1 {
			t.Errorf("values %v", q.Values)
		}
		f := q.Files[0]
		if len(q.Files) != 1 || f.Field != "image" || f.Name != "image.jpg" || f.ContentType != "image/jpeg" || f.SHA256 != sum(data) {
			t.Errorf("file %+v", f)
		}
		if q.Task != r.Task.ID {
			t.Errorf("task %s, the server made %s", r.Task.ID, q.Task)
		}
	})
}

func TestImages(t *testing.T) {
	png := append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 5000)...)
	tests := []struct {
		name  string
		image submit.Image
		file  string // the name sent, "" if it is refused
		typ   string
	}{
		{"jpeg", submit.Image{Data: selfie(1)}, "image.jpg", "image/jpeg"},
		{"png", submit.Image{Data: png}, "image.png", "image/png"},
		{"reader", submit.Image{Reader: bytes.NewReader(png), Size: int64(len(png))}, "image.png", "image/png"},
		{"declared", submit.Image{Data: []byte("GIF89a"), ContentType: "image/jpeg"}, "image.jpg", "image/jpeg"},
		{"gif", submit.Image{Data: []byte("GIF89a")}, "", ""},
		{"declared gif", submit.Image{Data: png, ContentType: "image/gif"}, "", ""},
		{"header injection", submit.Image{Data: png, ContentType: "image/png\r\nX: y"}, "", ""},
		{"empty", submit.Image{Data: []byte{}}, "", ""},
		{"zero", submit.Image{}, "", ""},
		{"one byte", submit.Image{Data: []byte{0xff}}, "", ""},
		{"negative size", submit.Image{Reader: bytes.NewReader(png), Size: -1}, "", ""},
		{"short reader", submit.Image{Reader: bytes.NewReader(png[:4]), Size: 100}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, nil, nil, func(t *testing.T, srv *progenytest.Server, client *submit.Client) {
				_, err := client.StartRegisterFace(background, tt.image, nil)
				if tt.file == "" {
					var input *submit.InputError
					if !errors.As(err, &input) || input.Field != "image" || input.Call != "register_face" {
						t.Errorf("got %v, want an InputError", err)
					}
					if n := len(srv.Received()); n != 0 {
						t.Errorf("%d requests were sent", n)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				f := srv.Received()[1].Files[0]
				if f.Name != tt.file || f.ContentType != tt.typ {
					t.Errorf("sent %q as %q, want %q as %q", f.Name, f.ContentType, tt.file, tt.typ)
				}
			})
		})
	}
}

func TestRegisterFace(t *testing.T) {
	refuse := func(image []byte) progenytest.Verdict {
		if bytes.HasPrefix(image[4:], []byte("2/")) {
			return progenytest.Verdict{Code: "FACE_TOO_CLOSE", Message: "Face is too close"}
		}
		return progenytest.Verdict{}
	}
	bubble(t, &progenytest.Options{Liveness: refuse}, nil, func(t *testing.T, _ *progenytest.Server, client *submit.Client) {
		good, err := client.RegisterFace(background, submit.Image{Data: selfie(1)}, nil)
		if err != nil || len(good.UUID) != 36 || good.Liveness != nil {
			t.Errorf("got %+v, %v", good, err)
		}
		bad, err := client.RegisterFace(background, submit.Image{Data: selfie(2)}, nil)
		if err != nil || bad.UUID != "" || bad.Liveness == nil || bad.Liveness.Live || bad.Liveness.Issues[0].Code != submit.FaceTooClose {
			t.Errorf("got %+v, %v", bad, err)
		}
	})
}

// TestAnswers is about what becomes of a task: the shapes of the documentation and
// those that it leaves open.
func TestAnswers(t *testing.T) {
	tests := []struct {
		name  string
		step  progenytest.Step
		check func(*submit.LivenessResult, error) bool
	}{
		{"refused", progenytest.Step{Fault: progenytest.Issue, Code: "FACE_TOO_SMALL", Message: "m"}, refusedWith("FACE_TOO_SMALL")},
		{"unknown code", progenytest.Step{Fault: progenytest.Issue, Code: "HAT_TOO_TALL"}, refusedWith("HAT_TOO_TALL")},
		{"texts for numbers", progenytest.Step{Fault: progenytest.NumbersAsTexts}, func(r *submit.LivenessResult, err error) bool {
			return err == nil && r.Live && *r.Score == 2.59 && *r.Probability == 0.93
		}},
		{"plain boolean", progenytest.Step{Fault: progenytest.PlainLiveness}, func(r *submit.LivenessResult, err error) bool {
			return err == nil && r.Live && r.Score == nil // absent, not zero
		}},
		{"no result", progenytest.Step{Fault: progenytest.NoResult}, func(r *submit.LivenessResult, err error) bool {
			return err == nil && r.Live && *r.Quality == 0.817
		}},
		{"verdict with status 400", progenytest.Step{
			Fault: progenytest.TaskStatus, Status: 400,
			Body: `{"liveness": {"result": false, "data": {"error": "none", "error_code": "FACE_NOT_FOUND"}}}`,
		}, refusedWith("FACE_NOT_FOUND")},
		{"issues without liveness", progenytest.Step{
			Fault: progenytest.TaskStatus, Status: 200, Body: `{"issues": {"liveness": ["EYES_CLOSED"]}}`,
		}, refusedWith("EYES_CLOSED")},
		{"verdict with status 500", progenytest.Step{Fault: progenytest.TaskStatus, Status: 500, Body: `{"liveness": false}`}, failedWith("SUCCESS", 500)},
		{"status 400", progenytest.Step{Fault: progenytest.TaskStatus, Status: 400}, failedWith("SUCCESS", 400)},
		{"failure", progenytest.Step{Fault: progenytest.Failure}, failedWith("FAILURE", 0)},
		{"failure with a text", progenytest.Step{Fault: progenytest.Failure, Message: "worker lost"}, func(r *submit.LivenessResult, err error) bool {
			var failed *submit.TaskError
			return errors.As(err, &failed) && failed.Detail == "worker lost" && strings.Contains(err.Error(), "worker lost")
		}},
		{"revoked", progenytest.Step{Fault: progenytest.Failure, Code: "REVOKED"}, failedWith("REVOKED", 0)},
		{"strange state first", progenytest.Step{Fault: progenytest.Pending, Polls: 3, Code: "PONDERING"}, func(r *submit.LivenessResult, err error) bool {
			return err == nil && r.Live
		}},
		{"verdict of a wrong type", progenytest.Step{Fault: progenytest.TaskStatus, Status: 200, Body: `{"liveness": {"result": 3}}`}, protocol},
		{"score of a wrong type", progenytest.Step{Fault: progenytest.TaskStatus, Status: 200, Body: `{"liveness": {"result": true, "data": {"score": "NaN"}}}`}, protocol},
		{"no verdict", progenytest.Step{Fault: progenytest.TaskStatus, Status: 200, Body: `{}`}, protocol},
		{"data of a wrong type", progenytest.Step{Fault: progenytest.TaskStatus, Status: 200, Body: `[1]`}, protocol},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, nil, nil, func(t *testing.T, srv *progenytest.Server, client *submit.Client) {
				tt.step.Call = "face_liveness"
				srv.Script(tt.step)
				r, err := client.FaceLiveness(background, submit.Image{Data: selfie(1)}, nil)
				if !tt.check(r, err) {
					t.Errorf("got %+v, %v", r, err)
				}
				if n := arrivals(srv, "face_liveness"); n != 1 {
					t.Errorf("sent %d times", n)
				}
			})
		})
	}
}

func refusedWith(code submit.IssueCode) func(*submit.LivenessResult, error) bool {
	return func(r *submit.LivenessResult, err error) bool {
		return err == nil && !r.Live && r.Score == nil && len(r.Issues) == 1 && r.Issues[0].Code == code && r.Issues[0].Part == "liveness"
	}
}

func failedWith(state string, status int) func(*submit.LivenessResult, error) bool {
	return func(r *submit.LivenessResult, err error) bool {
		var failed *submit.TaskError
		return r == nil && errors.As(err, &failed) && failed.State == state && failed.Status == status &&
			strings.Contains(err.Error(), failed.Task.ID) && failed.Answer != nil
	}
}

func protocol(r *submit.LivenessResult, err error) bool {
	var p *submit.ProtocolError
	return r == nil && errors.As(err, &p) && p.Task.ID != "" && p.Excerpt == ""
}

// TestFaults is the heart of the matter: whatever goes wrong, the error has a type,
// says which call and why, and no image is taken twice.
func TestFaults(t *testing.T) {
	const face, task, obtain = "face_liveness", "task", "token/obtain"
	unknown, plain, waiting, auth := as[*submit.OutcomeUnknownError], as[*submit.APIError], as[*submit.WaitError], as[*submit.AuthError]
	none := func(err error) bool { return err == nil }
	tests := []struct {
		name     string
		step     progenytest.Step
		kind     func(error) bool
		text     []string // in the error
		arrivals int      // of the creation
		taken    int
	}{
		{"creation: reset before the body", progenytest.Step{Call: face, Fault: progenytest.ResetBeforeBody}, unknown, []string{face, "not known whether"}, 1, 0},
		{"creation: reset, nothing done", progenytest.Step{Call: face, Fault: progenytest.LostBeforeWork}, unknown, []string{face, "not known whether"}, 1, 0},
		{"creation: reset, work done", progenytest.Step{Call: face, Fault: progenytest.ResetAfterBody}, unknown, []string{face, "not known whether"}, 1, 1},
		{"creation: 500", progenytest.Step{Call: face, Fault: progenytest.Status}, unknown, []string{face, "500 Internal Server Error"}, 1, 0},
		{"creation: 502, work done", progenytest.Step{Call: face, Fault: progenytest.StatusAfterWork, Status: 502}, unknown, []string{face, "502 Bad Gateway"}, 1, 1},
		{"creation: 503", progenytest.Step{Call: face, Fault: progenytest.Status, Status: 503, RetryAfter: "1"}, unknown, []string{face, "503"}, 1, 0},
		{"creation: 408", progenytest.Step{Call: face, Fault: progenytest.Status, Status: 408}, unknown, []string{face, "408"}, 1, 0},
		{"creation: 303", progenytest.Step{Call: face, Fault: progenytest.Status, Status: 303}, unknown, []string{face, "303"}, 1, 0},
		{"creation: 429", progenytest.Step{Call: face, Fault: progenytest.Status, Status: 429, RetryAfter: "7"}, func(err error) bool {
			var e *submit.APIError
			return errors.As(err, &e) && e.RetryAfter == 7*time.Second && !unknown(err)
		}, []string{face, "429 Too Many Requests"}, 1, 0},
		{"creation: 400", progenytest.Step{Call: face, Fault: progenytest.Status, Status: 400, Body: `{"image": ["Upload a valid image."], "code": "bad"}`}, func(err error) bool {
			var e *submit.APIError
			return errors.As(err, &e) && e.Fields["image"][0] == "Upload a valid image." && e.Code == "bad" && !unknown(err)
		}, []string{face, "400 Bad Request", "image: Upload a valid image."}, 1, 0},
		{"creation: 403", progenytest.Step{Call: face, Fault: progenytest.Status, Status: 403, Body: `{"detail": "Not yours."}`}, plain, []string{face, "403 Forbidden: Not yours."}, 1, 0},
		{"creation: 308", progenytest.Step{Call: face, Fault: progenytest.Status, Status: 308}, func(err error) bool { return as[*submit.ProtocolError](err) && !unknown(err) }, []string{face, "308", "redirects are not followed"}, 1, 0},
		{"creation: HTML", progenytest.Step{Call: face, Fault: progenytest.HTML}, unknown, []string{face, "HTML instead of JSON", "Service temporarily unavailable"}, 1, 0},
		{"creation: wrong types", progenytest.Step{Call: face, Fault: progenytest.WrongTypes}, unknown, []string{face, "no task id"}, 1, 1},
		{"creation: half the JSON", progenytest.Step{Call: face, Fault: progenytest.HalfJSON}, unknown, []string{face, "not JSON, or only a part of it"}, 1, 1},
		{"creation: cut answer", progenytest.Step{Call: face, Fault: progenytest.CutAnswer}, unknown, []string{face, "broke off", "unexpected EOF"}, 1, 1},
		{"creation: too slow", progenytest.Step{Call: face, Delay: time.Hour}, unknown, []string{face, "no complete answer within 2m0s"}, 1, 0},
		{"creation: slow", progenytest.Step{Call: face, Delay: time.Minute}, none, nil, 1, 1},
		{"creation: 401 once", progenytest.Step{Call: face, Nth: 1, Fault: progenytest.TokenNotValid}, none, nil, 2, 1},
		{"creation: 401 always", progenytest.Step{Call: face, Fault: progenytest.TokenNotValid}, auth, []string{face, "401", "does not take a token"}, 2, 0},

		{"task: resets now and then", progenytest.Step{Call: task, Every: 2, Fault: progenytest.ResetAfterBody}, none, nil, 1, 1},
		{"task: resets", progenytest.Step{Call: task, Fault: progenytest.ResetBeforeBody}, func(err error) bool { return waiting(err) && as[*submit.NetworkError](err) }, []string{face, task, "not done after"}, 1, 1},
		{"task: 503 twice", progenytest.Step{Call: task, Every: 2, Fault: progenytest.Status, Status: 503}, none, nil, 1, 1},
		{"task: 500", progenytest.Step{Call: task, Fault: progenytest.Status}, func(err error) bool { return waiting(err) && plain(err) }, []string{task, "500 Internal Server Error"}, 1, 1},
		{"task: 404", progenytest.Step{Call: task, Fault: progenytest.Status, Status: 404}, func(err error) bool { return waiting(err) && plain(err) }, []string{task, "404 Not Found"}, 1, 1},
		{"task: 401", progenytest.Step{Call: task, Fault: progenytest.TokenNotValid}, func(err error) bool { return waiting(err) && auth(err) }, []string{task, "401"}, 1, 1},
		{"task: HTML", progenytest.Step{Call: task, Fault: progenytest.HTML}, func(err error) bool { return waiting(err) && as[*submit.ProtocolError](err) }, []string{task, "HTML instead of JSON"}, 1, 1},
		{"task: wrong types", progenytest.Step{Call: task, Fault: progenytest.WrongTypes}, func(err error) bool { return waiting(err) && as[*submit.ProtocolError](err) }, []string{task, "status of the task is not a text"}, 1, 1},
		{"task: half the JSON", progenytest.Step{Call: task, Fault: progenytest.HalfJSON}, func(err error) bool { return waiting(err) && as[*submit.ProtocolError](err) }, []string{task, "not JSON"}, 1, 1},
		{"task: cut answer", progenytest.Step{Call: task, Nth: 1, Fault: progenytest.CutAnswer}, none, nil, 1, 1},
		{"task: for ever", progenytest.Step{Call: face, Fault: progenytest.Pending, Polls: -1}, func(err error) bool {
			var w *submit.WaitError
			return errors.As(err, &w) && w.Timeout() && w.State == "PENDING" && errors.Is(err, context.DeadlineExceeded) && w.Task.ID != ""
		}, []string{face, "not done after 2m0s", "PENDING", "run out"}, 1, 1},

		{"token: resets", progenytest.Step{Call: obtain, Fault: progenytest.ResetAfterBody}, func(err error) bool { return as[*submit.NetworkError](err) && !unknown(err) }, []string{obtain}, 0, 0},
		{"token: 500 once", progenytest.Step{Call: obtain, Nth: 1, Fault: progenytest.Status}, none, nil, 1, 1},
		{"token: 500", progenytest.Step{Call: obtain, Fault: progenytest.Status}, plain, []string{obtain, "500"}, 0, 0},
		{"token: 401", progenytest.Step{Call: obtain, Fault: progenytest.TokenNotValid}, auth, []string{obtain, "401", "user name and the password"}, 0, 0},
		{"token: 400", progenytest.Step{Call: obtain, Fault: progenytest.Status, Status: 400}, auth, []string{obtain, "400"}, 0, 0},
		{"token: HTML", progenytest.Step{Call: obtain, Fault: progenytest.HTML}, as[*submit.ProtocolError], []string{obtain, "HTML instead of JSON"}, 0, 0},
		{"token: wrong types", progenytest.Step{Call: obtain, Fault: progenytest.WrongTypes}, as[*submit.ProtocolError], []string{obtain, "access is not a token"}, 0, 0},
		{"token: half the JSON", progenytest.Step{Call: obtain, Fault: progenytest.HalfJSON}, as[*submit.ProtocolError], []string{obtain, "not JSON"}, 0, 0},
		{"token: too slow", progenytest.Step{Call: obtain, Delay: time.Hour}, as[*submit.NetworkError], []string{obtain}, 0, 0},
		{"token: 307", progenytest.Step{Call: obtain, Fault: progenytest.Status, Status: 307}, as[*submit.ProtocolError], []string{obtain, "redirects are not followed"}, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, &progenytest.Options{Polls: 1}, nil, func(t *testing.T, srv *progenytest.Server, client *submit.Client) {
				srv.Script(tt.step)
				image := selfie(1)
				_, err := client.FaceLiveness(background, submit.Image{Data: image}, nil)
				if !tt.kind(err) {
					t.Errorf("got %T: %v", err, err)
				}
				if err != nil && !typed(err) {
					t.Errorf("%T is not of a documented type", err)
				}
				for _, s := range tt.text {
					if !strings.Contains(err.Error(), s) {
						t.Errorf("%q is not in %q", s, err)
					}
				}
				if n := arrivals(srv, "face_liveness"); n != tt.arrivals {
					t.Errorf("the creation arrived %d times, want %d", n, tt.arrivals)
				}
				if n := srv.Taken()[sum(image)]; n != tt.taken {
					t.Errorf("the image was taken %d times, want %d", n, tt.taken)
				}
			})
		})
	}
}

// TestServerDown: a connection that was never made is no unknown outcome.
func TestServerDown(t *testing.T) {
	srv := progenytest.NewServer(nil)
	client := newClient(t, srv, nil)
	ctx := context.Background()
	if _, err := client.FaceLiveness(ctx, submit.Image{Data: selfie(1)}, nil); err != nil {
		t.Fatal(err)
	}
	srv.Close()
	_, err := client.FaceLiveness(ctx, submit.Image{Data: selfie(2)}, nil) // the token is there already
	var network *submit.NetworkError
	if !errors.As(err, &network) || as[*submit.OutcomeUnknownError](err) || !strings.HasPrefix(err.Error(), "face_liveness: ") || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v", err)
	}
	if n := srv.Taken()[sum(selfie(2))]; n != 0 {
		t.Errorf("taken %d times by a server that was down", n)
	}
}

// TestRealConnections repeats, over TCP, the faults in which TCP differs from a pipe.
func TestRealConnections(t *testing.T) {
	for _, fault := range []progenytest.Fault{progenytest.ResetBeforeBody, progenytest.LostBeforeWork, progenytest.ResetAfterBody, progenytest.CutAnswer} {
		t.Run(string(fault), func(t *testing.T) {
			srv := progenytest.NewServer(nil)
			defer srv.Close()
			srv.Script(progenytest.Step{Call: "register_face", Fault: fault})
			_, err := newClient(t, srv, nil).RegisterFace(t.Context(), submit.Image{Data: selfie(1)}, nil)
			if !as[*submit.OutcomeUnknownError](err) {
				t.Errorf("got %v", err)
			}
			if n := arrivals(srv, "register_face"); n != 1 {
				t.Errorf("sent %d times", n)
			}
		})
	}
}

// TestRedirect: neither the token nor the image follows a redirect to another host.
func TestRedirect(t *testing.T) {
	var mu sync.Mutex
	var elsewhere int
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		elsewhere++
	}))
	defer other.Close()
	for _, status := range []int{302, 307} {
		for _, call := range []string{"/accounts/", "/services/face", "/services/task"} {
			srv := progenytest.NewServer(nil)
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, call) {
					http.Redirect(w, r, other.URL, status)
					return
				}
				forward(w, r, srv)
			}))
			client, err := submit.New(&submit.Options{
				BaseURL: proxy.URL + "/api/v3", Credentials: submit.NewCredentials(srv.Username, srv.Password),
				// A policy of the caller's that would follow.
				HTTPClient: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }},
			})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.FaceLiveness(t.Context(), submit.Image{Data: selfie(1)}, nil)
			if !as[*submit.ProtocolError](err) || strings.Contains(err.Error(), other.URL) {
				t.Errorf("%d at %s: got %v", status, call, err)
			}
			proxy.Close()
			srv.Close()
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if elsewhere != 0 {
		t.Errorf("%d requests were redirected", elsewhere)
	}
}

// forward sends a request on to the server.
func forward(w http.ResponseWriter, r *http.Request, srv *progenytest.Server) {
	base, _, _ := strings.Cut(srv.URL, "/api/")
	req, err := http.NewRequestWithContext(r.Context(), r.Method, base+r.URL.RequestURI(), r.Body)
	if err != nil {
		panic(err)
	}
	req.Header, req.ContentLength = r.Header, r.ContentLength
	resp, err := srv.Client().Do(req)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer resp.Body.Close()
	w.WriteHeader(resp.StatusCode)
	var b bytes.Buffer
	_, _ = b.ReadFrom(resp.Body)
	_, _ = w.Write(b.Bytes())
}

func TestLongAnswers(t *testing.T) {
	long := `{"detail": "` + strings.Repeat("long ", 100_000) + `"}`
	for _, status := range []int{200, 500} {
		bubble(t, nil, &submit.Options{MaxResponseBytes: 5000}, func(t *testing.T, srv *progenytest.Server, client *submit.Client) {
			srv.Script(progenytest.Step{Call: "face_liveness", Fault: progenytest.Status, Status: status, Body: long})
			_, err := client.FaceLiveness(background, submit.Image{Data: selfie(1)}, nil)
			var unknown *submit.OutcomeUnknownError
			if !errors.As(err, &unknown) || len(err.Error()) > 600 {
				t.Errorf("%d: got %.1000v", status, err)
			}
			if status == 200 && !strings.Contains(err.Error(), "longer than 5000 bytes") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestStartAndWait: a task that one client started can be waited for by another.
func TestStartAndWait(t *testing.T) {
	bubble(t, nil, nil, func(t *testing.T, srv *progenytest.Server, client *submit.Client) {
		task, err := client.StartFaceLiveness(background, submit.Image{Data: selfie(1)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := newClient(t, srv, nil).Wait(background, task)
		if err != nil {
			t.Fatal(err)
		}
		r, err := answer.Liveness()
		if err != nil || !r.Live || r.Task != task {
			t.Errorf("got %+v, %v", r, err)
		}
		_, err = client.Wait(background, submit.Task{ID: "00000000-0000-4000-8000-000000000000", Service: task.Service})
		var refusal *submit.APIError
		if !errors.As(err, &refusal) || refusal.Status != 404 || !as[*submit.WaitError](err) {
			t.Errorf("unknown task: %v", err)
		}
		for _, id := range []string{"", "a b", "../x", strings.Repeat("a", 101), "a\nb"} {
			if _, err := client.Wait(background, submit.Task{ID: id}); !as[*submit.InputError](err) {
				t.Errorf("Wait(%q): %v", id, err)
			}
		}
	})
}

// TestWaitGoesOn: an ended wait holds the task, and the next one gets the result.
func TestWaitGoesOn(t *testing.T) {
	bubble(t, nil, nil, func(t *testing.T, srv *progenytest.Server, client *submit.Client) {
		srv.Script(progenytest.Step{Call: "face_liveness", Fault: progenytest.Pending, Polls: 8})
		image := selfie(1)
		ctx, cancel := context.WithTimeout(background, 3*time.Second)
		defer cancel()
		_, err := client.FaceLiveness(ctx, submit.Image{Data: image}, nil)
		var wait *submit.WaitError
		if !errors.As(err, &wait) || !errors.Is(err, submit.ErrPollDeadline) {
			t.Fatalf("got %v", err)
		}
		ctx, cancel = context.WithCancel(background)
		time.AfterFunc(time.Second, cancel)
		if _, err = client.Wait(ctx, wait.Task); !errors.Is(err, context.Canceled) || errors.Is(err, submit.ErrPollDeadline) || !errors.As(err, &wait) {
			t.Fatalf("got %v", err)
		}
		answer, err := client.Wait(background, wait.Task)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := answer.Liveness(); err != nil || !r.Live {
			t.Errorf("got %+v, %v", r, err)
		}
		if n := srv.Taken()[sum(image)]; n != 1 {
			t.Errorf("taken %d times", n)
		}
	})
}

// TestPollIntervals: 0.5 s at first, half as much again each time, 5 s in the end, each
// 20 % more or less.
func TestPollIntervals(t *testing.T) {
	bubble(t, nil, nil, func(t *testing.T, srv *progenytest.Server, client *submit.Client) {
		srv.Script(progenytest.Step{Call: "face_liveness", Fault: progenytest.Pending, Polls: -1})
		_, err := client.FaceLiveness(background, submit.Image{Data: selfie(1)}, nil)
		if !errors.Is(err, submit.ErrPollDeadline) {
			t.Fatal(err)
		}
		var last time.Time
		want := 500 * time.Millisecond
		polls := 0
		for _, r := range srv.Received() {
			if r.Call == "task" {
				if d := r.At.Sub(last); polls > 0 && (d < want*8/10 || d > want*12/10) {
					t.Errorf("pause %d: %v, want %v within 20 %%", polls, d, want)
				}
				if polls > 0 {
					want = min(want*3/2, 5*time.Second)
				}
				polls++
			}
			last = r.At
		}
		// 0.5 s growing by half reaches 5 s after 11.0 s and 6 pauses; 109 s more at 5 s
		// within 20 % are 18 to 27 pauses, and the first 6 vary by about one.
		if polls < 23 || polls > 34 {
			t.Errorf("%d looks in two minutes", polls)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	epoch := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // where a bubble's clock begins
	tests := []struct {
		header   string
		min, max time.Duration
	}{
		{"", 0, 250 * time.Millisecond},
		{"9", 9 * time.Second, 9 * time.Second},
		{"0", 0, 250 * time.Millisecond},
		{"-5", 0, 250 * time.Millisecond},
		{"soon", 0, 250 * time.Millisecond},
		{"86400", 30 * time.Second, 30 * time.Second},
		{"99999999999999999999", 0, 250 * time.Millisecond},
		{epoch.Add(12 * time.Second).Format(http.TimeFormat), 12 * time.Second, 12 * time.Second},
		{epoch.Add(-time.Hour).Format(http.TimeFormat), 0, 250 * time.Millisecond},
		{epoch.AddDate(1, 0, 0).Format(http.TimeFormat), 30 * time.Second, 30 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.header, func(t *testing.T) {
			bubble(t, nil, nil, func(t *testing.T, srv *progenytest.Server, client *submit.Client) {
				srv.Script(progenytest.Step{Call: "token/obtain", Nth: 1, Fault: progenytest.Status, Status: 429, RetryAfter: tt.header})
				if _, err := client.StartFaceLiveness(background, submit.Image{Data: selfie(1)}, nil); err != nil {
					t.Fatal(err)
				}
				list := srv.Received()
				if d := list[1].At.Sub(list[0].At); d < tt.min || d > tt.max {
					t.Errorf("repeated after %v, want %v to %v", d, tt.min, tt.max)
				}
			})
		})
	}
}

// TestRetriesAreBounded counts the attempts of a call that always fails.
func TestRetriesAreBounded(t *testing.T) {
	for _, call := range []string{"token/obtain", "task"} {
		bubble(t, nil, nil, func(t *testing.T, srv *progenytest.Server, client *submit.Client) {
			srv.Script(progenytest.Step{Call: call, Fault: progenytest.Status, Status: 503})
			_, err := client.FaceLiveness(background, submit.Image{Data: selfie(1)}, nil)
			if !as[*submit.APIError](err) {
				t.Errorf("got %v", err)
			}
			if n := arrivals(srv, call); n != 4 {
				t.Errorf("%s was tried %d times, want 4", call, n)
			}
		})
	}
}

// TestCancelUpload: a caller that gives up in the middle gets its image back at once,
// to do with it what it likes (the race detector watches), and an unknown outcome.
func TestCancelUpload(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := progenytest.NewServer(nil)
	defer srv.Close()
	began := make(chan struct{})
	release := make(chan struct{})
	slow := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/services/") {
			_, _ = r.Body.Read(make([]byte, 100)) // and no more
			close(began)
			<-release
			return
		}
		forward(w, r, srv)
	})}
	go func() { _ = slow.Serve(l) }()
	defer slow.Close()
	defer close(release)
	client, err := submit.New(&submit.Options{
		BaseURL:     "http://" + l.Addr().String() + "/api/v3",
		Credentials: submit.NewCredentials(srv.Username, srv.Password),
	})
	if err != nil {
		t.Fatal(err)
	}
	data := append([]byte("\xff\xd8\xff"), make([]byte, 16<<20)...) // more than socket buffers hold
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-began
		cancel()
	}()
	_, err = client.FaceLiveness(ctx, submit.Image{Data: data}, nil)
	clear(data)
	var unknown *submit.OutcomeUnknownError
	if !errors.As(err, &unknown) || !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if unknown.Sent <= 0 || unknown.Sent >= unknown.Size || unknown.Size < int64(len(data)) {
		t.Errorf("sent %d of %d bytes", unknown.Sent, unknown.Size)
	}
}

// TestLateReader: a transport that goes on reading after it has failed gets nothing more
// of the caller's image.
func TestLateReader(t *testing.T) {
	var late io.Reader
	client, err := submit.New(&submit.Options{
		Credentials: submit.NewCredentials("u", "p"),
		HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(r.URL.Path, "/face_liveness/") {
				r.Body.Close()
				return respond(200, `{"access": "a"}`), nil
			}
			if r.GetBody != nil {
				t.Error("net/http could send the body again by itself")
			}
			late = r.Body
			_, _ = r.Body.Read(make([]byte, 500))
			return nil, errors.New("broken")
		})},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.FaceLiveness(t.Context(), submit.Image{Data: selfie(1)}, nil)
	var unknown *submit.OutcomeUnknownError
	if !errors.As(err, &unknown) || unknown.Sent <= 0 || unknown.Sent > 500 {
		t.Errorf("got %v", err)
	}
	if n, err := late.Read(make([]byte, 500)); n != 0 || err == nil || errors.Is(err, io.EOF) {
		t.Errorf("read %d bytes more, error %v", n, err)
	}
}

// TestDoneContext: nothing is sent for a caller that has given up already.
func TestDoneContext(t *testing.T) {
	bubble(t, nil, nil, func(t *testing.T, srv *progenytest.Server, client *submit.Client) {
		if _, err := client.FaceLiveness(background, submit.Image{Data: selfie(1)}, nil); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(background)
		cancel()
		_, err := client.FaceLiveness(ctx, submit.Image{Data: selfie(2)}, nil)
		if !as[*submit.NetworkError](err) || as[*submit.OutcomeUnknownError](err) || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if n := arrivals(srv, "face_liveness"); n != 1 {
			t.Errorf("%d creations arrived, want the first only", n)
		}
	})
}

// TestManyFaults makes many calls at once, of which each may meet any fault.
func TestManyFaults(t *testing.T) {
	bubble(t, &progenytest.Options{Polls: 1, AccessLife: 10 * time.Second}, nil, func(t *testing.T, srv *progenytest.Server, client *submit.Client) {
		rnd := rand.New(rand.NewPCG(1, 2))
		// First, so that no other fault hides it: some waits must run out.
		srv.Script(progenytest.Step{Call: "face_liveness", Every: 20, Fault: progenytest.Pending, Polls: -1})
		for _, f := range progenytest.Faults() {
			st := progenytest.Step{Every: 11 + rnd.IntN(40), Fault: f, Polls: -1}
			if f != progenytest.Pending && rnd.IntN(2) == 0 {
				st.Delay = time.Duration(rnd.IntN(3000)) * time.Millisecond
			}
			srv.Script(st)
		}
		const callers, each = 64, 8
		var mu sync.Mutex
		outcomes := map[string]int{}
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				for j := range each {
					n := i*each + j
					r, err := client.FaceLiveness(background, submit.Image{Data: selfie(n)}, nil)
					if (r == nil) != (err != nil) || err != nil && !typed(err) {
						t.Errorf("call %d: %v, %T %v", n, r, err, err)
					}
					mu.Lock()
					outcomes[fmt.Sprintf("%T", err)]++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for hash, n := range srv.Taken() {
			if n > 1 {
				t.Errorf("image %.8s was taken %d times", hash, n)
			}
		}
		// Without both kinds of end the test has tested nothing.
		if outcomes["<nil>"] == 0 || outcomes["*submit.OutcomeUnknownError"] == 0 || outcomes["*submit.WaitError"] == 0 {
			t.Errorf("outcomes: %v", outcomes)
		}
		t.Logf("outcomes: %v", outcomes)
		synctest.Wait()
	})
}

// A page of a proxy between two answers to the same question does not end the
// waiting, and the picture is not sent again.
func TestWaitBearsAPageInBetween(t *testing.T) {
	bubble(t, nil, nil, func(t *testing.T, srv *progenytest.Server, c *submit.Client) {
		srv.Script(progenytest.Step{Call: "task", Nth: 1, Fault: progenytest.HTML})
		res, err := c.FaceLiveness(t.Context(), submit.Image{Data: selfie(1)}, nil)
		if err != nil || !res.Live {
			t.Errorf("%+v, %v; want a live face", res, err)
		}
		if n := arrivals(srv, "face_liveness"); n != 1 {
			t.Errorf("%d pictures arrived, want 1", n)
		}
	})
}
