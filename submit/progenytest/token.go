package progenytest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// signingKey makes the tokens look like real ones; there is nothing to protect.
const signingKey = "progenytest"

// issue makes a token of the given type that lives so long by the server's clock, and
// remembers it. The mutex must be held.
func (s *Server) issue(kind string, life time.Duration) string {
	now := s.now()
	s.serial++
	claims := map[string]any{
		"token_type": kind,
		"exp":        now.Add(life).Unix(),
		"jti":        fmt.Sprintf("%032x", s.serial),
		"user_id":    1,
	}
	if !s.opts.OmitIssuedAt {
		claims["iat"] = now.Unix()
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err) // numbers and texts only
	}
	enc := base64.RawURLEncoding
	token := enc.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + enc.EncodeToString(payload)
	mac := hmac.New(sha256.New, []byte(signingKey))
	mac.Write([]byte(token))
	token += "." + enc.EncodeToString(mac.Sum(nil))
	s.tokens[token] = issued{kind: kind, expires: now.Add(life)}
	return token
}

// An issued token is known until it is used up or has expired.
type issued struct {
	kind    string // "access" or "refresh"
	expires time.Time
}

// valid reports whether a token of this kind is good now. The mutex must be held.
func (s *Server) valid(kind, token string) bool {
	t, found := s.tokens[token]
	return found && t.kind == kind && s.now().Before(t.expires)
}

// now is the server's clock.
func (s *Server) now() time.Time { return time.Now().Add(s.opts.ClockSkew) }

// RevokeTokens makes all tokens given so far invalid, as if they had expired.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// RevokeAccess makes the access tokens given so far invalid, the refresh tokens not.
func (s *Server) RevokeAccess() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, t := range s.tokens {
		if t.kind == "access" {
			delete(s.tokens, token)
		}
	}
}

// pair answers with two new tokens. The mutex must be held.
func (s *Server) pair() (int, any) {
	return 200, map[string]any{
		"refresh": s.issue("refresh", s.opts.RefreshLife),
		"access":  s.issue("access", s.opts.AccessLife),
	}
}

// obtain and refresh are the token calls. The mutex must be held.
func (s *Server) obtain(f *formData) (int, any) {
	if bad := f.require("username", "password"); bad != nil {
		return 400, bad
	}
	if f.values["username"] != s.Username || f.values["password"] != s.Password {
		return 401, detail("No active account found with the given credentials")
	}
	return s.pair()
}

func (s *Server) refresh(f *formData) (int, any) {
	if bad := f.require("refresh"); bad != nil {
		return 400, bad
	}
	old := f.values["refresh"]
	if !s.valid("refresh", old) {
		return 401, map[string]any{"detail": "Token is invalid or expired", "code": "token_not_valid"}
	}
	delete(s.tokens, old) // it rotates: each is good for one use
	return s.pair()
}

// authenticate looks at the Authorization header. It returns status 200 if the token is
// good. The mutex must be held.
func (s *Server) authenticate(header string) (int, any) {
	token, found := strings.CutPrefix(header, "Bearer ")
	if !found {
		return 401, detail("Authentication credentials were not provided.")
	}
	if !s.valid("access", token) {
		return 401, tokenNotValid()
	}
	return 200, nil
}

func tokenNotValid() any {
	return map[string]any{
		"detail": "Given token not valid for any token type",
		"code":   "token_not_valid",
		"messages": []any{map[string]any{
			"token_class": "AccessToken", "token_type": "access", "message": "Token is invalid or expired",
		}},
	}
}

func detail(s string) any { return map[string]any{"detail": s} }
