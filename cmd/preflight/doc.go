// Command preflight checks, before upload, whether selfies will do for a
// biometric API, makes them fit, and sends them.
//
//	preflight check photos            one line for every picture
//	preflight check --json photos     one report for every picture
//	preflight check --annotate out photos
//	preflight normalize photos -o ready
//	preflight submit liveness selfie.jpg
//	preflight explain EYE_DISTANCE_TOO_SMALL
//
// Results go to standard output, everything else to standard error.
//
// # Which files are taken
//
// A file that is named is always looked at. Folders are walked, in the order of
// their names; taken are files with the extension of an image format and others
// that begin like a JPEG or a PNG. Hidden files and folders are left out, and
// symbolic links to folders are not followed. "-" is one picture from standard
// input. A FIFO or a device is refused: reading it could block for ever.
//
// # Exit codes
//
//	0    all passed; warnings count as passed, unless --fail-on warn
//	1    a picture was rejected
//	2    usage or configuration; also where there was nothing to look at
//	3    a file could not be read or written, or the network failed
//	4    the server did not accept the credentials
//	130  interrupted
//	141  whoever read the output closed it (128 + SIGPIPE)
//
// Where several apply it is the highest.
package main
