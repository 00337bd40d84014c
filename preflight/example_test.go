package preflight_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/preflight-go/preflight/preflight"
)

func Example() {
	checker, err := preflight.New(nil) // once; safe for concurrent use
	if err != nil {
		log.Fatal(err)
	}
	data, err := os.ReadFile("../testdata/images/reject_eye_distance.jpg")
	if err != nil {
		log.Fatal(err)
	}
	report, err := checker.Check(context.Background(), data)
	if err != nil {
		log.Fatal(err) // the context ended; bad bytes are never an error
	}
	fmt.Println(report.Verdict)
	for _, issue := range report.Issues {
		fmt.Println(issue.Code, issue.Message, issue.Hint)
	}
	// Output:
	// reject
	// EYE_DISTANCE_TOO_SMALL The eyes are 83 px apart; at least 85 px are needed. Move closer to the camera.
}

// An upload handler that answers a bad selfie at once, with all reasons.
func Example_uploadHandler() {
	checker, err := preflight.New(&preflight.Options{MaxBytes: 8 << 20})
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("POST /selfie", func(w http.ResponseWriter, r *http.Request) {
		report, err := checker.CheckReader(r.Context(), r.Body) // reads no more than MaxBytes
		if err != nil {
			http.Error(w, "the upload broke off", http.StatusBadRequest)
			return
		}
		if report.Verdict == preflight.VerdictReject {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnprocessableEntity)
			_ = json.NewEncoder(w).Encode(report.Issues)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
}

// Measurements can be stored and judged again with other limits, without the
// picture.
func ExampleProfile_Judge() {
	checker, err := preflight.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	data, err := os.ReadFile("../testdata/images/reject_eye_distance.jpg")
	if err != nil {
		log.Fatal(err)
	}
	m, err := checker.Measure(context.Background(), data)
	if err != nil {
		log.Fatal(err)
	}
	lenient := preflight.Default()
	lenient.Name, lenient.Face.IED.Min = "lenient", 50
	for _, p := range []*preflight.Profile{preflight.Default(), lenient} {
		fmt.Println(p, p.Judge(m).Verdict)
	}
	// Output:
	// progeny@1 reject
	// lenient@1 pass
}
