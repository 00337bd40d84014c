package submit

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"
)

// tokens hands out the access token and renews it.
type tokens struct {
	client      *Client
	credentials Credentials

	mu      sync.Mutex // guards the fields below
	session session
	renewal *renewal // the one under way, or nil
}

// A session is a pair of tokens. Its times carry the monotonic clock, so that setting
// the wall clock does not change how old a token seems.
type session struct {
	access, refresh string
	renewAt         time.Time // 80 % of the access token's life
	expires         time.Time
}

// A renewal is one obtaining or refreshing, for which any number of callers wait.
type renewal struct {
	done   chan struct{} // closed when the fields below are set
	access string
	err    error
}

// renewalTimeout bounds a renewal with all its attempts, as no caller's context does.
const renewalTimeout = time.Minute

// get returns an access token other than refused, which is one that the API answered
// 401 to, or empty. call is who asks, for the error when ctx ends.
func (t *tokens) get(ctx context.Context, call, refused string) (string, error) {
	t.mu.Lock()
	if refused != "" && t.session.access == refused {
		t.session.access = ""
	}
	if t.session.access != "" && time.Now().Before(t.session.renewAt) {
		defer t.mu.Unlock()
		return t.session.access, nil
	}
	r := t.renewal
	if r == nil {
		r = &renewal{done: make(chan struct{})}
		t.renewal = r
		// Not under ctx: the others who wait for it must not lose it when this caller
		// gives up, and the new refresh token must not get lost at all.
		go t.renew(r, t.session.refresh)
	}
	t.mu.Unlock()

	select {
	case <-r.done:
	case <-ctx.Done():
		return "", &NetworkError{Call: call, Reason: ctx.Err().Error() + ", while waiting for a token", Err: ctx.Err()}
	}
	if r.err == nil {
		if r.access == refused {
			return "", &AuthError{Call: call, Status: http.StatusUnauthorized, Reason: "the new token is the old one, which it does not take"}
		}
		return r.access, nil
	}
	// A renewal begins before it has to, so the old token may still hold.
	var auth *AuthError
	t.mu.Lock()
	defer t.mu.Unlock()
	if !errors.As(r.err, &auth) && t.session.access != "" && time.Now().Before(t.session.expires) {
		return t.session.access, nil
	}
	return "", r.err
}

// renew gets new tokens, with the refresh token if there is one, and ends r.
func (t *tokens) renew(r *renewal, refresh string) {
	ctx, cancel := context.WithTimeout(context.Background(), renewalTimeout)
	defer cancel()
	began := time.Now()
	var s session
	var err error
	var auth *AuthError
	how := callRefresh
	if refresh != "" {
		s, err = t.request(ctx, callRefresh, field{name: "refresh", value: refresh})
	}
	if refresh == "" || errors.As(err, &auth) {
		// None yet, or it has expired or was used up: back to the password.
		how = callObtain
		username, password := t.credentials.reveal()
		s, err = t.request(ctx, callObtain, field{name: "username", value: username}, field{name: "password", value: password})
	}
	log := t.client.log
	if err != nil {
		log.Warn("no new token", "call", how, "elapsed", time.Since(began), "error", err.Error())
	} else {
		log.Debug("new token", "call", how, "elapsed", time.Since(began), "life", time.Until(s.expires).Round(time.Second))
	}

	t.mu.Lock()
	if err == nil {
		if s.refresh == "" {
			s.refresh = refresh // a server that does not rotate it
		}
		t.session = s
	}
	t.renewal = nil
	t.mu.Unlock()
	r.access, r.err = s.access, err
	close(r.done)
}

// request makes one token call, repeating it if that may help: neither call creates
// anything that could be there twice.
func (t *tokens) request(ctx context.Context, call string, fields ...field) (session, error) {
	f, err := newForm(call, fields)
	if err != nil {
		return session{}, err
	}
	r := &request{call: call, path: "accounts/" + call + "/", form: f, secret: true}
	resp, err := t.client.retry(ctx, call, func() (*response, error) {
		resp, _, err := t.client.exchange(ctx, r, "")
		if err != nil {
			return nil, err
		}
		switch {
		case resp.ok():
			return resp, nil
		case resp.status == http.StatusBadRequest, resp.status == http.StatusUnauthorized, resp.status == http.StatusForbidden:
			what := "it does not take the user name and the password"
			if call == callRefresh {
				what = "it does not take the refresh token"
			}
			return nil, &AuthError{Call: call, Status: resp.status, Reason: what}
		}
		return nil, r.failure(resp)
	})
	if err != nil {
		return session{}, err
	}
	received := time.Now()
	m, err := r.object(resp)
	if err != nil {
		return session{}, err
	}
	var s session
	if s.access, err = tokenText(r, resp, m, "access"); err != nil {
		return session{}, err
	}
	if s.access == "" {
		return session{}, &ProtocolError{Call: call, Status: resp.status, Reason: "no access token in it"}
	}
	if s.refresh, err = tokenText(r, resp, m, "refresh"); err != nil {
		return session{}, err
	}
	life := tokenLife(s.access, resp.header)
	s.expires = received.Add(life)
	s.renewAt = received.Add(life / 5 * 4)
	return s, nil
}

// tokenText reads a member that is a token: absent, or text that fits a header.
func tokenText(r *request, resp *response, m map[string]json.RawMessage, name string) (string, error) {
	raw, found := m[name]
	if !found || string(raw) == "null" {
		return "", nil
	}
	var s string
	if json.Unmarshal(raw, &s) != nil || strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return "", &ProtocolError{Call: r.call, Status: resp.status, Reason: name + " is not a token"}
	}
	return s, nil
}

// defaultTokenLife is what the documentation says; it holds for a token that cannot
// be read.
const defaultTokenLife = 5 * time.Minute

// tokenLife is how long a new token is valid from now on: the difference of its own
// exp and iat or, without iat, of exp and the Date of the answer. Both are by the
// server's clock, so ours does not matter.
func tokenLife(token string, h http.Header) time.Duration {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return defaultTokenLife
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Exp float64 `json:"exp"` // seconds since 1970
		Iat float64 `json:"iat"`
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return defaultTokenLife
	}
	if claims.Iat == 0 {
		date, err := http.ParseTime(h.Get("Date"))
		if err != nil {
			return defaultTokenLife
		}
		claims.Iat = float64(date.Unix())
	}
	life := claims.Exp - claims.Iat
	if !(life > 0 && life <= 24*60*60) { // also NaN; more than a day is not an access token's life
		return defaultTokenLife
	}
	return time.Duration(life * float64(time.Second))
}
