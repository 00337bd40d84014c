package submit

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
)

// An IssueCode says what the API has against a face. Codes that are not listed here
// are passed through as they are. Where package preflight finds the same fault before
// the upload, it uses the same code.
type IssueCode string

// The codes that the API documents, and after them those that other services with the
// same engine publish.
const (
	FaceNotFound      IssueCode = "FACE_NOT_FOUND"       // no face, or not its landmarks
	FaceTooSmall      IssueCode = "FACE_TOO_SMALL"       // below 224 px
	FaceTooClose      IssueCode = "FACE_TOO_CLOSE"       // too close to the camera
	FaceAngleTooLarge IssueCode = "FACE_ANGLE_TOO_LARGE" // pitch or yaw beyond ±25 degrees
	FailedToReadImage IssueCode = "FAILED_TO_READ_IMAGE" // not a readable PNG or JPEG

	FaceCloseToBorder IssueCode = "FACE_CLOSE_TO_BORDER"
	FaceCropped       IssueCode = "FACE_CROPPED"
	FaceIsOccluded    IssueCode = "FACE_IS_OCCLUDED"
	TooManyFaces      IssueCode = "TOO_MANY_FACES"
	EyesClosed        IssueCode = "EYES_CLOSED"
)

// An Issue is one complaint of the API.
type Issue struct {
	Part    string    `json:"part"` // what was looked at, such as "liveness"
	Code    IssueCode `json:"code"`
	Message string    `json:"message,omitempty"` // the API's own words, as they came
}

// A LivenessResult says whether the image shows a live person. A measure that the API
// did not give is nil, as all three are for a refused face.
type LivenessResult struct {
	Task        Task            `json:"task"`
	Live        bool            `json:"live"`
	Score       *float64        `json:"score,omitempty"`       // of the engine, without a documented range
	Quality     *float64        `json:"quality,omitempty"`     // of the image, in 0..1
	Probability *float64        `json:"probability,omitempty"` // of a live person, in 0..1
	Issues      []Issue         `json:"issues,omitempty"`      // why not, in the order of their names
	Raw         json.RawMessage `json:"raw"`                   // the service's own object, whole
}

// FaceLiveness sends a selfie to the face_liveness service and waits for the verdict.
//
// A face that is refused gives a result with Live false and Issues, and no error, also
// when the API marks it with a result status of 4xx. If the task was started, an error
// is *WaitError, *TaskError or *ProtocolError, and has the Task in it; otherwise see
// StartFaceLiveness.
func (c *Client) FaceLiveness(ctx context.Context, image Image, o *CallOptions) (*LivenessResult, error) {
	task, err := c.StartFaceLiveness(ctx, image, o)
	if err != nil {
		return nil, err
	}
	answer, err := c.wait(ctx, task, c.opts.PollInterval)
	return verdict(answer, err, (*Answer).Liveness)
}

// StartFaceLiveness sends a selfie to the face_liveness service and returns the task.
// The image is sent at most once, see the package comment; if it is not known whether
// the API took it, the error is *OutcomeUnknownError.
func (c *Client) StartFaceLiveness(ctx context.Context, image Image, o *CallOptions) (Task, error) {
	return c.start(ctx, ServiceFaceLiveness, o, field{name: "image", image: &image})
}

// Liveness reads the answer of a face_liveness task. The error is *ProtocolError. It
// can also be used on the Answer within a *TaskError.
func (a *Answer) Liveness() (*LivenessResult, error) {
	m, err := a.object()
	if err != nil {
		return nil, err
	}
	r := &LivenessResult{Task: a.Task, Issues: issues(m), Raw: a.Data}
	live, found := m["liveness"]
	if !found || null(live) {
		if len(r.Issues) > 0 {
			return r, nil
		}
		return nil, a.wrong("no liveness in it")
	}
	verdict := live
	var parts, data map[string]json.RawMessage
	if json.Unmarshal(live, &parts) == nil {
		verdict = parts["result"]
	}
	var ok bool
	if r.Live, ok = boolean(verdict); !ok {
		return nil, a.wrong("the result of liveness is not a boolean")
	}
	if raw := parts["data"]; !null(raw) && json.Unmarshal(raw, &data) != nil {
		return nil, a.wrong("the data of liveness is not an object")
	}
	for _, f := range []struct {
		name string
		to   **float64
	}{{"score", &r.Score}, {"quality", &r.Quality}, {"probability", &r.Probability}} {
		raw := data[f.name]
		if null(raw) {
			continue
		}
		v, ok := number(raw)
		if !ok {
			return nil, a.wrong("the " + f.name + " of liveness is not a number")
		}
		*f.to = &v
	}
	return r, nil
}

// A RegisterResult says whether a face was registered.
type RegisterResult struct {
	Task Task `json:"task"`

	// UUID names the registered face from now on. It is empty if the face was refused;
	// then Liveness says why.
	UUID string `json:"uuid,omitempty"`

	// Liveness is what the API said of the face, nil if nothing.
	Liveness *LivenessResult `json:"liveness,omitempty"`

	Raw json.RawMessage `json:"raw"` // the service's own object, whole
}

// RegisterFace sends a selfie to the register_face service and waits for the result.
// A face that is refused gives a result without UUID, and no error. Errors are as
// those of FaceLiveness.
func (c *Client) RegisterFace(ctx context.Context, image Image, o *CallOptions) (*RegisterResult, error) {
	task, err := c.StartRegisterFace(ctx, image, o)
	if err != nil {
		return nil, err
	}
	answer, err := c.wait(ctx, task, c.opts.PollInterval)
	return verdict(answer, err, (*Answer).Register)
}

// StartRegisterFace sends a selfie to the register_face service and returns the task,
// just as StartFaceLiveness does.
func (c *Client) StartRegisterFace(ctx context.Context, image Image, o *CallOptions) (Task, error) {
	return c.start(ctx, ServiceRegisterFace, o, field{name: "image", image: &image})
}

// Register reads the answer of a register_face task. The error is *ProtocolError. It
// can also be used on the Answer within a *TaskError.
func (a *Answer) Register() (*RegisterResult, error) {
	m, err := a.object()
	if err != nil {
		return nil, err
	}
	r := &RegisterResult{Task: a.Task, Raw: a.Data}
	if raw := m["uuid"]; !null(raw) && json.Unmarshal(raw, &r.UUID) != nil {
		return nil, a.wrong("the uuid is not a text")
	}
	_, hasLiveness := m["liveness"]
	_, hasIssues := m["issues"]
	if hasLiveness || hasIssues {
		if r.Liveness, err = a.Liveness(); err != nil {
			return nil, err
		}
	}
	if r.UUID == "" && r.Liveness == nil {
		return nil, a.wrong("neither a uuid nor a refusal in it")
	}
	return r, nil
}

// verdict turns the outcome of a wait into the service's result. A task that failed
// with a result status of 4xx may yet have a verdict on the image in it, which is then
// the result.
func verdict[R any](answer *Answer, err error, read func(*Answer) (R, error)) (R, error) {
	var none R
	if err == nil {
		return read(answer)
	}
	var failed *TaskError
	if errors.As(err, &failed) && failed.State == "SUCCESS" && failed.Status < 500 {
		if r, readErr := read(failed.Answer); readErr == nil {
			return r, nil
		}
	}
	return none, err
}

// object reads Data.
func (a *Answer) object() (map[string]json.RawMessage, error) {
	var m map[string]json.RawMessage
	if json.Unmarshal(a.Data, &m) != nil || m == nil {
		return nil, a.wrong("its data is not an object")
	}
	return m, nil
}

func (a *Answer) wrong(reason string) error {
	return &ProtocolError{Call: callTask, Task: a.Task, Reason: reason}
}

// issues gathers the complaints from the two places where the API puts them:
//
//	{"issues": {"liveness": {"FACE_NOT_FOUND": "Failed to detect face"}}}
//	{"liveness": {"data": {"error_code": "FACE_NOT_FOUND", "error": "Failed to detect face"}}}
//
// It is lenient with the first, whose shape is not documented beyond the example: a
// list of codes and a code alone are understood in place of the inner object.
func issues(m map[string]json.RawMessage) []Issue {
	var found []Issue
	add := func(part, code, message string) {
		same := func(i Issue) bool { return i.Part == part && string(i.Code) == code }
		if code != "" && !slices.ContainsFunc(found, same) {
			found = append(found, Issue{Part: part, Code: IssueCode(code), Message: message})
		}
	}
	var parts map[string]json.RawMessage
	_ = json.Unmarshal(m["issues"], &parts)
	for _, part := range slices.Sorted(maps.Keys(parts)) {
		var codes map[string]json.RawMessage
		if json.Unmarshal(parts[part], &codes) == nil {
			for _, code := range slices.Sorted(maps.Keys(codes)) {
				message := ""
				_ = json.Unmarshal(codes[code], &message)
				add(part, code, message)
			}
			continue
		}
		for _, code := range sentences(parts[part]) {
			add(part, code, "")
		}
	}
	for _, part := range slices.Sorted(maps.Keys(m)) {
		var check struct {
			Data struct {
				Code  string `json:"error_code"`
				Error string `json:"error"`
			} `json:"data"`
		}
		if json.Unmarshal(m[part], &check) == nil {
			add(part, check.Data.Code, check.Data.Error)
		}
	}
	return found
}
