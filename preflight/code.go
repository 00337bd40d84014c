package preflight

//go:generate sh -c "go run ../cmd/preflight explain --markdown > ../docs/codes.md"

import (
	"iter"
	"slices"
)

// A Code names one thing that can be said about an image. Codes never change
// their meaning; where the Progeny API has a code of its own, ours is the same.
type Code string

// The codes, in the order in which a report lists them.
const (
	FileEmpty              Code = "FILE_EMPTY"
	UnsupportedFormat      Code = "UNSUPPORTED_FORMAT"
	DecompressionBomb      Code = "DECOMPRESSION_BOMB"
	Truncated              Code = "TRUNCATED"
	FailedToReadImage      Code = "FAILED_TO_READ_IMAGE"
	Animated               Code = "ANIMATED"
	FileTooLarge           Code = "FILE_TOO_LARGE"
	ImageTooSmall          Code = "IMAGE_TOO_SMALL"
	ImageTooLarge          Code = "IMAGE_TOO_LARGE"
	JPEGQualityTooLow      Code = "JPEG_QUALITY_TOO_LOW"
	FaceNotFound           Code = "FACE_NOT_FOUND"
	TooManyFaces           Code = "TOO_MANY_FACES"
	FaceCropped            Code = "FACE_CROPPED"
	FaceTooSmall           Code = "FACE_TOO_SMALL"
	EyeDistanceTooSmall    Code = "EYE_DISTANCE_TOO_SMALL"
	FaceAngleTooLarge      Code = "FACE_ANGLE_TOO_LARGE"
	FaceTooClose           Code = "FACE_TOO_CLOSE"
	FaceCloseToBorder      Code = "FACE_CLOSE_TO_BORDER"
	EyesHidden             Code = "EYES_HIDDEN"
	ExtensionMismatch      Code = "EXTENSION_MISMATCH"
	TrailingData           Code = "TRAILING_DATA"
	CorruptChunk           Code = "CORRUPT_CHUNK"
	UnusualColour          Code = "UNUSUAL_COLOUR"
	HeightAboveRecommended Code = "HEIGHT_ABOVE_RECOMMENDED"
	GPSPresent             Code = "GPS_PRESENT"
)

// A Level says how much an issue weighs.
type Level string

// The levels, from light to heavy.
const (
	Off    Level = "off"    // not reported at all
	Info   Level = "info"   // reported, never changes the verdict
	Warn   Level = "warn"   // the receiver may refuse it, or we are not sure
	Reject Level = "reject" // the receiver refuses it
)

// rank orders levels and verdicts.
func (l Level) rank() int { return slices.Index([]Level{Off, Info, Warn, Reject}, l) }

// A CodeInfo is what there is to know about a Code. "preflight explain" and
// docs/codes.md are made from it.
type CodeInfo struct {
	Code    Code
	Level   Level  // default; a profile may set another
	Fixable bool   // package normalize can remove it
	Limit   string // where its limit stands in a profile, such as "face.ied"; "" if it has none
	Meaning string // one line
	Hint    string // what the person who took the picture can do
	Detail  string // how it is measured and when it is wrong
}

// Codes yields every code in the order in which reports list them.
func Codes() iter.Seq[CodeInfo] {
	return slices.Values(codes)
}

// Lookup returns what there is to know about c; ok is false for a code that
// this version does not know.
func Lookup(c Code) (info CodeInfo, ok bool) {
	i := order(c)
	if i == len(codes) {
		return CodeInfo{}, false
	}
	return codes[i], true
}

// order is the place of c in reports; len(codes) for an unknown one.
func order(c Code) int {
	if i := slices.IndexFunc(codes, func(ci CodeInfo) bool { return ci.Code == c }); i >= 0 {
		return i
	}
	return len(codes)
}

var codes = []CodeInfo{
	{
		Code: FileEmpty, Level: Reject,
		Meaning: "The file has no bytes at all.",
		Hint:    "Send the picture again; the upload or the copy was cut off at its start.",
		Detail:  "Decided from the length alone.",
	},
	{
		Code: UnsupportedFormat, Level: Reject, Limit: "file.formats",
		Meaning: "The bytes are not of a format, or not of a variant of it, that the receiver reads.",
		Hint:    "Save the picture as a JPEG.",
		Detail: "The format is told from the first bytes, never from the name, and the message says what the file really is: " +
			"HEIC, WebP, AVIF, GIF, BMP, TIFF, JPEG XL, PDF and so on. JPEG files that are lossless, arithmetic-coded, " +
			"hierarchical or have more than 8 bits per sample are named too: hardly any decoder takes them.",
	},
	{
		Code: DecompressionBomb, Level: Reject,
		Meaning: "Decoding would take far more memory or time than the file is worth.",
		Hint:    "Take the picture with a lower resolution, or save it anew.",
		Detail: "Decided from the header, before anything is allocated: the declared pixels exceed the checker's budget " +
			"(Options.MaxPixels), a PNG would inflate by more than 500 to more than 32 MiB, or there are absurdly many segments, chunks or scans.",
	},
	{
		Code: Truncated, Level: Reject,
		Meaning: "The image data ends early.",
		Hint:    "Send the picture again; the upload or the copy broke off.",
		Detail: "The lower part of the picture is missing. Browsers and image viewers show such files, with a gray lower part, so people do not notice. " +
			"The message says where the data ends. A file that lacks nothing but its end marker is warned about, not rejected.",
	},
	{
		Code: FailedToReadImage, Level: Reject,
		Meaning: "It is a JPEG or PNG by its first bytes, but it cannot be decoded.",
		Hint:    "Open the picture in a viewer and save it anew as a JPEG, or take it again.",
		Detail:  "The message says at which byte and why, as far as the decoder tells.",
	},
	{
		Code: Animated, Level: Reject, Fixable: true, Limit: "file.frames",
		Meaning: "The file holds an animation, not one picture.",
		Hint:    "Send a single still picture.",
		Detail:  "An animated PNG (APNG) whose acTL chunk declares more than one frame. Normalizing leaves the first one.",
	},
	{
		Code: FileTooLarge, Level: Reject, Fixable: true, Limit: "file.bytes",
		Meaning: "The file has more bytes than the receiver takes.",
		Hint:    "Let preflight normalize it, or save it with a JPEG quality of 90 and at most 1080 px high.",
		Detail:  "\"2 MB\" may mean 2,000,000 or 2,097,152 bytes: between the two it is a warning marked unsure, beyond both a rejection.",
	},
	{
		Code: ImageTooSmall, Level: Reject, Limit: "file.side",
		Meaning: "The picture has too few pixels in width or height.",
		Hint:    "Take the picture with a higher resolution. Enlarging it does not help.",
		Detail:  "The shorter side of the stored picture. Not fixable: enlarging would be enhancing, which the receiver refuses.",
	},
	{
		Code: ImageTooLarge, Level: Reject, Fixable: true, Limit: "file.side",
		Meaning: "The picture has too many pixels in width or height.",
		Hint:    "Let preflight normalize it, or scale it down.",
		Detail:  "The longer side of the stored picture.",
	},
	{
		Code: JPEGQualityTooLow, Level: Reject, Limit: "file.jpeg_quality",
		Meaning: "The JPEG was compressed too strongly.",
		Hint:    "Send the original from the camera, not a copy from a messenger or a web page.",
		Detail: "The luma quantization table is compared by least squares with the 100 standard tables of the IJG library (T.81, Annex K). " +
			"A table that fits one of them well is taken at its number. Another one, such as those of some editors and newer encoders, rejects only " +
			"if it is coarser in every entry than the standard tables of sufficient quality; else the nearest table can raise a warning marked unsure. Saving at a higher quality afterwards does not bring back what was lost.",
	},
	{
		Code: FaceNotFound, Level: Reject,
		Meaning: "No face was found.",
		Hint:    "Show the whole face, upright and close enough, in even light, without anything in front of it.",
		Detail: "Faces are searched from about an eighth of the shorter side upward, in large pictures from a twentieth, up to 45° of roll. Harsh side light, a face far from " +
			"the camera, a mask or a strong profile can hide a face from the detector.",
	},
	{
		Code: TooManyFaces, Level: Reject, Limit: "face.second_area",
		Meaning: "A second face is too large to be a bystander's.",
		Hint:    "Take the picture alone before the camera.",
		Detail:  "The area of the second largest face over that of the largest. Small faces in the background are no second person before the camera.",
	},
	{
		Code: FaceCropped, Level: Reject, Limit: "face.outside",
		Meaning: "Part of the face lies outside the picture.",
		Hint:    "Move the camera back, or to the side where the face is cut off, until the whole head is in the picture.",
		Detail: "How far the face box reaches beyond the frame, in percent of its side. The picture is searched on a larger ground, so that a face " +
			"that is cut off is still measured; one of which half is missing may be reported as a part only, or not be found.",
	},
	{
		Code: FaceTooSmall, Level: Reject, Limit: "face.size",
		Meaning: "The face has too few pixels.",
		Hint:    "Move closer to the camera.",
		Detail:  "The side of the square face box, in pixels of the full-size picture.",
	},
	{
		Code: EyeDistanceTooSmall, Level: Reject, Limit: "face.ied",
		Meaning: "The eyes are too few pixels apart.",
		Hint:    "Move closer to the camera.",
		Detail:  "The distance between the pupil centres (inter-eye distance, IED), in pixels of the full-size picture.",
	},
	{
		Code: FaceAngleTooLarge, Level: Reject, Limit: "face.roll, face.yaw, face.pitch",
		Meaning: "The head is turned, raised, lowered or tilted too far.",
		Hint:    "Look straight into the camera and hold it upright, at the height of the eyes.",
		Detail: "The issue names the axis: roll (tilted to a shoulder, from the eyes), yaw (turned to a side) or pitch (up or down), " +
			"the latter two from 18 facial landmarks. Angles carry a standard uncertainty; within one sigma of the limit it is a warning marked unsure.",
	},
	{
		Code: FaceTooClose, Level: Warn, Limit: "face.fill",
		Meaning: "The face fills too much of the picture.",
		Hint:    "Move the camera back a little.",
		Detail:  "The side of the face box over the shorter side of the picture.",
	},
	{
		Code: FaceCloseToBorder, Level: Warn, Limit: "face.border",
		Meaning: "The face is too close to the edge of the picture.",
		Hint:    "Bring the face to the middle of the picture.",
		Detail:  "The smallest gap between the face box and an edge, in pixels.",
	},
	{
		Code: EyesHidden, Level: Warn, Limit: "face.eyes_visible",
		Meaning: "The eyes cannot be located with certainty: they may be hidden by sunglasses, hair or glare.",
		Hint:    "Take off sunglasses, keep hair out of the eyes and avoid reflections on glasses.",
		Detail:  "From how far 126 slightly displaced searches for each pupil disagree. It is a hint, not proof: strong shadow, blur or a small face do the same.",
	},
	{
		Code: ExtensionMismatch, Level: Warn, Fixable: true,
		Meaning: "The file's name says another format than its bytes.",
		Hint:    "Rename the file, or let preflight normalize it.",
		Detail:  "Only judged when a name with an extension is known.",
	},
	{
		Code: TrailingData, Level: Warn, Fixable: true,
		Meaning: "There are bytes behind the end of the image.",
		Hint:    "Let preflight normalize it, or save it anew.",
		Detail:  "Trailers that cameras are known to write (a second picture, a motion photo, maker's notes) are only mentioned, at level info.",
	},
	{
		Code: CorruptChunk, Level: Warn, Fixable: true,
		Meaning: "The file is damaged in a way that decoders forgive.",
		Hint:    "Let preflight normalize it, or save it anew.",
		Detail:  "A wrong checksum of an ancillary PNG chunk, stray bytes between JPEG segments, and the like.",
	},
	{
		Code: UnusualColour, Level: Warn, Fixable: true,
		Meaning: "The colours are stored in a way that some receivers misread.",
		Hint:    "Let preflight normalize it, or save it anew as an RGB JPEG.",
		Detail:  "CMYK or YCCK JPEG, 16-bit or palette PNG.",
	},
	{
		Code: HeightAboveRecommended, Level: Info, Fixable: true, Limit: "file.height",
		Meaning: "The picture is higher than the receiver recommends.",
		Hint:    "Let preflight normalize it: it is scaled down and its upload gets faster.",
		Detail:  "The height of the upright picture, after its EXIF orientation is applied.",
	},
	{
		Code: GPSPresent, Level: Info, Fixable: true,
		Meaning: "The file tells where the picture was taken.",
		Hint:    "Let preflight normalize it: that removes the location.",
		Detail:  "A GPS position in EXIF or XMP. The position itself is never read into the report.",
	},
}
