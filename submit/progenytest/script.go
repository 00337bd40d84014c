package progenytest

import (
	"maps"
	"slices"
	"time"
)

// Names of the calls that are not services. Services go by the name in their URL, such
// as "face_liveness".
const (
	CallObtain  = "token/obtain"
	CallRefresh = "token/refresh"
	CallTask    = "task" // looking at a task
)

// A Fault is a way to go wrong.
type Fault string

// Faults of any call. The first five strike before the application sees the request,
// so nothing is created; the others after it has done its work.
const (
	// ResetBeforeBody breaks the connection when only the head of the request has
	// been read.
	ResetBeforeBody Fault = "reset-before"
	// LostBeforeWork breaks the connection after the whole request was read, with
	// nothing done.
	LostBeforeWork Fault = "reset-undone"
	// Status answers with Step.Status (500 if 0), Step.RetryAfter and Step.Body.
	Status Fault = "status"
	// HTML answers with a page of a proxy, with Step.Status (200 if 0).
	HTML Fault = "html"
	// TokenNotValid answers 401 with the code token_not_valid.
	TokenNotValid Fault = "token-not-valid"

	// ResetAfterBody does the work and breaks the connection in place of an answer.
	ResetAfterBody Fault = "reset-after"
	// StatusAfterWork is Status, except that the work was done.
	StatusAfterWork Fault = "status-after-work"
	// WrongTypes answers with JSON of other types than documented.
	WrongTypes Fault = "wrong-types"
	// HalfJSON answers with the first half of the JSON, as if that were all.
	HalfJSON Fault = "half-json"
	// CutAnswer announces the whole answer and breaks the connection halfway.
	CutAnswer Fault = "cut"
)

// Faults of a service call, which is answered as usual: they decide what becomes of
// its task.
const (
	// Pending keeps the task unfinished for the first Step.Polls looks at it, for ever
	// if that is negative; Step.Code is the state shown, PENDING if empty.
	Pending Fault = "pending"
	// Failure ends the task with the state FAILURE, or Step.Code, and with
	// Step.Message as its result.
	Failure Fault = "failure"
	// TaskStatus ends the task with SUCCESS and Step.Status (400 if 0) in its result,
	// whose data is Step.Body, a JSON text.
	TaskStatus Fault = "task-status"
	// Issue has the face refused with Step.Code (FACE_NOT_FOUND if empty) and
	// Step.Message.
	Issue Fault = "issue"
	// NumbersAsTexts writes all numbers of the result as JSON strings.
	NumbersAsTexts Fault = "numbers-as-texts"
	// PlainLiveness writes "liveness": true in place of the object.
	PlainLiveness Fault = "plain-liveness"
	// NoResult puts the data beside the task's status, without a result around it.
	NoResult Fault = "no-result"
)

// Faults lists all faults, in the order of their documentation.
func Faults() []Fault {
	return []Fault{
		ResetBeforeBody, LostBeforeWork, Status, HTML, TokenNotValid,
		ResetAfterBody, StatusAfterWork, WrongTypes, HalfJSON, CutAnswer,
		Pending, Failure, TaskStatus, Issue, NumbersAsTexts, PlainLiveness, NoResult,
	}
}

// A Step says when something happens and what. Every step counts the calls that it is
// about, from the moment it was scripted; of several steps that strike at one call the
// first in the script wins.
type Step struct {
	Call  string // the call it is about; empty: any
	Nth   int    // strike at the n-th such call only, counting from 1; 0: see Every
	Every int    // strike at every n-th such call; 0: at each one

	Delay time.Duration // wait this long after reading the request
	Fault Fault         // empty: only the delay

	// Details of some faults, see there.
	Status     int
	RetryAfter string
	Body       string
	Polls      int
	Code       string
	Message    string
}

// An armed step is one with its count.
type armed struct {
	Step
	calls int
}

// Script adds steps to those that are there. It may be called at any time.
func (s *Server) Script(steps ...Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range steps {
		if st.Fault != "" && !slices.Contains(Faults(), st.Fault) {
			panic("progenytest: no such fault: " + string(st.Fault))
		}
		s.steps = append(s.steps, &armed{Step: st})
	}
}

// match counts the call and returns the step that strikes, the zero Step if none.
func (s *Server) match(call string) Step {
	s.mu.Lock()
	defer s.mu.Unlock()
	var hit *Step
	for _, st := range s.steps {
		if st.Call != "" && st.Call != call {
			continue
		}
		st.calls++
		strikes := st.Nth == st.calls || st.Nth == 0 && (st.Every == 0 || st.calls%st.Every == 0)
		if strikes && hit == nil {
			hit = &st.Step
		}
	}
	if hit == nil {
		return Step{}
	}
	return *hit
}

// Calls lists the names of all calls, the services after the others.
func Calls() []string {
	return append([]string{CallObtain, CallRefresh, CallTask}, slices.Sorted(maps.Keys(services))...)
}
