// Package normalize makes of an accepted photo the file that a face or
// document API likes best: upright, at most 1080 pixels high, in sRGB, small,
// and without metadata.
//
//	r, err := normalize.Image(ctx, data, nil)
//	if err != nil {
//		return err
//	}
//	for _, c := range r.Changes {
//		log.Print(c.Text) // "Scaled from 3024x4032 to 810x1080 px, because …"
//	}
//	upload(r.Data, r.ContentType)
//
// As little as possible is done. A file that is as it should be keeps its
// image data byte for byte and loses only its metadata. Nothing is enlarged,
// sharpened, cropped or brightened. Whatever was done is in [Result.Changes],
// in words and as data.
//
// # Colours
//
// Pixels that are encoded anew are converted to sRGB by their colour profile,
// which is left out then; see [Options.Profile]. A profile that cannot be
// converted, because it needs lookup tables, goes with the pixels. Pixels that
// are not encoded anew keep their profile. CMYK is converted by plain
// arithmetic, without its profile, and [Result.Changes] says so. A PNG's gAMA
// is converted too; primaries of its own (cHRM, cICP) are not, and that is
// said. One component stays one component: gray stays gray.
//
// # Coordinates
//
// Points are continuous: (0, 0) is the top-left corner of the top-left pixel,
// whose centre is (0.5, 0.5); x goes right, y down. [Result.MapStored] and
// [Result.MapUpright] carry points of the original, such as pupils, to the
// result.
//
// # Untrusted bytes
//
// Any bytes give a [Result] whose data can be decoded, an [*Error], or a
// [*TooLargeError]. The size is checked in the header, before pixels are
// allocated. The same bytes and options always give the same result on the
// same kind of processor; all functions are safe for concurrent use.
package normalize
