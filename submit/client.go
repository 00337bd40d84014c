package submit

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// DefaultBaseURL is where the Progeny API is.
const DefaultBaseURL = "https://be.progeny.tech/api/v3"

// Options configure a Client. A zero field means its default; only Credentials have
// none.
type Options struct {
	// BaseURL is what stands before "/services/…", DefaultBaseURL if empty. It must
	// be https unless its host is this machine or AllowInsecure is set.
	BaseURL string

	Credentials Credentials

	// HTTPClient makes the requests: proxies, TLS and connection limits are its
	// business. nil means a client with http.DefaultTransport, which keeps two idle
	// connections to a host; raise that for many calls at once. The client is copied
	// and its CheckRedirect is not used: redirects are refused.
	HTTPClient *http.Client

	// RequestTimeout bounds one exchange that only reads or asks for a token.
	// Default: 20 seconds.
	RequestTimeout time.Duration

	// UploadTimeout bounds one exchange that sends images. Default: 2 minutes.
	UploadTimeout time.Duration

	// PollInterval is the first pause between two looks at a task. The pauses grow by
	// half each time, up to 5 seconds, or to PollInterval if that is more, and vary
	// by 20 % either way. Default: 0.5 seconds.
	PollInterval time.Duration

	// PollTimeout bounds the waiting for a task when the context has no deadline; a
	// context's deadline holds in its place. Default: 2 minutes.
	PollTimeout time.Duration

	// MaxResponseBytes is how much of an answer is read, after decompression; a
	// longer one is a ProtocolError. Default: 4 MiB.
	MaxResponseBytes int64

	// UserAgent is sent with every request. Default: "preflight-submit".
	UserAgent string

	// Logger receives an event for every exchange, repetition and outcome, with the
	// call, task, attempt, status, byte counts and durations and nothing else.
	// nil: no events.
	Logger *slog.Logger

	// AllowInsecure permits a BaseURL with http to another machine. The password,
	// the tokens and the images can then be read by everybody on the way.
	AllowInsecure bool
}

// A Client calls the Progeny API. It is safe for concurrent use, and is best made
// once, because it keeps the access token. It needs no closing.
type Client struct {
	base    *url.URL
	http    *http.Client
	tokens  *tokens
	log     *slog.Logger
	opts    Options // with the defaults filled in, without the credentials
	maxPoll time.Duration
}

// New returns a Client; it does not connect to anything. The error is
// ErrNoCredentials, or it says which option is not usable.
func New(o *Options) (*Client, error) {
	if o == nil {
		o = &Options{}
	}
	opts := *o
	if err := opts.Credentials.check(); err != nil {
		return nil, err
	}
	if opts.BaseURL == "" {
		opts.BaseURL = DefaultBaseURL
	}
	base, err := parseBaseURL(opts.BaseURL, opts.AllowInsecure)
	if err != nil {
		return nil, err
	}
	for _, d := range []struct {
		name  string
		value *time.Duration
		dflt  time.Duration
	}{
		{"RequestTimeout", &opts.RequestTimeout, 20 * time.Second},
		{"UploadTimeout", &opts.UploadTimeout, 2 * time.Minute},
		{"PollInterval", &opts.PollInterval, 500 * time.Millisecond},
		{"PollTimeout", &opts.PollTimeout, 2 * time.Minute},
	} {
		if *d.value < 0 {
			return nil, fmt.Errorf("submit: Options.%s is negative", d.name)
		}
		if *d.value == 0 {
			*d.value = d.dflt
		}
	}
	if opts.MaxResponseBytes < 0 {
		return nil, errors.New("submit: Options.MaxResponseBytes is negative")
	}
	if opts.MaxResponseBytes == 0 {
		opts.MaxResponseBytes = 4 << 20
	}
	if opts.UserAgent == "" {
		opts.UserAgent = "preflight-submit"
	}
	if strings.ContainsFunc(opts.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, errors.New("submit: Options.UserAgent: only printable ASCII can be sent")
	}
	log := opts.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	hc := &http.Client{}
	if opts.HTTPClient != nil {
		*hc = *opts.HTTPClient
	}
	// A redirect could carry the token or the image to another host, and turns a POST
	// into a GET. Its answer is returned instead, and becomes an error.
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

	c := &Client{
		base: base, http: hc, log: log, opts: opts,
		maxPoll: max(5*time.Second, opts.PollInterval),
	}
	c.tokens = &tokens{client: c, credentials: opts.Credentials}
	c.opts.Credentials = Credentials{}
	return c, nil
}

// parseBaseURL checks the base URL. Its errors do not show the URL, which may hold a
// password.
func parseBaseURL(s string, allowInsecure bool) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return nil, errors.New("submit: BaseURL is not an absolute URL")
	case u.User != nil:
		return nil, errors.New("submit: BaseURL contains a user name; use Credentials")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("submit: BaseURL has a query or a fragment")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("submit: BaseURL is neither https nor http")
	case u.Scheme == "http" && !allowInsecure && !loopback(u.Hostname()):
		return nil, errors.New("submit: BaseURL is http to another machine, which would send the password and the images in the clear; use https (or set AllowInsecure)")
	}
	return u, nil
}

func loopback(host string) bool {
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}
