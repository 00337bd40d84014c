package submit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Service is a service of the API, by the name in its URL.
type Service string

// The services that this package calls.
const (
	ServiceFaceLiveness Service = "face_liveness"
	ServiceRegisterFace Service = "register_face"
)

// A Task is the API's work on one request. It is plain data: it can be stored, and
// waited for by another process with the same account.
type Task struct {
	ID      string  `json:"id"` // the API's uuid
	Service Service `json:"service"`
}

// String is such as "face_liveness task d3da2b7a-…".
func (t Task) String() string { return fmt.Sprintf("%s task %s", t.Service, t.ID) }

// An Answer is what a task answered in the end. Data and Raw are about a person: they
// do not belong in a log.
type Answer struct {
	Task   Task            `json:"task"`
	State  string          `json:"state"`            // SUCCESS, FAILURE or REVOKED
	Status int             `json:"status,omitempty"` // the status within the result, like HTTP's; 0 when there is none
	Data   json.RawMessage `json:"data,omitempty"`   // the service's own object; nil when there is none
	Raw    json.RawMessage `json:"raw"`              // the whole answer
}

// CallOptions are options that all services with images have. nil means the defaults.
type CallOptions struct {
	// ExtendData is sent as extend_data; the API's documentation does not say what it
	// adds. Whatever it is, it is in Raw.
	ExtendData bool
}

// start sends the request that creates a task. It is never repeated, see
// OutcomeUnknownError.
func (c *Client) start(ctx context.Context, service Service, o *CallOptions, fields ...field) (Task, error) {
	if o == nil {
		o = &CallOptions{}
	}
	f, err := newForm(string(service), append(fields, boolField("extend_data", o.ExtendData)))
	if err != nil {
		return Task{}, err
	}
	r := &request{call: string(service), path: "services/" + string(service) + "/", form: f}
	began := time.Now()
	resp, sent, err := c.authorized(ctx, r)
	if err == nil {
		task := Task{Service: service}
		if task.ID, err = r.taskID(resp); err == nil {
			c.log.InfoContext(ctx, "task started", "call", r.call, "task", task.ID, "sent", sent, "elapsed", time.Since(began))
			return task, nil
		}
		if refused(resp.status) {
			return Task{}, err
		}
	}
	if sent == 0 {
		return Task{}, err
	}
	err = &OutcomeUnknownError{Service: service, Began: began, Sent: sent, Size: f.size, Err: err}
	c.log.WarnContext(ctx, "outcome unknown", "call", r.call, "sent", sent, "elapsed", time.Since(began), "error", err.Error())
	return Task{}, err
}

// refused reports whether a status says for certain that nothing was created. 5xx may
// come from a proxy, or from a server that failed after the work was done; 408 from a
// proxy; 302 and 303 may be the way to show something just created.
func refused(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	case http.StatusRequestTimeout:
		return false
	}
	return status >= 400 && status <= 499
}

// taskID reads the answer to a creation.
func (r *request) taskID(resp *response) (string, error) {
	if !resp.ok() {
		return "", r.failure(resp)
	}
	m, err := r.object(resp)
	if err != nil {
		return "", err
	}
	var id string
	if json.Unmarshal(m["id"], &id) != nil {
		var n json.Number
		_ = json.Unmarshal(m["id"], &n)
		id = n.String()
	}
	if !taskIDRE.MatchString(id) {
		return "", &ProtocolError{Call: r.call, Status: resp.status, Reason: "no task id in it"}
	}
	return id, nil
}

// taskIDRE is what an id may look like: a uuid or another plain word, fit for a log.
var taskIDRE = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// Wait looks at a task until it is done, at once and then at growing intervals (see
// Options.PollInterval). It waits until the context's deadline or, if it has none, for
// Options.PollTimeout.
//
// The error is *TaskError when the task has failed, and *WaitError when the waiting
// ended for any other reason; then Wait may be called again with the same task. It is
// *InputError for a task without a usable ID.
func (c *Client) Wait(ctx context.Context, task Task) (*Answer, error) {
	return c.wait(ctx, task, 0)
}

// wait is Wait with a first pause, for a task that has only just been started.
func (c *Client) wait(ctx context.Context, task Task, pause time.Duration) (*Answer, error) {
	if !taskIDRE.MatchString(task.ID) {
		return nil, &InputError{Call: callTask, Field: "id", Reason: "not the id of a task"}
	}
	if _, found := ctx.Deadline(); !found {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.opts.PollTimeout)
		defer cancel()
	}
	r := &request{call: callTask, path: "services/task/", query: url.Values{"id": {task.ID}}, task: task}
	began := time.Now()
	state, unreadable := "", 0
	stop := func(err error) (*Answer, error) {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = fmt.Errorf("%w: %w", ErrPollDeadline, err)
		}
		err = &WaitError{Task: task, State: state, Waited: time.Since(began), Err: err}
		c.log.WarnContext(ctx, "waiting ended", "call", task.Service, "task", task.ID, "error", err.Error())
		return nil, err
	}
	for interval := c.opts.PollInterval; ; interval = min(interval+interval/2, c.maxPoll) {
		if err := sleep(ctx, pause); err != nil {
			return stop(err)
		}
		resp, err := c.retry(ctx, callTask, func() (*response, error) {
			resp, _, err := c.authorized(ctx, r)
			if err == nil && !resp.ok() {
				err = r.failure(resp)
			}
			return resp, err
		})
		if err != nil {
			return stop(err)
		}
		answer, err := r.answer(resp)
		if err != nil {
			// A proxy's page in between does no harm: looking again is safe.
			if unreadable++; unreadable > maxUnreadable {
				return stop(err)
			}
			pause = jitter(interval)
			continue
		}
		unreadable = 0
		state = answer.State
		if done(state) {
			c.log.InfoContext(ctx, "task done", "call", task.Service, "task", task.ID, "state", state, "status", answer.Status, "elapsed", time.Since(began))
			return answer, answer.failure()
		}
		pause = jitter(interval)
	}
}

// maxUnreadable is how many answers in a row that are none, such as a proxy's HTML
// page, waiting bears.
const maxUnreadable = 3

// done reports whether a task in this state changes no more. The queue behind the API
// also has PENDING, RECEIVED, STARTED and RETRY; a state that we do not know may be
// another of that kind.
func done(state string) bool {
	return state == "SUCCESS" || state == "FAILURE" || state == "REVOKED"
}

// jitter varies an interval by 20 % either way, so that many waits do not fall into step.
func jitter(d time.Duration) time.Duration {
	return d - d/5 + rand.N(d/5*2+1)
}

// answer reads the state of a task. Its errors are *ProtocolError.
func (r *request) answer(resp *response) (*Answer, error) {
	m, err := r.object(resp)
	if err != nil {
		return nil, err
	}
	wrong := func(reason string) (*Answer, error) {
		return nil, &ProtocolError{Call: r.call, Task: r.task, Status: resp.status, Reason: reason}
	}
	a := &Answer{Task: r.task, Raw: resp.body}
	result, hasResult := m["result"]
	if null(result) {
		hasResult = false
	}
	if raw, found := m["status"]; found {
		if json.Unmarshal(raw, &a.State) != nil || a.State == "" {
			return wrong("the status of the task is not a text")
		}
		if a.State = clean(strings.ToUpper(a.State), 20, nil); !done(a.State) {
			return a, nil
		}
	} else if hasResult {
		a.State = "SUCCESS" // a result without a state: nothing is left to wait for
	} else {
		return wrong("neither a status nor a result")
	}
	if !hasResult {
		// One service is documented with its data beside the status.
		delete(m, "id")
		delete(m, "status")
		delete(m, "result")
		if len(m) > 0 {
			a.Data = resp.body
		}
		return a, nil
	}
	var parts map[string]json.RawMessage
	if json.Unmarshal(result, &parts) != nil {
		if a.State != "SUCCESS" {
			a.Data = result // a failed task may have a text for a result
			return a, nil
		}
		return wrong("the result of the task is not an object")
	}
	a.Data = result
	if data, found := parts["data"]; found {
		a.Data = data
	}
	if raw, found := parts["status"]; found && !null(raw) {
		status, ok := number(raw)
		if !ok || status != float64(int(status)) {
			return wrong("the status within the result is not a number")
		}
		a.Status = int(status)
	}
	return a, nil
}

// failure returns the TaskError of a task that has failed, or nil.
func (a *Answer) failure() error {
	if a.State == "SUCCESS" && a.Status < 400 {
		return nil
	}
	e := &TaskError{Task: a.Task, State: a.State, Status: a.Status, Answer: a}
	texts := sentences(a.Data)
	var m map[string]json.RawMessage
	if json.Unmarshal(a.Data, &m) == nil {
		e.Issues = issues(m)
		for _, name := range []string{"detail", "error", "message"} {
			texts = append(texts, sentences(m[name])...)
		}
	}
	if len(texts) > 0 {
		e.Detail = clean(texts[0], 160, nil)
	}
	return e
}

func null(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// number reads a number that may be written as a text.
func number(raw json.RawMessage) (float64, bool) {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		s = string(raw)
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return v, err == nil && v-v == 0 // neither NaN nor infinite
}

// boolean reads a boolean that may be written as a text.
func boolean(raw json.RawMessage) (v, ok bool) {
	text := strings.ToLower(strings.Trim(string(raw), `"`))
	return text == "true", slices.Contains([]string{"true", "false"}, text)
}
