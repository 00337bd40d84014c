package submit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Names of the calls that are not services, for errors and events.
const (
	callObtain  = "token/obtain"
	callRefresh = "token/refresh"
	callTask    = "task"
)

// A request is one call of the API, which can be sent more than once.
type request struct {
	call   string
	path   string
	query  url.Values
	form   *form // nil: GET
	task   Task  // the task asked for, if any
	secret bool  // a token call: nothing of its answers may be shown
}

func (r *request) method() string {
	if r.form == nil {
		return http.MethodGet
	}
	return http.MethodPost
}

// A response is an answer, read to its end.
type response struct {
	status int
	header http.Header
	body   []byte
	token  string // the access token of the request, to keep it out of error texts
}

// maxErrorBytes is how much is read of an answer that is not a success. It is only
// searched for a sentence.
const maxErrorBytes = 64 << 10

// exchange sends the request once and reads the answer, of whatever status. token may
// be empty. sent is how much of the body was handed to the connection. The error is
// *NetworkError, or *ProtocolError for too long an answer.
func (c *Client) exchange(ctx context.Context, r *request, token string) (resp *response, sent int64, err error) {
	timeout := c.opts.RequestTimeout
	if r.form != nil && !r.secret {
		timeout = c.opts.UploadTimeout
	}
	actx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	u := c.base.JoinPath(r.path)
	u.RawQuery = r.query.Encode()
	// With a GetBody, net/http could send the body again by itself; so none is set.
	req := (&http.Request{Method: r.method(), URL: u, Header: http.Header{}}).WithContext(actx)
	var b *body
	if r.form != nil {
		b = r.form.body()
		req.Body = b
		req.ContentLength = r.form.size
		req.Header.Set("Content-Type", r.form.contentType)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.opts.UserAgent)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}

	began := time.Now()
	hr, err := c.http.Do(req)
	if err == nil {
		resp, err = c.readAnswer(r, hr)
		if resp != nil {
			resp.token = token
		}
	}
	sent = b.stop()
	if err != nil {
		var p *ProtocolError
		if !errors.As(err, &p) {
			if ctx.Err() == nil && actx.Err() != nil {
				err = fmt.Errorf("no complete answer within %v: %w", timeout, context.DeadlineExceeded)
			}
			err = networkError(r, err, token)
		}
	}
	c.logExchange(ctx, r, resp, sent, time.Since(began), err)
	return resp, sent, err
}

// readAnswer reads and closes the body.
func (c *Client) readAnswer(r *request, hr *http.Response) (*response, error) {
	defer hr.Body.Close()
	resp := &response{status: hr.StatusCode, header: hr.Header}
	limit := c.opts.MaxResponseBytes
	if !resp.ok() {
		limit = min(limit, maxErrorBytes)
	}
	var err error
	resp.body, err = io.ReadAll(io.LimitReader(hr.Body, limit+1))
	if !resp.ok() {
		return resp, nil // the status says enough, even if the body breaks off
	}
	if err != nil {
		return nil, fmt.Errorf("the answer broke off after %d bytes: %w", len(resp.body), err)
	}
	if int64(len(resp.body)) > limit {
		return nil, &ProtocolError{Call: r.call, Task: r.task, Status: resp.status, Reason: fmt.Sprintf("longer than %d bytes", limit)}
	}
	return resp, nil
}

func (resp *response) ok() bool { return resp.status >= 200 && resp.status <= 299 }

// authorized sends the request with an access token, and once more with a new one if
// the answer is 401: the API looks at the token before it looks at the request, so it
// has not taken anything then, and the repetition creates nothing twice.
//
// sent counts the bytes of the last attempt; it is 0 when no attempt can have been
// taken.
func (c *Client) authorized(ctx context.Context, r *request) (resp *response, sent int64, err error) {
	token, err := c.tokens.get(ctx, r.call, "")
	if err != nil {
		return nil, 0, err
	}
	resp, sent, err = c.exchange(ctx, r, token)
	if err != nil || resp.status != http.StatusUnauthorized {
		return resp, sent, err
	}
	token, err = c.tokens.get(ctx, r.call, token)
	if err != nil {
		return nil, 0, err
	}
	c.log.WarnContext(ctx, "repeating with a new token", "call", r.call)
	resp, sent, err = c.exchange(ctx, r, token)
	if err == nil && resp.status == http.StatusUnauthorized {
		return nil, 0, &AuthError{Call: r.call, Status: resp.status, Reason: "it does not take a token that it has just given"}
	}
	return resp, sent, err
}

// maxAttempts bounds how often a harmless call is tried.
const maxAttempts = 4

// retry calls once until it succeeds, fails for good or has been tried maxAttempts
// times. It must only be used for calls that may be repeated.
func (c *Client) retry(ctx context.Context, call string, once func() (*response, error)) (*response, error) {
	for attempt := 1; ; attempt++ {
		resp, err := once()
		if err == nil || attempt == maxAttempts || ctx.Err() != nil || !transient(call, err) {
			return resp, err
		}
		pause := backoff(attempt)
		var refusal *APIError
		if errors.As(err, &refusal) {
			pause = max(pause, min(refusal.RetryAfter, maxRetryAfter))
		}
		c.log.WarnContext(ctx, "repeating", "call", call, "attempt", attempt, "pause", pause, "error", err.Error())
		if ctxErr := sleep(ctx, pause); ctxErr != nil {
			return nil, &NetworkError{Call: call, Reason: fmt.Sprintf("%v, while waiting to repeat it after: %v", ctxErr, err), Err: ctxErr}
		}
	}
}

// transient reports whether repeating may help. Errors of another call than the given
// one, such as that for a token, have had their repetitions already.
func transient(call string, err error) bool {
	var network *NetworkError
	if errors.As(err, &network) {
		return network.Call == call
	}
	var refusal *APIError
	if errors.As(err, &refusal) && refusal.Call == call {
		s := refusal.Status
		return s == http.StatusRequestTimeout || s == http.StatusTooEarly || s == http.StatusTooManyRequests || s >= 500
	}
	return false
}

// Pauses between attempts: between 0 and 250 ms, 500 ms, 1 s, ... ("full jitter", see
// Brooker, Exponential Backoff And Jitter), but not less than Retry-After, up to a limit.
const (
	firstBackoff  = 250 * time.Millisecond
	maxRetryAfter = 30 * time.Second
)

func backoff(attempt int) time.Duration {
	return rand.N(firstBackoff << (attempt - 1))
}

// sleep waits for d and returns nil, or returns the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// retryAfter reads the Retry-After header, in seconds or as a date by the server's own
// clock if it shows one. 0 means that there is none, or none that can be used.
func retryAfter(h http.Header) time.Duration {
	s := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.ParseUint(s, 10, 32); err == nil {
		return time.Duration(n) * time.Second // below 137 years: no overflow
	}
	at, err := http.ParseTime(s)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return max(0, at.Sub(now))
}

// networkError makes the error of an exchange without an answer.
func networkError(r *request, err error, token string) *NetworkError {
	// The *url.Error has the URL in its text, with the query.
	var u *url.Error
	for errors.As(err, &u) && u.Err != nil {
		err = u.Err
	}
	err = withoutPath(err)
	return &NetworkError{Call: r.call, Reason: clean(err.Error(), 200, r.secrets(token)), Err: err}
}

// failure is the error for an answer that is not a success.
func (r *request) failure(resp *response) error {
	if resp.status < 400 {
		return &ProtocolError{Call: r.call, Task: r.task, Status: resp.status, Reason: "not a success, and redirects are not followed"}
	}
	e := &APIError{Call: r.call, Status: resp.status, RetryAfter: retryAfter(resp.header)}
	if r.secret {
		return e
	}
	secrets := r.secrets(resp.token)
	var fields map[string]json.RawMessage
	if json.Unmarshal(resp.body, &fields) != nil {
		e.Detail = excerpt(resp.body, secrets)
		return e
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		texts := sentences(fields[name])
		for i, s := range texts {
			texts[i] = clean(s, 160, secrets)
		}
		switch {
		case len(texts) == 0:
		case name == "detail":
			e.Detail = texts[0]
		case name == "code":
			e.Code = texts[0]
		case len(e.Fields) < 20:
			if e.Fields == nil {
				e.Fields = map[string][]string{}
			}
			e.Fields[clean(name, 40, secrets)] = texts
		}
	}
	return e
}

// sentences reads a complaint, which Django REST framework gives as a text or as a
// list of texts. Other shapes give nothing.
func sentences(raw json.RawMessage) []string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}
	}
	var many []string
	if json.Unmarshal(raw, &many) == nil {
		return many[:min(len(many), 5)]
	}
	return nil
}

// secrets are the texts of a request that must not come back in an error.
func (r *request) secrets(token string) []string {
	s := []string{token, r.query.Encode()} // the task's id alone is no secret
	if r.form != nil {
		s = append(s, r.form.values...)
	}
	return s
}

var (
	titleRE = regexp.MustCompile(`(?is)<(?:title|h1)[^>]*>(.*?)</`)
	tagRE   = regexp.MustCompile(`(?s)<[^>]*>`)
	jwtRE   = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{4,}[A-Za-z0-9_.-]*`)
)

// excerpt is the title of an HTML page, or the beginning of a text, cleaned. Of
// anything else it is nothing.
func excerpt(b []byte, secrets []string) string {
	if m := titleRE.FindSubmatch(b); m != nil {
		return clean(html.UnescapeString(string(tagRE.ReplaceAll(m[1], nil))), 80, secrets)
	}
	if looksLikeHTML(b) || !strings.HasPrefix(http.DetectContentType(b), "text/plain") {
		return ""
	}
	return clean(string(b), 80, secrets)
}

func looksLikeHTML(b []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(b), []byte("<")) }

// clean makes a text of the server fit for an error: what was sent and what looks like
// a token is taken out, unprintable characters become spaces, and the rest is cut to
// limit characters.
func clean(s string, limit int, secrets []string) string {
	for _, secret := range secrets {
		if len(secret) > 2 && secret != "true" && secret != "false" {
			s = strings.ReplaceAll(s, secret, hidden)
		}
	}
	s = jwtRE.ReplaceAllString(s, hidden)
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
	runes := []rune(strings.Join(strings.Fields(s), " "))
	if len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return string(runes)
}

// object reads an answer that must be a JSON object. Its errors are *ProtocolError and
// do not quote the answer, which may be about a person.
func (r *request) object(resp *response) (map[string]json.RawMessage, error) {
	var m map[string]json.RawMessage
	err := json.Unmarshal(resp.body, &m)
	if err == nil && m != nil {
		return m, nil
	}
	p := &ProtocolError{Call: r.call, Task: r.task, Status: resp.status}
	switch {
	case len(bytes.TrimSpace(resp.body)) == 0:
		p.Reason = "an empty answer"
	case looksLikeHTML(resp.body):
		p.Reason = "HTML instead of JSON"
		if !r.secret {
			p.Excerpt = excerpt(resp.body, r.secrets(resp.token))
		}
	default:
		p.Reason = "not a JSON object"
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			p.Reason = fmt.Sprintf("not JSON, or only a part of it (%d bytes, wrong at byte %d)", len(resp.body), syntax.Offset)
		}
	}
	return nil, p
}

func (c *Client) logExchange(ctx context.Context, r *request, resp *response, sent int64, elapsed time.Duration, err error) {
	if !c.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{slog.String("call", r.call), slog.Duration("elapsed", elapsed)}
	if r.task.ID != "" {
		attrs = append(attrs, slog.String("task", r.task.ID))
	}
	if r.form != nil {
		attrs = append(attrs, slog.Int64("sent", sent))
	}
	if resp != nil {
		attrs = append(attrs, slog.Int("status", resp.status), slog.Int("received", len(resp.body)))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	c.log.LogAttrs(ctx, slog.LevelDebug, "exchange", attrs...)
}
