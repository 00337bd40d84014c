package progenytest

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// DefaultUsername and DefaultPassword are the account of a server without others.
const (
	DefaultUsername = "tester"
	DefaultPassword = "not-a-secret"
)

// Options configure a Server. A zero field means its default.
type Options struct {
	Username string // default: DefaultUsername
	Password string // default: DefaultPassword

	AccessLife  time.Duration // of an access token; default: 5 minutes
	RefreshLife time.Duration // of a refresh token; default: 14 days

	// ClockSkew is how far the server's clock is ahead of this machine's; tokens and
	// their times go by it.
	ClockSkew time.Duration

	// OmitIssuedAt leaves the claim iat out of the tokens, as old versions of the
	// usual library do.
	OmitIssuedAt bool

	Latency time.Duration // before each answer
	Polls   int           // looks at a task before it is done; default: 0, done at the first look

	// Liveness decides about the face of an image; nil accepts all. It is called from
	// several goroutines.
	Liveness func(image []byte) Verdict

	// KeepFiles has Received show the bytes of the files. Otherwise they are forgotten.
	KeepFiles bool

	// InMemory has the server listen on pipes in memory; only Server.Client reaches
	// it. Use it within testing/synctest.
	InMemory bool

	// Listener is where to listen, such as on a fixed port; it is closed by Close. nil
	// means a free port of the loopback interface.
	Listener net.Listener

	// Log is called with every request after its answer; nil: not. It is called from
	// several goroutines.
	Log func(Request)
}

// A Server plays the Progeny API until it is closed. It is safe for concurrent use.
type Server struct {
	URL      string // the base URL, ending in "/api/v3"
	Username string
	Password string

	opts    Options
	http    *http.Server
	client  *http.Client
	closing chan struct{}
	once    sync.Once
	running sync.WaitGroup // the accepting and every connection

	mu       sync.Mutex // guards the fields below
	steps    []*armed
	received []*Request
	tokens   map[string]issued
	tasks    map[string]*task
	faces    map[string]string // uuid of a registered face: SHA-256 of its image
	serial   int
}

// NewServer starts a server. nil means the defaults. It panics if it cannot listen, as
// httptest.NewServer does.
func NewServer(o *Options) *Server {
	if o == nil {
		o = &Options{}
	}
	s := &Server{
		Username: DefaultUsername, Password: DefaultPassword,
		opts:    *o,
		closing: make(chan struct{}),
		tokens:  map[string]issued{}, tasks: map[string]*task{}, faces: map[string]string{},
	}
	if o.Username != "" {
		s.Username = o.Username
	}
	if o.Password != "" {
		s.Password = o.Password
	}
	if s.opts.AccessLife == 0 {
		s.opts.AccessLife = 5 * time.Minute
	}
	if s.opts.RefreshLife == 0 {
		s.opts.RefreshLife = 14 * 24 * time.Hour
	}

	listener := o.Listener
	transport := &http.Transport{}
	switch {
	case o.InMemory:
		pipes := newPipeListener()
		transport.DialContext = pipes.dial
		listener = pipes
	case listener == nil:
		var err error
		if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			panic(fmt.Sprintf("progenytest: %v", err))
		}
	}
	s.URL = "http://" + listener.Addr().String() + "/api/v3"
	s.client = &http.Client{Transport: transport}
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.serve),
		ErrorLog:          log.New(io.Discard, "", 0), // broken connections are our business
		ReadHeaderTimeout: time.Minute,
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				s.running.Add(1)
			case http.StateClosed, http.StateHijacked:
				s.running.Done()
			}
		},
	}
	s.running.Go(func() { _ = s.http.Serve(listener) }) // always ErrServerClosed
	return s
}

// Client returns a client that reaches the server. Its idle connections are closed by
// Close.
func (s *Server) Client() *http.Client { return s.client }

// Close breaks all connections, waits until every goroutine of the server has ended,
// and may be called more than once. What was received can still be read.
func (s *Server) Close() {
	s.once.Do(func() {
		close(s.closing)
		_ = s.http.Close() // closes the listener, whose error says nothing about a test
		s.client.CloseIdleConnections()
	})
	s.running.Wait()
}

// Shutdown is Close for servers that people use: it lets the requests under way end
// before ctx does.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	s.Close()
	return err
}

// Received returns what has arrived so far, in the order of arrival.
func (s *Server) Received() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Request, len(s.received))
	for i, r := range s.received {
		list[i] = *r
	}
	return list
}

// Taken returns how many tasks were made of each file, by its SHA-256: more than one
// means that an image was sent twice.
func (s *Server) Taken() map[string]int {
	taken := map[string]int{}
	for _, r := range s.Received() {
		if r.Method == http.MethodPost && r.Task != "" {
			for _, f := range r.Files {
				taken[f.SHA256]++
			}
		}
	}
	return taken
}

// uuid returns the next id. The mutex must be held.
func (s *Server) uuid() string {
	s.serial++
	sum := sha256.Sum256(fmt.Appendf(nil, "progenytest %d", s.serial))
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80 // RFC 9562: version 4
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// callOf names the call of a path, "" if there is none.
func callOf(path string) string {
	path, found := strings.CutPrefix(path, "/api/v3/")
	switch {
	case !found:
		return ""
	case path == "accounts/token/obtain/":
		return CallObtain
	case path == "accounts/token/refresh/":
		return CallRefresh
	case path == "services/task/":
		return CallTask
	}
	name := strings.TrimSuffix(strings.TrimPrefix(path, "services/"), "/")
	if _, known := services[name]; known && path == "services/"+name+"/" {
		return name
	}
	return ""
}

// serve answers one request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.running.Add(1) // also for a connection that reset takes over
	defer s.running.Done()
	call := callOf(r.URL.Path)
	st := s.match(call)
	rec := &Request{At: time.Now(), Call: call, Method: r.Method, ContentLength: r.ContentLength, Fault: st.Fault}
	s.mu.Lock()
	s.received = append(s.received, rec)
	s.mu.Unlock()
	if s.opts.Log != nil {
		defer func() {
			s.mu.Lock()
			copied := *rec
			s.mu.Unlock()
			s.opts.Log(copied)
		}()
	}

	if st.Fault == ResetBeforeBody {
		reset(w)
		return
	}
	f := &formData{}
	var status int
	var body any
	if r.Method == http.MethodPost {
		f, status, body = readForm(w, r)
	}
	s.note(rec, f)
	if f.broken || !s.pause(r.Context(), s.opts.Latency+st.Delay) {
		panic(http.ErrAbortHandler) // nobody is there to be answered
	}

	switch st.Fault { // those in front of the application
	case LostBeforeWork:
		reset(w)
		return
	case Status:
		s.plain(w, rec, or(st.Status, 500), st)
		return
	case HTML:
		s.send(w, rec, or(st.Status, 200), "text/html; charset=utf-8", []byte(proxyPage), nil)
		return
	case TokenNotValid:
		status, body = 401, tokenNotValid()
	}
	if status == 0 {
		status, body = s.work(rec, r, f, st)
	}
	switch st.Fault { // those behind it
	case ResetAfterBody:
		reset(w)
		return
	case StatusAfterWork:
		s.plain(w, rec, or(st.Status, 500), st)
		return
	case WrongTypes:
		status, body = 200, map[string]any{"id": []int{1}, "status": 7, "result": "done", "access": 5, "refresh": false}
	}
	b, err := json.Marshal(body)
	if err != nil {
		panic(err) // a map we made
	}
	switch st.Fault {
	case HalfJSON:
		b = b[:len(b)/2]
	case CutAnswer:
		w.Header().Set("Content-Length", fmt.Sprint(len(b)))
		s.send(w, rec, status, "application/json", b[:len(b)/2], nil)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	s.send(w, rec, status, "application/json", b, nil)
}

// note records what the form brought.
func (s *Server) note(rec *Request, f *formData) {
	files := slices.Clone(f.order)
	if !s.opts.KeepFiles {
		for i := range files {
			files[i].Data = nil
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rec.Files, rec.Complete = files, !f.broken
	if rec.Call != CallObtain && rec.Call != CallRefresh {
		rec.Values = f.values
	}
}

// work is the application: it answers a request that arrived well.
func (s *Server) work(rec *Request, r *http.Request, f *formData, st Step) (int, any) {
	method := http.MethodPost
	if rec.Call == CallTask {
		method = http.MethodGet
	}
	s.mu.Lock()
	switch {
	case rec.Call == "":
		s.mu.Unlock()
		return 404, detail("Not found.")
	case r.Method != method:
		s.mu.Unlock()
		return 405, detail(fmt.Sprintf("Method %q not allowed.", r.Method))
	case rec.Call == CallObtain:
		defer s.mu.Unlock()
		return s.obtain(f)
	case rec.Call == CallRefresh:
		defer s.mu.Unlock()
		return s.refresh(f)
	}
	if status, body := s.authenticate(r.Header.Get("Authorization")); status != 200 {
		s.mu.Unlock()
		return status, body
	}
	if rec.Call == CallTask {
		defer s.mu.Unlock()
		rec.Task = r.URL.Query().Get("id")
		return s.look(rec.Task)
	}
	s.mu.Unlock() // the rest calls Options.Liveness

	if bad := services[rec.Call].validate(f); bad != nil {
		return 400, bad
	}
	id := s.create(rec.Call, f, st)
	s.mu.Lock()
	defer s.mu.Unlock()
	rec.Task = id
	return 200, map[string]any{"id": id}
}

const proxyPage = `<!DOCTYPE html>
<html><head><title>Service temporarily unavailable</title></head>
<body><h1>Service temporarily unavailable</h1><p>nginx</p></body></html>
`

// plain answers with a bare status.
func (s *Server) plain(w http.ResponseWriter, rec *Request, status int, st Step) {
	header := http.Header{}
	if st.RetryAfter != "" {
		header.Set("Retry-After", st.RetryAfter)
	}
	contentType, body := "application/json", []byte(st.Body)
	switch {
	case st.Body != "":
		if !json.Valid(body) {
			contentType = "text/html; charset=utf-8"
		}
	case status >= 500:
		contentType = "text/html; charset=utf-8"
		body = fmt.Appendf(nil, "<h1>%s (%d)</h1>", http.StatusText(status), status)
	case status >= 300 && status < 400:
		header.Set("Location", "https://elsewhere.example/")
	default:
		body = fmt.Appendf(nil, `{"detail": %q}`, http.StatusText(status)+".")
	}
	s.send(w, rec, status, contentType, body, header)
}

func (s *Server) send(w http.ResponseWriter, rec *Request, status int, contentType string, body []byte, more http.Header) {
	s.mu.Lock()
	rec.Status = status
	s.mu.Unlock()
	for name, values := range more {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away is a normal thing here
}

// pause waits and reports whether somebody still waits for the answer.
func (s *Server) pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	case <-s.closing:
		return false
	}
}

// reset breaks the connection, with a TCP reset where there is TCP.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
