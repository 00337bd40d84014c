package submit

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

var (
	// ErrNoCredentials is what New and CredentialsFromEnv return when there is no
	// user name or no password.
	ErrNoCredentials = errors.New("submit: no credentials")

	// ErrPollDeadline is wrapped by the WaitError of a task that was not done in
	// time, together with context.DeadlineExceeded.
	ErrPollDeadline = errors.New("the time for waiting has run out")
)

// An InputError says that an argument cannot be sent. Nothing was sent.
type InputError struct {
	Call   string // the service, such as "face_liveness"
	Field  string // the form field, such as "image"
	Reason string
}

func (e *InputError) Error() string { return e.Call + ": " + e.Field + ": " + e.Reason }

// A NetworkError says that no complete answer arrived: the connection failed, the
// server was too slow, or the caller's context ended (Unwrap then leads to
// context.Canceled or context.DeadlineExceeded). For a creation it means also that
// no byte of the body was sent; otherwise it is inside an OutcomeUnknownError.
type NetworkError struct {
	Call   string // "token/obtain", "token/refresh", "task" or the service
	Reason string // the text of Err without URL and secrets
	Err    error  // as the HTTP client gave it, without the *url.Error around it
}

func (e *NetworkError) Error() string { return e.Call + ": " + e.Reason }
func (e *NetworkError) Unwrap() error { return e.Err }

// An APIError is a refusal by the API, with an HTTP status of 4xx or 5xx. Its texts
// are the API's own, shortened, printable, and without anything that was sent.
type APIError struct {
	Call       string              // "token/obtain", "token/refresh", "task" or the service
	Status     int                 // HTTP status
	Code       string              // such as "token_not_valid"; often empty
	Detail     string              // one sentence; may be empty
	Fields     map[string][]string // complaints by form field; may be nil
	RetryAfter time.Duration       // how long the API asks to wait; 0: it does not say
}

func (e *APIError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: the API answered %s", e.Call, statusText(e.Status))
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		fmt.Fprintf(&b, "; %s: %s", name, strings.Join(e.Fields[name], " "))
	}
	if e.Code != "" {
		b.WriteString(" (" + e.Code + ")")
	}
	return b.String()
}

// An AuthError says that the API does not take the credentials, or does not take a
// token that it has just given. For a creation: nothing was taken.
type AuthError struct {
	Call   string // "token/obtain", "token/refresh", "task" or the service
	Status int    // HTTP status, mostly 401
	Reason string
}

func (e *AuthError) Error() string {
	return fmt.Sprintf("%s: the API answered %s: %s", e.Call, statusText(e.Status), e.Reason)
}

// A ProtocolError says that an answer is not what the API documents.
type ProtocolError struct {
	Call    string // "token/obtain", "token/refresh", "task" or the service
	Task    Task   // the task asked for; zero when the call is not about one
	Status  int    // HTTP status; 0 when the answer was read from storage
	Reason  string // what is wrong, without words of the answer
	Excerpt string // the title of an HTML page or the beginning of a text, cleaned; mostly empty
}

func (e *ProtocolError) Error() string {
	var b strings.Builder
	b.WriteString(e.Call)
	if e.Task.ID != "" {
		b.WriteString(" " + e.Task.String())
	}
	b.WriteString(": unexpected answer")
	if e.Status != 0 {
		b.WriteString(" (" + statusText(e.Status) + ")")
	}
	b.WriteString(": " + e.Reason)
	if e.Excerpt != "" {
		fmt.Fprintf(&b, ": %q", e.Excerpt)
	}
	return b.String()
}

// An OutcomeUnknownError says that a call which creates something was sent, wholly
// or in part, and that it is not known whether the API took it. The client does not
// repeat it. Err is the *NetworkError, *APIError or *ProtocolError behind it.
type OutcomeUnknownError struct {
	Service Service
	Began   time.Time // when the request was begun, by this machine's clock
	Sent    int64     // bytes of the body that were handed to the connection
	Size    int64     // bytes of the whole body
	Err     error
}

func (e *OutcomeUnknownError) Error() string {
	return fmt.Sprintf("%s: it is not known whether the API took the request of %s (%d of %d bytes sent); it was not repeated: %v",
		e.Service, e.Began.UTC().Format(time.RFC3339), e.Sent, e.Size, e.Err)
}

func (e *OutcomeUnknownError) Unwrap() error { return e.Err }

// A TaskError says that a task is done and has failed: its state is FAILURE or
// REVOKED, or it is SUCCESS with a result whose own status is 400 or more.
type TaskError struct {
	Task   Task
	State  string  // FAILURE, REVOKED or SUCCESS
	Status int     // the status within the result; 0 when there is none
	Detail string  // the API's own words, shortened and printable; may be empty
	Issues []Issue // codes found in the result; may be nil
	Answer *Answer // the whole answer, never printed
}

func (e *TaskError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: the task ended with %s", e.Task, e.State)
	if e.Status != 0 {
		fmt.Fprintf(&b, " and result status %s", statusText(e.Status))
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	for _, issue := range e.Issues {
		b.WriteString("; " + clean(string(issue.Code), 40, nil))
	}
	return b.String()
}

// A WaitError says that the waiting for a task ended before the task did. The task
// may still come to an end, so Wait can be called with it again. Err is why:
// ErrPollDeadline, context.Canceled, *NetworkError, *APIError, *AuthError or
// *ProtocolError.
type WaitError struct {
	Task   Task
	State  string        // the last state seen; empty when none was
	Waited time.Duration // since Wait was called
	Err    error
}

func (e *WaitError) Error() string {
	state := e.State
	if state == "" {
		state = "no state"
	}
	return fmt.Sprintf("%s: not done after %v (%s seen last): %v", e.Task, e.Waited.Round(time.Millisecond), state, e.Err)
}

func (e *WaitError) Unwrap() error { return e.Err }

// Timeout reports whether the waiting ended because its time had run out.
func (e *WaitError) Timeout() bool { return errors.Is(e.Err, ErrPollDeadline) }

// statusText is "404 Not Found", or the number alone for a status without a name.
func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}
