// Package facegeom finds faces and measures them: where, how large, how far
// apart the eyes, how turned, each with its uncertainty. Pixels in, geometry out;
// it knows no file format and no rule.
//
//	detector, err := facegeom.NewDetector(nil) // once
//	…
//	faces, err := detector.Detect(ctx, plane) // an *image.Gray, shorter side about 320 px
//
// # Frame, units, signs
//
// Coordinates are continuous, in pixels of the plane, x right, y down, (0, 0) at
// the top-left corner of the top-left pixel. The left eye is the one with the
// smaller x. Angles are in degrees: roll > 0 when the head is turned clockwise as
// seen in the image (the eye at its right is lower), yaw > 0 when the nose points
// to the image's left, pitch > 0 when the face looks up. IED is the inter-eye
// distance, between the pupils.
//
// # Method
//
// The plane is turned by 0, ±20 and ±40 degrees onto a larger ground of repeated
// edge pixels, and pigo's face cascade runs over each canvas; hits of all angles
// are clustered together. Both pupils are located by pigo's pupil cascade and its
// mirror image from 63 fixed, slightly displaced guesses each, in the frame that
// the cascade's angle gives and once more in the one that the pupils give; the
// answer is the median, and the spread of the answers tells how certain it is.
// Nine landmark cascades and their mirror images do the same for brow, eye
// corners, nose and mouth. From these 18 points come yaw and pitch, by a linear
// fit to a calibration table (internal/posefit), and a second opinion on whether
// it is a face at all.
//
// Answers are the same from run to run and from any number of goroutines: nothing
// is random, and each stage works on integers or rounds its products.
//
// # Sources
//
// N. Markuš and others, "Object Detection with Pixel Intensity Comparisons
// Organized in Decision Trees", arXiv:1305.4537, and "Eye Pupil Localization with
// an Ensemble of Randomized Trees", Pattern Recognition 47 (2014); the cascades of
// github.com/esimov/pigo v1.4.6.
package facegeom
