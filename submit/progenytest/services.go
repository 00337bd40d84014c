package progenytest

import (
	"bytes"
	"encoding/json"
	"image"
	_ "image/jpeg" // for DecodeVerdict
	_ "image/png"  // for DecodeVerdict
	"regexp"
	"strconv"
	"time"
)

// A service is what the API's documentation says of one.
type service struct {
	files        []string // required
	values       []string // required
	extendNeeded bool     // extend_data must be there
	result       func(s *Server, f *formData) map[string]any
}

var services = map[string]service{
	"register_face":                      {files: []string{"image"}, result: (*Server).registerFace},
	"authenticate_face":                  {files: []string{"image"}, values: []string{"uuid"}, result: (*Server).authenticateFace},
	"face_liveness":                      {files: []string{"image"}, result: (*Server).faceLiveness},
	"ocr_card":                           {files: []string{"front_id", "back_id"}, extendNeeded: true, result: ocr},
	"ocr_passport":                       {files: []string{"passport_image"}, extendNeeded: true, result: ocr},
	"kyc_card":                           {files: []string{"selfie_image", "front_id", "back_id"}, extendNeeded: true, result: (*Server).kyc},
	"kyc_passport":                       {files: []string{"selfie_image", "passport_image"}, extendNeeded: true, result: (*Server).kyc},
	"background_check":                   {values: []string{"fullname", "birth_date"}, result: background},
	"kyc_card_with_background_check":     {files: []string{"selfie_image", "front_id", "back_id"}, extendNeeded: true, result: (*Server).kycWithBackground},
	"kyc_passport_with_background_check": {files: []string{"selfie_image", "passport_image"}, extendNeeded: true, result: (*Server).kycWithBackground},
}

// require returns Django REST framework's complaint about missing values, or nil.
func (f *formData) require(names ...string) map[string]any {
	var bad map[string]any
	for _, name := range names {
		v, found := f.values[name]
		switch {
		case !found:
			bad = complain(bad, name, "This field is required.")
		case v == "":
			bad = complain(bad, name, "This field may not be blank.")
		}
	}
	return bad
}

func complain(bad map[string]any, field, sentence string) map[string]any {
	if bad == nil {
		bad = map[string]any{}
	}
	bad[field] = []string{sentence}
	return bad
}

var uuidRE = regexp.MustCompile(`^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`)

// validate checks a form field by field and returns the complaints, or nil.
func (sv service) validate(f *formData) map[string]any {
	bad := f.require(sv.values...)
	for _, name := range sv.files {
		file, found := f.files[name]
		_, isText := f.values[name]
		switch {
		case isText:
			bad = complain(bad, name, "The submitted data was not a file. Check the encoding type on the form.")
		case !found:
			bad = complain(bad, name, "No file was submitted.")
		case file.Bytes == 0:
			bad = complain(bad, name, "The submitted file is empty.")
		}
	}
	extend, found := f.values["extend_data"]
	if !found && sv.extendNeeded {
		bad = complain(bad, "extend_data", "This field is required.")
	}
	if _, err := strconv.ParseBool(extend); found && err != nil {
		bad = complain(bad, "extend_data", "Must be a valid boolean.")
	}
	if v := f.values["uuid"]; v != "" && !uuidRE.MatchString(v) {
		bad = complain(bad, "uuid", "Must be a valid UUID.")
	}
	if v := f.values["birth_date"]; v != "" {
		if _, err := time.Parse(time.DateOnly, v); err != nil {
			bad = complain(bad, "birth_date", "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.")
		}
	}
	return bad
}

// A Verdict is what the server says of a face. The zero Verdict is a live one, with
// the numbers of the API's documentation.
type Verdict struct {
	Code    string // why the face is refused; empty: it is not
	Message string

	// For a face that is not refused; all zero: 2.59, 0.817 and 0.930.
	Score, Quality, Probability float64
}

// DecodeVerdict is a function for Options.Liveness that looks at the image as far as
// its size: an image that is no PNG or JPEG gives FAILED_TO_READ_IMAGE, one with a side
// below 224 pixels FACE_TOO_SMALL.
func DecodeVerdict(data []byte) Verdict {
	c, _, err := image.DecodeConfig(bytes.NewReader(data))
	switch {
	case err != nil:
		return Verdict{Code: "FAILED_TO_READ_IMAGE", Message: "Failed to read image"}
	case min(c.Width, c.Height) < 224:
		return Verdict{Code: "FACE_TOO_SMALL", Message: "Face is too small"}
	}
	return Verdict{}
}

// liveness gives the verdict on a file as the face services show it.
func (s *Server) liveness(f *File) (live bool, liveness, issues any) {
	var v Verdict
	if s.opts.Liveness != nil {
		v = s.opts.Liveness(f.Data)
	}
	if v.Code != "" {
		return false,
			map[string]any{"result": false, "data": map[string]any{"error": v.Message, "error_code": v.Code}},
			map[string]any{"liveness": map[string]any{v.Code: v.Message}}
	}
	if v.Score == 0 && v.Quality == 0 && v.Probability == 0 {
		v.Score, v.Quality, v.Probability = 2.59, 0.817, 0.930
	}
	return true, map[string]any{"result": true, "data": map[string]any{
		"score": v.Score, "quality": v.Quality, "probability": v.Probability,
	}}, nil
}

func (s *Server) faceLiveness(f *formData) map[string]any {
	live, liveness, issues := s.liveness(f.files["image"])
	data := map[string]any{"liveness": liveness}
	if !live {
		data["issues"] = issues
	}
	return data
}

func (s *Server) registerFace(f *formData) map[string]any {
	if live, liveness, issues := s.liveness(f.files["image"]); !live {
		return map[string]any{"liveness": liveness, "issues": issues}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.uuid()
	s.faces[id] = f.files["image"].SHA256
	return map[string]any{"uuid": id}
}

// authenticateFace finds that the face matches if the image is, to the byte, the one
// that was registered.
func (s *Server) authenticateFace(f *formData) map[string]any {
	live, liveness, issues := s.liveness(f.files["image"])
	if !live {
		return map[string]any{"liveness": liveness, "issues": issues}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	same := s.faces[f.values["uuid"]] == f.files["image"].SHA256
	score, percent := "0.0", "0.0"
	if same {
		score, percent = "20.0", "100.0"
	}
	return map[string]any{
		"authentication": map[string]any{"result": same, "data": map[string]any{"matchScore": score, "scorePercent": percent}},
		"liveness":       liveness,
	}
}

func ocr(*Server, *formData) map[string]any {
	return map[string]any{"document": map[string]any{
		"is_valid": true, "is_expired": false, "dateOfBirth": "1991-9-24", "age": 30,
		"firstName": "JANE", "lastName": "SAMPLE", "dateOfIssue": "None-None-None", "dateOfExpiry": "2033-9-25",
		"documentNumber": "XX008080", "sex": "F", "nationality": "UKRAINIAN",
		"portrait":     "images/services/ocr_passport/9456633680.jpg",
		"portrait_url": "https://media.example/images/services/ocr_passport/9456633680.jpg",
	}}
}

func (s *Server) kyc(f *formData) map[string]any {
	live, _, issues := s.liveness(f.files["selfie_image"])
	data := ocr(s, f)
	data["compare"], data["liveness"] = live, live
	if !live {
		data["issues"] = issues
	}
	return data
}

func background(*Server, *formData) map[string]any {
	return map[string]any{"background_check": map[string]any{
		"potential_match": false, "risk_level": "unknown", "total_matches": 0, "hits": []any{},
	}}
}

func (s *Server) kycWithBackground(f *formData) map[string]any {
	data := s.kyc(f)
	data["background_check"] = background(s, f)["background_check"]
	return data
}

// A task is the fate of a creation, decided when it is created.
type task struct {
	number   int
	pending  int    // looks left before it is done; negative: never done
	shown    string // the state shown until then
	state    string
	result   any
	noResult bool // show the result's members beside the status
}

// create makes a task of a valid form. It returns its id.
func (s *Server) create(name string, f *formData, st Step) string {
	t := &task{pending: s.opts.Polls, shown: "PENDING", state: "SUCCESS"}
	sv := services[name]
	var data map[string]any
	if st.Fault == Issue {
		code, message := st.Code, st.Message
		if code == "" {
			code, message = "FACE_NOT_FOUND", "Failed to detect face"
		}
		data = map[string]any{
			"liveness": map[string]any{"result": false, "data": map[string]any{"error": message, "error_code": code}},
			"issues":   map[string]any{"liveness": map[string]any{code: message}},
		}
	} else {
		data = sv.result(s, f)
	}
	t.result = map[string]any{"status": 200, "data": data}
	// The documentation shows this one beside the status.
	t.noResult = name == "background_check"

	switch st.Fault {
	case Pending:
		t.pending = st.Polls
		if st.Code != "" {
			t.shown = st.Code
		}
	case Failure:
		t.state, t.result = "FAILURE", nil
		if st.Code != "" {
			t.state = st.Code
		}
		if st.Message != "" {
			t.result = st.Message
		}
		t.noResult = false
	case TaskStatus:
		body := json.RawMessage(st.Body)
		if !json.Valid(body) {
			body = json.RawMessage(`{"detail": "The image could not be processed."}`)
		}
		t.result = map[string]any{"status": or(st.Status, 400), "data": body}
		t.noResult = false
	case NumbersAsTexts:
		t.result = numbersAsTexts(t.result)
	case PlainLiveness:
		if m, ok := data["liveness"].(map[string]any); ok {
			data["liveness"] = m["result"]
		}
	case NoResult:
		t.noResult = true
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.uuid()
	t.number = 2157 + len(s.tasks) + 1
	s.tasks[id] = t
	return id
}

func or(v, otherwise int) int {
	if v == 0 {
		return otherwise
	}
	return v
}

func numbersAsTexts(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for name, member := range v {
			m[name] = numbersAsTexts(member)
		}
		return m
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case int:
		return strconv.Itoa(v)
	}
	return v
}

// look answers a look at a task. The mutex must be held.
func (s *Server) look(id string) (int, any) {
	if id == "" {
		return 400, complain(nil, "id", "This field is required.")
	}
	t, found := s.tasks[id]
	if !found {
		return 404, detail("Not found.")
	}
	if t.pending != 0 {
		t.pending--
		return 200, map[string]any{"id": t.number, "status": t.shown, "result": nil}
	}
	if m, ok := t.result.(map[string]any); ok && t.noResult {
		answer := map[string]any{"id": t.number, "status": t.state}
		for name, v := range m["data"].(map[string]any) {
			answer[name] = v
		}
		return 200, answer
	}
	return 200, map[string]any{"id": t.number, "status": t.state, "result": t.result}
}
