// Package submit is a client of the Progeny biometric API, version 3. It sends
// images, waits for the tasks the API makes of them and turns the answers into
// Go values. It knows HTTP only; whether an image is worth sending is for the
// caller to decide before.
//
// # One call
//
//	creds, err := submit.CredentialsFromEnv(os.Getenv)
//	…
//	client, err := submit.New(&submit.Options{Credentials: creds})
//	…
//	result, err := client.FaceLiveness(ctx, submit.Image{Data: data}, nil)
//	if err != nil {
//		return err // no verdict: see Errors
//	}
//	if !result.Live {
//		fmt.Println(result.Issues) // FACE_NOT_FOUND, …
//	}
//
// A refused face is a result, not an error; an error means that there is no
// verdict.
//
// # Tasks
//
// Every service works in two steps: a POST that sends the image and is answered
// with the id of a task, then GETs until the task is done. [Client.FaceLiveness]
// does both. [Client.StartFaceLiveness] and [Client.Wait] do one each, so that a
// [Task], which is plain data, can be stored and waited for later, by another
// process if need be; [Answer.Liveness] then reads what the task answered.
//
// # Nothing is sent twice
//
// A POST that starts a task is never repeated once a byte of its body may have
// left this process, whatever went wrong: the API has no way to recognise a
// repetition, and would bill it or register the face again. Such a call ends
// with [*OutcomeUnknownError]. The one exception is the answer 401: it is given
// before the request is looked at, so nothing was taken, and the request is sent
// once more with a new token.
//
// Asking for a token and asking for the state of a task are harmless to repeat.
// They are tried up to four times after network errors and the statuses 408, 425,
// 429 and 5xx, with pauses of random length (full jitter) and no less than what
// Retry-After asks for, up to 30 seconds.
//
// Redirects are never followed, as they could carry an image or a token to
// another host.
//
// # Tokens
//
// The client obtains its access token at the first call and renews it when 80 %
// of its life is over, or once when the API answers 401. The life is measured
// from the moment the token arrived, as the difference of the token's own times,
// so the clocks of the two machines need not agree. However many calls wait for
// a token there is one renewal, and no caller that gives up ends it for the
// others.
//
// # Errors
//
// Every error names its call and says why. The types, for errors.As:
//
//   - [*InputError]: the arguments are not sendable. Nothing was sent.
//   - [*AuthError]: the API does not take the credentials or the token.
//   - [*APIError]: the API refused the call; it has the status, and the fields it
//     complained of.
//   - [*NetworkError]: no complete answer arrived. Nothing was taken.
//   - [*ProtocolError]: the answer is not what the API documents: HTML, a wrong
//     type, half a JSON text, a redirect, too many bytes.
//   - [*OutcomeUnknownError]: the API may or may not have taken a creation. Unwraps
//     to one of the three above, so ask for this type first.
//   - [*TaskError]: the task is done and has failed.
//   - [*WaitError]: the waiting ended before the task; it holds the Task, and
//     waiting can go on. Unwraps to the cause, [ErrPollDeadline] when time ran out.
//
// # What is never written
//
// No error and no log record contains a token, a password, a user name, an image,
// a name of a file, a query string or a body. From an answer that is not a success
// they repeat at most a short sentence, cleaned of everything this client sent;
// from the answers to token calls, and from successful answers, nothing at all.
// [Credentials] and [Image] hide their contents from fmt, slog and encoding/json.
//
// Package progenytest, beside this one, is a scripted server for tests.
package submit
