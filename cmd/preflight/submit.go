package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/preflight-go/preflight/normalize"
	"github.com/preflight-go/preflight/preflight"
	"github.com/preflight-go/preflight/submit"
)

// An outcome says in one word what became of a picture.
type outcome string

const (
	outcomeAccepted outcome = "accepted" // live, or registered
	outcomeRefused  outcome = "refused"  // the service has something against it
	outcomeRejected outcome = "rejected" // by us: not sent
	outcomeDryRun   outcome = "dry-run"  // would have been sent
	outcomeFailed   outcome = "failed"   // not sent, or the service's task failed
	outcomePending  outcome = "pending"  // sent; the service had not finished when we stopped waiting
	outcomeUnknown  outcome = "unknown"  // perhaps sent; it was not repeated
)

// A submission is what --json says of a picture.
type submission struct {
	Path    string             `json:"path"`
	Service submit.Service     `json:"service"`
	Outcome outcome            `json:"outcome"`
	Sent    bool               `json:"sent"` // the service has it, or may have it
	Report  *preflight.Report  `json:"report,omitempty"`
	Changes []normalize.Change `json:"changes,omitempty"`
	Result  any                `json:"result,omitempty"` // *submit.LivenessResult or *submit.RegisterResult
	Task    string             `json:"task,omitempty"`   // of a picture whose result is not known yet
	Error   string             `json:"error,omitempty"`

	text string // what became of it, for people
	err  error
}

// A submitter takes pictures through check, normalize, check and send.
type submitter struct {
	service     submit.Service
	checker     *preflight.Checker
	how         normalizeFlags
	noNormalize bool
	force       bool
	client      *submit.Client // nil: nothing is sent
	timeout     time.Duration
}

// submit works on one picture. The error is that of a context that ended
// before anything was sent.
func (s *submitter) submit(ctx context.Context, path string, data []byte) (*submission, error) {
	sub := &submission{Path: path, Service: s.service}
	var err error
	if sub.Report, err = judge(ctx, s.checker, path, data); err != nil {
		return nil, err
	}
	hopeless := sub.Report.Verdict == preflight.VerdictReject && (s.noNormalize || !sub.Report.Fixable())
	if hopeless && !s.force {
		return sub.rejected(""), nil
	}
	if !s.noNormalize {
		n, err := s.how.fit(ctx, s.checker.Profile(), sub.Report.Measurements(), data)
		if unfit(err) {
			sub.Outcome, sub.Error = outcomeRejected, unfitReason(err)
			sub.text = "not sent: it cannot be normalized: " + sub.Error
			return sub, nil
		}
		if err != nil {
			return nil, err
		}
		data, sub.Changes = n.Data, n.Changes
		// The name is that of the original; it says nothing of these bytes.
		if sub.Report, err = judge(ctx, s.checker, "", data); err != nil {
			return nil, err
		}
		sub.Report.Path = path
		if sub.Report.Verdict == preflight.VerdictReject && !s.force {
			return sub.rejected("normalized, "), nil
		}
	}
	if s.client == nil {
		sub.Outcome = outcomeDryRun
		sub.text = fmt.Sprintf("would be sent: %d x %d px, %s bytes", sub.Report.Image.Width, sub.Report.Image.Height, grouped(sub.Report.Image.Bytes))
		return sub, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.send(ctx, sub, submit.Image{Data: data})
	return sub, nil
}

// rejected notes that a picture is not sent, and the worst reason.
func (sub *submission) rejected(prefix string) *submission {
	sub.Outcome = outcomeRejected
	sub.text, _ = reason(sub.Report)
	sub.text = "not sent: " + prefix + sub.text
	return sub
}

// send makes the call and notes what came of it.
func (s *submitter) send(ctx context.Context, sub *submission, image submit.Image) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	switch s.service {
	case submit.ServiceRegisterFace:
		r, err := s.client.RegisterFace(ctx, image, nil)
		sub.failed(err)
		if err != nil {
			return
		}
		sub.Result, sub.Outcome, sub.text = r, outcomeAccepted, "registered as "+r.UUID
		if r.UUID == "" {
			sub.Outcome, sub.text = outcomeRefused, refusal(r.Liveness)
		}
	default:
		r, err := s.client.FaceLiveness(ctx, image, nil)
		sub.failed(err)
		if err != nil {
			return
		}
		sub.Result, sub.Outcome, sub.text = r, outcomeAccepted, "live"+measures(r)
		if !r.Live {
			sub.Outcome, sub.text = outcomeRefused, refusal(r)
		}
	}
}

// failed sorts an error of a call; nil means that the picture was sent.
func (sub *submission) failed(err error) {
	sub.Sent = true
	if err == nil {
		return
	}
	sub.err, sub.Error = err, err.Error()
	var (
		unknown *submit.OutcomeUnknownError
		wait    *submit.WaitError
		task    *submit.TaskError
		proto   *submit.ProtocolError
	)
	switch {
	case errors.As(err, &unknown):
		sub.Outcome = outcomeUnknown
	case errors.As(err, &wait):
		sub.Outcome, sub.Task = outcomePending, wait.Task.ID
	case errors.As(err, &task):
		sub.Outcome, sub.Task = outcomeFailed, task.Task.ID
	case errors.As(err, &proto) && proto.Task.ID != "":
		sub.Outcome, sub.Task = outcomeFailed, proto.Task.ID
	default: // no byte of it was taken
		sub.Outcome, sub.Sent = outcomeFailed, false
	}
}

// unauthorized reports whether the server does not take the credentials.
func (sub *submission) unauthorized() bool {
	var auth *submit.AuthError
	return errors.As(sub.err, &auth)
}

// refusal says what the service has against a picture.
func refusal(r *submit.LivenessResult) string {
	var reasons []string
	for _, is := range r.Issues {
		reasons = append(reasons, strings.TrimSuffix(string(is.Code)+": "+is.Message, ": "))
	}
	if len(reasons) == 0 {
		return "not live" + measures(r)
	}
	return strings.Join(reasons, "; ")
}

// measures are the numbers that the service gave.
func measures(r *submit.LivenessResult) string {
	var s string
	for _, m := range []struct {
		name  string
		value *float64
	}{{"probability", r.Probability}, {"quality", r.Quality}, {"score", r.Score}} {
		if m.value != nil {
			s += fmt.Sprintf(", %s %.3g", m.name, *m.value)
		}
	}
	return s
}

func (a *app) submitCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "submit",
		Short: "Check pictures, make them fit and send them to the Progeny API",
		Args:  cobra.ArbitraryArgs,
		RunE:  group,
	}
	cmd.AddCommand(
		a.submitService("liveness", "Ask whether pictures show a live person", submit.ServiceFaceLiveness),
		a.submitService("register", "Register the faces in pictures", submit.ServiceRegisterFace),
	)
	return cmd
}

func (a *app) submitService(name, short string, service submit.Service) *cobra.Command {
	var (
		in          inputFlags
		s           = submitter{service: service}
		profile     string
		dryRun      bool
		baseURL     string
		allowHTTP   bool
		credentials string
		asJSON      bool
		quiet       int
		colour      colourMode
	)
	cmd := &cobra.Command{
		Use:   name + " PATH...",
		Short: short,
		Long: short + `.

Each picture is checked, normalized (which also removes metadata such as the
location), checked again, and sent. One that is rejected on the way is not sent,
unless --force is given. No picture is sent twice: where a call ends in a way
that leaves open whether the service took the picture, that is said, and it is
not repeated.

The user name and password come from the environment, PROGENY_USERNAME and
PROGENY_PASSWORD, or from a file of two lines, username=... and password=...,
that --credentials or PROGENY_CREDENTIALS_FILE names. The server is that of
--base-url or PREFLIGHT_BASE_URL.

The exit code is 1 if a picture was rejected or refused, 3 if a call failed, and
4 if the server does not take the credentials.`,
		Example: `  preflight submit ` + name + ` selfie.jpg
  preflight submit ` + name + ` --dry-run photos
  preflight submit ` + name + ` --base-url http://127.0.0.1:8090/api/v3 selfie.jpg`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := errors.Join(in.validate(args), s.how.validate()); err != nil {
				return err
			}
			if s.timeout <= 0 {
				return fmt.Errorf("--timeout %v: must be more than zero", s.timeout)
			}
			var err error
			if s.checker, err = a.checker(profile, false); err != nil {
				return err
			}
			if !dryRun {
				if s.client, err = a.client(credentials, cmp.Or(baseURL, a.getenv("PREFLIGHT_BASE_URL")), allowHTTP, s.timeout, in.jobs); err != nil {
					return err
				}
			}
			style := a.style(colour)
			column := 0
			work := batch[*submission]{a: a, inputs: &in, sorted: true}
			work.begin = func(head []input) { column = pathColumn(style, head) }
			// With credentials that are not taken no other picture will fare better;
			// those on their way are still told of.
			var stopped atomic.Bool
			work.do = func(ctx context.Context, i input) (*submission, error) {
				if stopped.Load() {
					return nil, nil
				}
				data, err := a.read(ctx, s.checker, i.path)
				if err != nil {
					return nil, err
				}
				sub, err := s.submit(ctx, i.path, data)
				if sub != nil && sub.unauthorized() {
					stopped.Store(true)
				}
				return sub, err
			}
			work.emit = func(ctx context.Context, i input, sub *submission) error {
				if sub == nil {
					return nil
				}
				return a.writeSubmission(style, column, quiet, asJSON, sub)
			}
			if err := work.run(cmd.Context()); err != nil {
				return writeError(err)
			}
			if stopped.Load() {
				return fail(exitAuth, errors.New("stopped: the server does not take the credentials"))
			}
			return nil
		},
	}
	pathArgs(cmd)
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&dryRun, "dry-run", false, "do everything but send")
	flags.BoolVar(&s.force, "force", false, "send pictures that were rejected, too")
	flags.BoolVar(&s.noNormalize, "no-normalize", false, "send pictures as they are, with their metadata")
	flags.StringVar(&baseURL, "base-url", "", "`URL` of the API (default "+submit.DefaultBaseURL+")")
	flags.BoolVar(&allowHTTP, "allow-http", false, "allow an http URL of another machine: everybody on the way can read along")
	flags.StringVar(&credentials, "credentials", "", "read user name and password from `FILE`")
	flags.DurationVar(&s.timeout, "timeout", 2*time.Minute, "time for each picture, from the call to the result")
	s.how.add(flags)
	flags.StringVarP(&profile, "profile", "p", "progeny", "limits to judge by: the `NAME` of a built-in profile or a YAML file")
	in.add(flags, 1, "work on up to `N` pictures at the same time")
	flags.BoolVar(&asJSON, "json", false, "write one JSON object a line for each picture")
	flags.CountVarP(&quiet, "quiet", "q", "write only what went wrong")
	addColour(flags, &colour)
	return cmd
}

// client returns a client for the credentials that the flag or the environment
// names.
func (a *app) client(file, baseURL string, allowHTTP bool, timeout time.Duration, jobs int) (*submit.Client, error) {
	var c submit.Credentials
	var err error
	if file != "" {
		c, err = submit.LoadCredentials(file)
	} else {
		c, err = submit.CredentialsFromEnv(a.getenv)
	}
	var insecure *submit.InsecureFileError
	switch {
	case errors.As(err, &insecure):
		a.complain(exitOK, "", fmt.Errorf("warning: %w", err))
	case errors.Is(err, submit.ErrNoCredentials):
		return nil, fail(exitAuth, fmt.Errorf("%w; set PROGENY_USERNAME and PROGENY_PASSWORD, or name a file with --credentials", err))
	case err != nil:
		return nil, fail(exitAuth, err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = jobs
	client, err := submit.New(&submit.Options{
		BaseURL: baseURL, AllowInsecure: allowHTTP, Credentials: c,
		HTTPClient:    &http.Client{Transport: transport},
		UploadTimeout: timeout, PollTimeout: timeout,
		UserAgent: "preflight/" + readBuild().version,
	})
	if err != nil {
		return nil, fail(exitUsage, err)
	}
	return client, nil
}

// writeSubmission writes what became of a picture and sets the exit code.
func (a *app) writeSubmission(s style, column, quiet int, asJSON bool, sub *submission) error {
	switch sub.Outcome {
	case outcomeRefused, outcomeRejected:
		a.fails(exitRejected)
	case outcomeFailed, outcomePending, outcomeUnknown:
		code := exitIO
		if sub.unauthorized() {
			code = exitAuth
		}
		a.complain(code, sub.Path, explained(sub))
	}
	switch {
	case quiet > 0:
		return nil
	case asJSON:
		return a.writeJSON(sub)
	case sub.text != "":
		word := map[outcome]string{outcomeAccepted: "pass", outcomeDryRun: "pass"}[sub.Outcome]
		if word == "" {
			word = "reject"
		}
		var b strings.Builder
		s.row(&b, s.outcome(word, sub.Outcome), s.outcomeWidth(), column, printable(sub.Path), printable(sub.text), "")
		_, err := a.stdout.Write([]byte(b.String()))
		return err
	}
	return nil
}

// explained adds to an error what it means for the picture.
func explained(sub *submission) error {
	switch sub.Outcome {
	case outcomeUnknown:
		return fmt.Errorf("outcome unknown, the service may have taken the picture: %w", sub.err)
	case outcomePending:
		return fmt.Errorf("sent, but there is no result yet: %w", sub.err)
	case outcomeFailed:
		if !sub.Sent {
			return fmt.Errorf("not sent: %w", sub.err)
		}
	}
	return sub.err
}
