// Package preflight decides, before upload, whether a selfie will do for a
// biometric API, and says exactly why not.
//
// A [Checker] measures an image and judges it by a [Profile]:
//
//	checker, err := preflight.New(nil) // once; it is safe for concurrent use
//	…
//	report, err := checker.Check(ctx, data)
//	if err != nil {
//		return err // the context ended; bad bytes are never an error
//	}
//	for _, issue := range report.Issues {
//		fmt.Println(issue.Code, issue.Message, issue.Hint)
//	}
//
// # Measuring and judging
//
// The two halves stand apart. [Checker.Measure] gives [Measurements]: facts
// without an opinion, plain data that can be stored. [Profile.Judge] is a pure
// function from them to a [Report]; stored facts can be judged again with other
// limits. A header that forbids decoding (no image, too many pixels) ends the
// measuring there, and Stage says how far it got; otherwise everything is
// measured, so that a person gets all reasons at once.
//
// The same bytes and the same profile give the same report on every machine and
// from any number of goroutines. (Pixels are decoded by Go's image/jpeg, which
// was changed in Go 1.26: programs built with an older Go may measure a face by
// some tenths of a pixel differently.)
//
// # Units and frames
//
// Width and height are pixels as stored. Faces are in pixels of the upright,
// full-size picture (its EXIF orientation applied): x right, y down, (0, 0) at
// the top-left corner. LeftEye is the one with the smaller x. Angles are degrees:
// roll > 0 turned clockwise as seen, yaw > 0 the nose to the picture's left,
// pitch > 0 looking up.
//
// # Doubt
//
// A measured value comes with its standard uncertainty. Within one sigma of a
// limit, on either side, the issue is raised as a warning with Unsure set,
// never as a rejection. What could not be measured is absent, never zero.
package preflight
