// Progenysim plays the Progeny API on this machine, for trying out a client without an
// account and without sending anybody's face anywhere. It accepts any image of at least
// 224x224 pixels as a live face.
//
// Usage:
//
//	progenysim [--addr 127.0.0.1:8090] [--user NAME] [--password WORD] [--latency 200ms]
//	           [--polls 2] [--fail FAULT[@CALL][:N]]... [-v] [--allow-remote]
//
// Each --fail makes one kind of fault happen: at every call, or at every N-th, of those
// named CALL (token/obtain, token/refresh, task, face_liveness, ...) or of all. FAULT is
// an HTTP status or one of the faults of package progenytest:
//
//	progenysim --fail 503@task:3 --fail reset-after@face_liveness:5
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/preflight-go/preflight/submit/progenytest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program. It serves until ctx ends and returns the exit code: 0, 1 if it
// cannot listen, 2 for wrong usage.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("progenysim", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "127.0.0.1:8090", "`address` to listen on; port 0 takes a free one")
	user := flags.String("user", progenytest.DefaultUsername, "user `name` of the only account")
	password := flags.String("password", progenytest.DefaultPassword, "its `password`")
	latency := flags.Duration("latency", 0, "`time` before each answer")
	polls := flags.Int("polls", 1, "`looks` at a task before it is done")
	life := flags.Duration("access-life", 5*time.Minute, "life of an access token")
	verbose := flags.Bool("v", false, "print every request, without tokens and images")
	remote := flags.Bool("allow-remote", false, "listen on an address that other machines can reach")
	var steps []progenytest.Step
	flags.Func("fail", "`FAULT[@CALL][:N]`: an HTTP status or a fault, at every N-th call (may be given again); faults: "+faultNames(), func(s string) error {
		st, err := parseFail(s)
		steps = append(steps, st)
		return err
	})
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	usage := func(format string, a ...any) int {
		fmt.Fprintf(stderr, "progenysim: "+format+"\n", a...)
		return 2
	}
	if flags.NArg() > 0 {
		return usage("unexpected argument %q", flags.Arg(0))
	}
	if *latency < 0 || *polls < 0 || *life < time.Second {
		return usage("--latency and --polls cannot be negative, and --access-life not below 1s")
	}
	host, _, err := net.SplitHostPort(*addr)
	if err != nil {
		return usage("--addr: %v", err)
	}
	if !*remote && host != "localhost" && !net.ParseIP(host).IsLoopback() {
		return usage("--addr %s can be reached by other machines; if you mean it, add --allow-remote", *addr)
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		fmt.Fprintf(stderr, "progenysim: %v\n", err)
		return 1
	}

	opts := &progenytest.Options{
		Username: *user, Password: *password, AccessLife: *life, Latency: *latency, Polls: *polls,
		Listener: listener, Liveness: progenytest.DecodeVerdict,
	}
	if *verbose {
		var mu sync.Mutex
		opts.Log = func(r progenytest.Request) {
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintln(stderr, line(r))
		}
	}
	srv := progenytest.NewServer(opts)
	srv.Script(steps...)
	fmt.Fprintf(stdout, "progenysim: base URL %s (Ctrl-C ends it)\n", srv.URL)
	fmt.Fprintf(stdout, "  export PROGENY_USERNAME=%s PROGENY_PASSWORD=%s\n", quote(srv.Username), quote(srv.Password))
	fmt.Fprintln(stdout, "  or PROGENY_CREDENTIALS_FILE=FILE with the lines username=… and password=…")
	fmt.Fprintf(stdout, "  and give your client --base-url %s\n", srv.URL)

	<-ctx.Done()
	grace, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	_ = srv.Shutdown(grace) // what is still open then is broken off
	fmt.Fprintf(stdout, "progenysim: ended after %d requests\n", len(srv.Received()))
	return 0
}

// parseFail reads FAULT[@CALL][:N].
func parseFail(s string) (progenytest.Step, error) {
	var st progenytest.Step
	if rest, n, found := strings.Cut(s, ":"); found {
		every, err := strconv.Atoi(n)
		if err != nil || every < 1 {
			return st, fmt.Errorf("%q is not a positive number", n)
		}
		s, st.Every = rest, every
	}
	kind, call, _ := strings.Cut(s, "@")
	st.Call = call
	if call != "" && !slices.Contains(progenytest.Calls(), call) {
		return st, fmt.Errorf("no call %q; there are %s", call, strings.Join(progenytest.Calls(), ", "))
	}
	if status, err := strconv.Atoi(kind); err == nil {
		if status < 200 || status > 599 {
			return st, fmt.Errorf("%d is not an HTTP status from 200 to 599", status)
		}
		st.Fault, st.Status = progenytest.Status, status
		return st, nil
	}
	st.Fault = progenytest.Fault(kind)
	if !slices.Contains(progenytest.Faults(), st.Fault) {
		return st, fmt.Errorf("no fault %q; there are %s", kind, faultNames())
	}
	if st.Fault == progenytest.Pending {
		st.Polls = -1
	}
	return st, nil
}

func faultNames() string {
	var names []string
	for _, f := range progenytest.Faults() {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// line describes a request in one line.
func line(r progenytest.Request) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s", r.At.Format("15:04:05.000"), r.Method, r.Call)
	if r.Call == "" {
		b.WriteString("(no such call)")
	}
	for _, f := range r.Files {
		fmt.Fprintf(&b, " %s=%q(%s, %d bytes, sha256 %.12s…)", f.Field, f.Name, f.ContentType, f.Bytes, f.SHA256)
	}
	if r.Task != "" {
		fmt.Fprintf(&b, " task=%s", r.Task)
	}
	if r.Status == 0 {
		b.WriteString(" -> connection broken")
	} else {
		fmt.Fprintf(&b, " -> %d", r.Status)
	}
	if r.Fault != "" {
		fmt.Fprintf(&b, " [%s]", r.Fault)
	}
	return b.String()
}

var plainRE = regexp.MustCompile(`^[A-Za-z0-9_.@-]+$`)

// quote makes a word safe to paste into a shell.
func quote(s string) string {
	if plainRE.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
