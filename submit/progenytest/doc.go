// Package progenytest plays the Progeny API, version 3, for tests of programs that
// call it. It does what the API's documentation says, tokens, form validation, tasks
// and answers, without looking at any face, and can be told to go wrong in the ways
// that servers and networks do.
//
//	srv := progenytest.NewServer(nil)
//	defer srv.Close()
//	client, err := submit.New(&submit.Options{
//		BaseURL:     srv.URL,
//		Credentials: submit.NewCredentials(srv.Username, srv.Password),
//		HTTPClient:  srv.Client(),
//	})
//
// # Faults
//
// [Server.Script] takes a list of steps. Each names a call, when it strikes and what
// happens then:
//
//	srv.Script(
//		progenytest.Step{Call: "task", Nth: 1, Fault: progenytest.Status, Status: 503, RetryAfter: "2"},
//		progenytest.Step{Call: "face_liveness", Fault: progenytest.ResetAfterBody},
//	)
//
// # What arrived
//
// [Server.Received] lists every request in the order of arrival, with the length and
// SHA-256 of each file and the task that was made of it, so that "was it sent twice?"
// is a question a test can ask.
//
// # Time
//
// With Options.InMemory the server listens on pipes in memory rather than on a port.
// A test within a testing/synctest bubble then waits for nothing, as the pipes block
// durably and the clock jumps:
//
//	synctest.Test(t, func(t *testing.T) {
//		srv := progenytest.NewServer(&progenytest.Options{InMemory: true})
//		defer srv.Close()
//		…
//	})
//
// The server is deterministic: ids come from a counter, nothing from chance. Its
// tokens are signed with a key that everybody can read. It is not for production.
package progenytest
