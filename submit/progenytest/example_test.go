package progenytest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/preflight-go/preflight/submit"
	"github.com/preflight-go/preflight/submit/progenytest"
)

// enrol is the program under test: it registers a selfie and returns what to show.
func enrol(ctx context.Context, client *submit.Client, selfie []byte) string {
	result, err := client.RegisterFace(ctx, submit.Image{Data: selfie}, nil)
	var unknown *submit.OutcomeUnknownError
	switch {
	case errors.As(err, &unknown):
		return "We will get back to you."
	case err != nil:
		return "Please try again later."
	case result.UUID == "":
		return "Please take another picture."
	}
	return "Welcome!"
}

// How to test a program that calls the API: what it says to each kind of fault, and
// that it sends nobody's picture twice.
func Example() {
	selfie := append([]byte("\xff\xd8\xff"), make([]byte, 1000)...)
	for _, step := range []progenytest.Step{
		{},
		{Call: "register_face", Fault: progenytest.Issue, Code: "FACE_TOO_SMALL"},
		{Call: "register_face", Fault: progenytest.Status, Status: 429, RetryAfter: "60"},
		{Call: "register_face", Fault: progenytest.ResetAfterBody},
	} {
		srv := progenytest.NewServer(nil)
		srv.Script(step)
		client, err := submit.New(&submit.Options{
			BaseURL:     srv.URL,
			HTTPClient:  srv.Client(),
			Credentials: submit.NewCredentials(srv.Username, srv.Password),
		})
		if err != nil {
			panic(err)
		}
		shown := enrol(context.Background(), client, selfie)
		srv.Close()
		taken := 0
		for _, n := range srv.Taken() {
			taken += n
		}
		fmt.Printf("%-12s taken %d times: %s\n", step.Fault, taken, shown)
	}
	// Output:
	//              taken 1 times: Welcome!
	// issue        taken 1 times: Please take another picture.
	// status       taken 0 times: Please try again later.
	// reset-after  taken 1 times: We will get back to you.
}
