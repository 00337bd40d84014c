package progenytest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/preflight-go/preflight/submit/progenytest"
)

// A part is a value, or a file if its name begins with "@".
type part struct{ name, text string }

// post sends a form as any HTTP client would and returns the status and the JSON.
func post(t *testing.T, srv *progenytest.Server, path, token string, parts ...part) (int, map[string]any) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		if name, isFile := strings.CutPrefix(p.name, "@"); isFile {
			pw, err := w.CreatePart(textproto.MIMEHeader{
				"Content-Disposition": {`form-data; name="` + name + `"; filename="a.jpg"`}, "Content-Type": {"image/jpeg"},
			})
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(pw, p.text)
		} else if err := w.WriteField(p.name, p.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return do(t, srv, http.MethodPost, path, token, w.FormDataContentType(), &b)
}

func do(t *testing.T, srv *progenytest.Server, method, path, token, contentType string, body io.Reader) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequest(method, srv.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var m map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&m); err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return resp.StatusCode, m
}

// obtain returns an access and a refresh token.
func obtain(t *testing.T, srv *progenytest.Server) (access, refresh string) {
	t.Helper()
	status, m := post(t, srv, "/accounts/token/obtain/", "", part{"username", srv.Username}, part{"password", srv.Password})
	if status != 200 {
		t.Fatalf("obtain: %d %v", status, m)
	}
	return m["access"].(string), m["refresh"].(string)
}

// TestServices sends each service a right form and reads the task.
func TestServices(t *testing.T) {
	face, front, back := part{"@selfie_image", "s"}, part{"@front_id", "f"}, part{"@back_id", "b"}
	passport, img, extend := part{"@passport_image", "p"}, part{"@image", "i"}, part{"extend_data", "true"}
	tests := []struct {
		service string
		form    []part
		has     []string // members of the data
	}{
		{"register_face", []part{img}, []string{"uuid"}},
		{"authenticate_face", []part{img, {"uuid", "d3da2b7a-0000-4000-8000-000000000000"}}, []string{"authentication", "liveness"}},
		{"face_liveness", []part{img, {"extend_data", "False"}}, []string{"liveness"}},
		{"ocr_card", []part{front, back, extend}, []string{"document"}},
		{"ocr_passport", []part{passport, extend}, []string{"document"}},
		{"kyc_card", []part{face, front, back, extend}, []string{"compare", "document", "liveness"}},
		{"kyc_passport", []part{face, passport, extend}, []string{"compare", "document", "liveness"}},
		{"kyc_card_with_background_check", []part{face, front, back, extend}, []string{"background_check", "compare", "document", "liveness"}},
		{"kyc_passport_with_background_check", []part{face, passport, extend}, []string{"background_check", "compare", "document", "liveness"}},
		{"background_check", []part{{"fullname", "Jane Sample"}, {"birth_date", "1991-09-24"}}, nil},
	}
	if got, want := len(progenytest.Calls()), len(tests)+3; got != want {
		t.Errorf("%d calls, %d are tested", got, want)
	}
	srv := progenytest.NewServer(&progenytest.Options{Polls: 1})
	defer srv.Close()
	access, _ := obtain(t, srv)
	for _, tt := range tests {
		status, m := post(t, srv, "/services/"+tt.service+"/", access, tt.form...)
		id, _ := m["id"].(string)
		if status != 200 || len(id) != 36 {
			t.Errorf("%s: %d %v", tt.service, status, m)
			continue
		}
		status, m = do(t, srv, http.MethodGet, "/services/task/?id="+id, access, "", nil)
		if status != 200 || m["status"] != "PENDING" {
			t.Errorf("%s, first look: %d %v", tt.service, status, m)
		}
		status, m = do(t, srv, http.MethodGet, "/services/task/?id="+id, access, "", nil)
		if _, isNumber := m["id"].(float64); status != 200 || m["status"] != "SUCCESS" || !isNumber {
			t.Errorf("%s, second look: %d %v", tt.service, status, m)
		}
		if tt.service == "background_check" {
			if m["background_check"] == nil || m["result"] != nil {
				t.Errorf("background_check: %v", m)
			}
			continue
		}
		data, _ := m["result"].(map[string]any)["data"].(map[string]any)
		var has []string
		for name := range data {
			has = append(has, name)
		}
		slices.Sort(has)
		if !slices.Equal(has, tt.has) {
			t.Errorf("%s has %v, want %v", tt.service, has, tt.has)
		}
	}
}

// TestValidation: the complaints are those of Django REST framework, field by field.
func TestValidation(t *testing.T) {
	const notFile = "The submitted data was not a file. Check the encoding type on the form."
	tests := []struct {
		service string
		form    []part
		want    map[string]any
	}{
		{"face_liveness", nil, map[string]any{"image": []any{"No file was submitted."}}},
		{"face_liveness", []part{{"image", "text"}}, map[string]any{"image": []any{notFile}}},
		{"face_liveness", []part{{"@image", ""}}, map[string]any{"image": []any{"The submitted file is empty."}}},
		{"face_liveness", []part{{"@image", "x"}, {"extend_data", "maybe"}}, map[string]any{"extend_data": []any{"Must be a valid boolean."}}},
		{"authenticate_face", []part{{"image", "x"}}, map[string]any{"image": []any{notFile}, "uuid": []any{"This field is required."}}},
		{"authenticate_face", []part{{"@image", "x"}, {"uuid", "7"}}, map[string]any{"uuid": []any{"Must be a valid UUID."}}},
		{"authenticate_face", []part{{"@image", "x"}, {"uuid", ""}}, map[string]any{"uuid": []any{"This field may not be blank."}}},
		{"ocr_card", []part{{"@front_id", "x"}}, map[string]any{"back_id": []any{"No file was submitted."}, "extend_data": []any{"This field is required."}}},
		{"background_check", []part{{"fullname", "J"}, {"birth_date", "24.9.1991"}}, map[string]any{
			"birth_date": []any{"Date has wrong format. Use one of these formats instead: YYYY-MM-DD."},
		}},
	}
	srv := progenytest.NewServer(nil)
	defer srv.Close()
	access, _ := obtain(t, srv)
	for _, tt := range tests {
		status, got := post(t, srv, "/services/"+tt.service+"/", access, tt.form...)
		if status != 400 || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s %v: %d %v, want 400 %v", tt.service, tt.form, status, got, tt.want)
		}
	}
	if n := len(srv.Taken()); n != 0 {
		t.Errorf("%d images were taken", n)
	}
}

func TestRefusals(t *testing.T) {
	srv := progenytest.NewServer(nil)
	defer srv.Close()
	access, refresh := obtain(t, srv)
	face := "/services/face_liveness/"
	for _, tt := range []struct {
		name   string
		ask    func() (int, map[string]any)
		status int
		detail string
	}{
		{"wrong password", func() (int, map[string]any) {
			return post(t, srv, "/accounts/token/obtain/", "", part{"username", srv.Username}, part{"password", "no"})
		}, 401, "No active account found with the given credentials"},
		{"no password", func() (int, map[string]any) {
			return post(t, srv, "/accounts/token/obtain/", "", part{"username", srv.Username})
		}, 400, ""},
		{"no token", func() (int, map[string]any) { return post(t, srv, face, "", part{"@image", "x"}) }, 401, "Authentication credentials were not provided."},
		{"a refresh token for an access token", func() (int, map[string]any) { return post(t, srv, face, refresh, part{"@image", "x"}) }, 401, "Given token not valid for any token type"},
		{"GET of a service", func() (int, map[string]any) { return do(t, srv, http.MethodGet, face, access, "", nil) }, 405, `Method "GET" not allowed.`},
		{"JSON", func() (int, map[string]any) {
			return do(t, srv, http.MethodPost, face, access, "application/json", strings.NewReader("{}"))
		}, 415, "Unsupported media type in request."},
		{"half a form", func() (int, map[string]any) {
			return do(t, srv, http.MethodPost, face, access, "multipart/form-data; boundary=b", strings.NewReader("--b\r\nContent-Disp"))
		}, 400, "Multipart form parse error - Invalid boundary in multipart: None"},
		{"no such service", func() (int, map[string]any) { return post(t, srv, "/services/horoscope/", access) }, 404, "Not found."},
		{"no slash", func() (int, map[string]any) { return post(t, srv, "/services/face_liveness", access) }, 404, "Not found."},
		{"no such task", func() (int, map[string]any) {
			return do(t, srv, http.MethodGet, "/services/task/?id=x", access, "", nil)
		}, 404, "Not found."},
		{"task without id", func() (int, map[string]any) {
			return do(t, srv, http.MethodGet, "/services/task/", access, "", nil)
		}, 400, ""},
		{"too large", func() (int, map[string]any) {
			return post(t, srv, face, access, part{"extend_data", strings.Repeat("x", 1<<20+1)})
		}, 413, "Request body is too large."},
	} {
		status, m := tt.ask()
		got, _ := m["detail"].(string)
		if status != tt.status || got != tt.detail {
			t.Errorf("%s: %d %v, want %d %s", tt.name, status, m, tt.status, tt.detail)
		}
	}
}

// TestTokens: they age, and a refresh token is good for one use.
func TestTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := progenytest.NewServer(&progenytest.Options{InMemory: true})
		defer srv.Close()
		task := func(access string) int {
			status, _ := do(t, srv, http.MethodGet, "/services/task/?id=x", access, "", nil)
			return status
		}
		access, refresh := obtain(t, srv)
		time.Sleep(5*time.Minute - time.Second)
		if got := task(access); got != 404 {
			t.Errorf("token of 4:59 minutes: %d", got)
		}
		time.Sleep(time.Second)
		if got := task(access); got != 401 {
			t.Errorf("token of 5 minutes: %d", got)
		}
		status, m := post(t, srv, "/accounts/token/refresh/", "", part{"refresh", refresh})
		if status != 200 || task(m["access"].(string)) != 404 || m["refresh"] == refresh {
			t.Errorf("refresh: %d %v", status, m)
		}
		if status, m := post(t, srv, "/accounts/token/refresh/", "", part{"refresh", refresh}); status != 401 {
			t.Errorf("refresh token used twice: %d %v", status, m)
		}
		time.Sleep(14 * 24 * time.Hour)
		if status, _ := post(t, srv, "/accounts/token/refresh/", "", part{"refresh", m["refresh"].(string)}); status != 401 {
			t.Errorf("refresh token of 14 days: %d", status)
		}
	})
}

// TestFaults looks at each fault of the connection as it arrives at a plain client.
func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		step  progenytest.Step
		want  string // the answer, or the beginning of it; "error" for none
		taken bool
	}{
		{progenytest.Step{Fault: progenytest.ResetBeforeBody}, "error", false},
		{progenytest.Step{Fault: progenytest.LostBeforeWork}, "error", false},
		{progenytest.Step{Fault: progenytest.ResetAfterBody}, "error", true},
		{progenytest.Step{Fault: progenytest.Status}, "500 <h1>Internal Server Error (500)</h1>", false},
		{progenytest.Step{Fault: progenytest.Status, Status: 429}, `429 {"detail": "Too Many Requests."}`, false},
		{progenytest.Step{Fault: progenytest.Status, Status: 418, Body: "tea"}, "418 tea", false},
		{progenytest.Step{Fault: progenytest.StatusAfterWork, Status: 502}, "502 <h1>Bad Gateway (502)</h1>", true},
		{progenytest.Step{Fault: progenytest.HTML}, "200 <!DOCTYPE html>", false},
		{progenytest.Step{Fault: progenytest.HTML, Status: 503}, "503 <!DOCTYPE html>", false},
		{progenytest.Step{Fault: progenytest.TokenNotValid}, `401 {"code":"token_not_valid"`, false},
		{progenytest.Step{Fault: progenytest.WrongTypes}, `200 {"access":5`, true},
		{progenytest.Step{Fault: progenytest.HalfJSON}, `200 {"id":"`, true},
		{progenytest.Step{Fault: progenytest.CutAnswer}, `200 {"id":"`, true},
		{progenytest.Step{Delay: time.Millisecond}, `200 {"id":"`, true},
	} {
		for _, inMemory := range []bool{false, true} {
			srv := progenytest.NewServer(&progenytest.Options{InMemory: inMemory, KeepFiles: true})
			access, _ := obtain(t, srv)
			tt.step.Call = "face_liveness"
			srv.Script(tt.step)
			form := "--b\r\nContent-Disposition: form-data; name=image; filename=i\r\n\r\nx\r\n--b--\r\n"
			req, err := http.NewRequest(http.MethodPost, srv.URL+"/services/face_liveness/", strings.NewReader(form))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
			req.Header.Set("Authorization", "Bearer "+access)
			got := "error"
			resp, err := srv.Client().Do(req)
			if err == nil {
				b, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				got = resp.Status[:3] + " " + string(b)
				if cut := errors.Is(err, io.ErrUnexpectedEOF); cut != (tt.step.Fault == progenytest.CutAnswer) {
					t.Errorf("%s: body ends with %v", tt.step.Fault, err)
				}
				if json.Valid(b) && tt.step.Fault == progenytest.HalfJSON {
					t.Errorf("%s: %s is whole", tt.step.Fault, b)
				}
			}
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("%s: got %q, want %q", tt.step.Fault, got, tt.want)
			}
			list := srv.Received()
			r := list[len(list)-1]
			if (r.Task != "") != tt.taken || (r.Status == 0) != (tt.want == "error") || r.Fault != tt.step.Fault {
				t.Errorf("%s: recorded %+v", tt.step.Fault, r)
			}
			if tt.step.Fault != progenytest.ResetBeforeBody && (len(r.Files) != 1 || string(r.Files[0].Data) != "x" || !r.Complete) {
				t.Errorf("%s: recorded files %+v", tt.step.Fault, r.Files)
			}
			srv.Close()
		}
	}
}

// TestScript: when a step strikes.
func TestScript(t *testing.T) {
	srv := progenytest.NewServer(nil)
	defer srv.Close()
	access, _ := obtain(t, srv)
	srv.Script(
		progenytest.Step{Call: "face_liveness", Fault: progenytest.Status, Status: 599}, // another call
		progenytest.Step{Call: "task", Nth: 2, Fault: progenytest.Status, Status: 502},
		progenytest.Step{Every: 3, Fault: progenytest.Status, Status: 503},
		progenytest.Step{Call: "task", Nth: 3, Fault: progenytest.Status, Status: 504}, // the one before it wins
	)
	var got []int
	for range 7 {
		resp, err := srv.Client().Do(must(http.NewRequest(http.MethodGet, srv.URL+"/services/task/?id=x", nil)))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		got = append(got, resp.StatusCode)
	}
	if want := []int{401, 502, 503, 401, 401, 503, 401}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v (token %.0s)", got, want, access)
	}
	defer func() {
		if recover() == nil {
			t.Error("an unknown fault was accepted")
		}
	}()
	srv.Script(progenytest.Step{Fault: "typo"})
}

func must(r *http.Request, err error) *http.Request {
	if err != nil {
		panic(err)
	}
	return r
}

// TestClose: requests under way do not keep a server open, and no goroutine stays: the
// bubble would say so.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := progenytest.NewServer(&progenytest.Options{InMemory: true, Latency: time.Hour})
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				_, err := srv.Client().Get(srv.URL + "/services/task/") //nolint:bodyclose // there is none
				if err == nil {
					t.Error("answered before its time")
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		srv.Close()
		srv.Close()
		wg.Wait()
		if d := time.Since(began); d != 0 {
			t.Errorf("closing took %v", d)
		}
	})
}

// TestDeterministic: the same requests give the same answers, tokens and ids included.
func TestDeterministic(t *testing.T) {
	var runs [2]string
	for i := range runs {
		synctest.Test(t, func(t *testing.T) {
			srv := progenytest.NewServer(&progenytest.Options{InMemory: true})
			defer srv.Close()
			access, refresh := obtain(t, srv)
			_, m := post(t, srv, "/services/register_face/", access, part{"@image", "x"})
			_, task := do(t, srv, http.MethodGet, "/services/task/?id="+m["id"].(string), access, "", nil)
			b, err := json.Marshal([]any{access, refresh, m, task})
			if err != nil {
				t.Fatal(err)
			}
			runs[i] = string(b)
		})
	}
	if runs[0] != runs[1] {
		t.Errorf("first %s\nthen  %s", runs[0], runs[1])
	}
}

func TestDecodeVerdict(t *testing.T) {
	encode := func(w, h int, f func(io.Writer, image.Image) error) []byte {
		var b bytes.Buffer
		if err := f(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	asJPEG := func(w io.Writer, m image.Image) error { return jpeg.Encode(w, m, nil) }
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"png", encode(224, 300, png.Encode), ""},
		{"jpeg", encode(300, 224, asJPEG), ""},
		{"small", encode(223, 300, png.Encode), "FACE_TOO_SMALL"},
		{"text", []byte("hello"), "FAILED_TO_READ_IMAGE"},
		{"empty", nil, "FAILED_TO_READ_IMAGE"},
	} {
		if got := progenytest.DecodeVerdict(tt.data).Code; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestAuthenticate: the same bytes match, others do not.
func TestAuthenticate(t *testing.T) {
	srv := progenytest.NewServer(nil)
	defer srv.Close()
	access, _ := obtain(t, srv)
	result := func(path string, parts ...part) map[string]any {
		_, m := post(t, srv, path, access, parts...)
		_, m = do(t, srv, http.MethodGet, "/services/task/?id="+m["id"].(string), access, "", nil)
		return m["result"].(map[string]any)["data"].(map[string]any)
	}
	id := result("/services/register_face/", part{"@image", "me"})["uuid"].(string)
	for image, want := range map[string]bool{"me": true, "you": false} {
		data := result("/services/authenticate_face/", part{"@image", image}, part{"uuid", id})
		if got := data["authentication"].(map[string]any)["result"]; got != want {
			t.Errorf("%s: %v", image, data)
		}
	}
}
