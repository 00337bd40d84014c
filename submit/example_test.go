package submit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"

	"github.com/preflight-go/preflight/submit"
	"github.com/preflight-go/preflight/submit/progenytest"
)

// jpeg stands for the bytes of a file.
var jpeg = append([]byte("\xff\xd8\xff"), make([]byte, 1000)...)

func Example() {
	// In place of the Progeny API. With the real one, leave out BaseURL and HTTPClient,
	// and take the credentials from submit.CredentialsFromEnv(os.Getenv).
	srv := progenytest.NewServer(nil)
	defer srv.Close()

	client, err := submit.New(&submit.Options{
		BaseURL:     srv.URL,
		HTTPClient:  srv.Client(),
		Credentials: submit.NewCredentials(srv.Username, srv.Password),
	})
	if err != nil {
		log.Fatal(err)
	}
	result, err := client.FaceLiveness(context.Background(), submit.Image{Data: jpeg}, nil)
	if err != nil {
		log.Fatal(err) // no verdict
	}
	if !result.Live {
		for _, issue := range result.Issues {
			fmt.Println(issue.Code, issue.Message)
		}
		return
	}
	fmt.Println("live, with probability", *result.Probability)
	// Output: live, with probability 0.93
}

// What to do about each kind of error.
func Example_errors() {
	srv := progenytest.NewServer(nil)
	defer srv.Close()
	srv.Script(progenytest.Step{Call: "register_face", Fault: progenytest.ResetAfterBody})
	client, err := submit.New(&submit.Options{
		BaseURL: srv.URL, HTTPClient: srv.Client(), Credentials: submit.NewCredentials(srv.Username, srv.Password),
	})
	if err != nil {
		log.Fatal(err)
	}

	_, err = client.RegisterFace(context.Background(), submit.Image{Data: jpeg}, nil)
	var (
		unknown *submit.OutcomeUnknownError // before the types that it may wrap
		wait    *submit.WaitError           // likewise
		failed  *submit.TaskError
		auth    *submit.AuthError
		api     *submit.APIError
	)
	switch {
	case err == nil:
		fmt.Println("registered")
	case errors.As(err, &unknown):
		fmt.Println("look for the", unknown.Service, "request before sending it again")
	case errors.As(err, &wait):
		fmt.Println("wait again for", wait.Task)
	case errors.As(err, &failed):
		fmt.Println("failed:", failed.Detail)
	case errors.As(err, &auth):
		fmt.Println("check the credentials")
	case errors.As(err, &api):
		fmt.Println("refused:", api.Detail, api.Fields)
	default:
		fmt.Println("nothing was taken; try again later:", err)
	}
	// Output: look for the register_face request before sending it again
}

// A task is stored and waited for later, perhaps by another process.
func ExampleClient_Wait() {
	srv := progenytest.NewServer(nil)
	defer srv.Close()
	client, err := submit.New(&submit.Options{
		BaseURL: srv.URL, HTTPClient: srv.Client(), Credentials: submit.NewCredentials(srv.Username, srv.Password),
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()

	task, err := client.StartFaceLiveness(ctx, submit.Image{Data: jpeg}, nil)
	if err != nil {
		log.Fatal(err)
	}
	stored, err := json.Marshal(task)
	if err != nil {
		log.Fatal(err)
	}

	var loaded submit.Task
	if err := json.Unmarshal(stored, &loaded); err != nil {
		log.Fatal(err)
	}
	answer, err := client.Wait(ctx, loaded)
	if err != nil {
		log.Fatal(err)
	}
	result, err := answer.Liveness()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.State, result.Live)
	// Output: SUCCESS true
}
