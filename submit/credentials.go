package submit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"unicode/utf8"
)

// Credentials are a user name and a password of the Progeny API. They show neither:
// fmt, log/slog and encoding/json see "[hidden]". The zero value is no credentials.
type Credentials struct {
	// A function, because fmt does not call the methods of an unexported field but
	// prints what it finds in it, behind a pointer too.
	reveal func() (username, password string)
}

// NewCredentials returns the credentials made of the two.
func NewCredentials(username, password string) Credentials {
	return Credentials{func() (string, string) { return username, password }}
}

// hidden stands for every secret in every text.
const hidden = "[hidden]"

// String returns "[hidden]".
func (Credentials) String() string { return hidden }

// GoString returns "[hidden]".
func (Credentials) GoString() string { return hidden }

// LogValue returns "[hidden]".
func (Credentials) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText returns "[hidden]", to encoding/json and others.
func (Credentials) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON returns "[hidden]" in quotes.
func (Credentials) MarshalJSON() ([]byte, error) { return json.Marshal(hidden) }

// check returns why the credentials cannot be used, or nil.
func (c Credentials) check() error {
	if c.reveal != nil {
		if username, password := c.reveal(); username != "" && password != "" {
			return nil
		}
	}
	return ErrNoCredentials
}

// CredentialsFromEnv returns the credentials that the environment names:
// PROGENY_USERNAME and PROGENY_PASSWORD, or else the file PROGENY_CREDENTIALS_FILE
// (see LoadCredentials, also for the error that is a warning). getenv is usually
// os.Getenv. The error is ErrNoCredentials, perhaps wrapped, when neither is set or
// one of the first two is missing.
func CredentialsFromEnv(getenv func(string) string) (Credentials, error) {
	username, password := getenv("PROGENY_USERNAME"), getenv("PROGENY_PASSWORD")
	path := getenv("PROGENY_CREDENTIALS_FILE")
	switch {
	case username != "" && password != "":
		return NewCredentials(username, password), nil
	case path != "":
		return LoadCredentials(path)
	case username != "":
		return Credentials{}, fmt.Errorf("%w: PROGENY_USERNAME is set but PROGENY_PASSWORD is not", ErrNoCredentials)
	case password != "":
		return Credentials{}, fmt.Errorf("%w: PROGENY_PASSWORD is set but PROGENY_USERNAME is not", ErrNoCredentials)
	}
	return Credentials{}, ErrNoCredentials
}

// An InsecureFileError says that other users of the machine can read a file of
// credentials. It is a warning: the Credentials beside it are usable.
type InsecureFileError struct {
	Path string
	Mode fs.FileMode
}

func (e *InsecureFileError) Error() string {
	return fmt.Sprintf("%s: other users can read this file (mode %04o); make it 0600", e.Path, e.Mode.Perm())
}

// maxCredentialsFile is far more than two lines need.
const maxCredentialsFile = 64 << 10

// LoadCredentials reads a file of credentials, either lines
//
//	username=…
//	password=…
//
// or the JSON object {"username": …, "password": …}. In lines, spaces around names
// and values, empty lines and lines that begin with # do not count; a password that
// begins or ends with a space needs the JSON form.
//
// If other users can read the file, the error is *InsecureFileError and the
// Credentials are valid all the same; a caller that only wants to warn goes on. There
// is no such check on Windows, nor for what is not a regular file. No error shows
// what is in the file.
func LoadCredentials(path string) (Credentials, error) {
	f, err := os.Open(path)
	if err != nil {
		return Credentials{}, fmt.Errorf("credentials: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Credentials{}, fmt.Errorf("credentials: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxCredentialsFile+1))
	if err != nil {
		return Credentials{}, fmt.Errorf("credentials: %w", err)
	}
	c, err := parseCredentials(data)
	if err != nil {
		return Credentials{}, fmt.Errorf("credentials: %s: %w", path, err)
	}
	if runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o044 != 0 {
		return c, &InsecureFileError{Path: path, Mode: info.Mode()}
	}
	return c, nil
}

// parseCredentials reads either form. Its errors do not quote the data, not even a
// single character of it, as package json would.
func parseCredentials(data []byte) (Credentials, error) {
	if len(data) > maxCredentialsFile {
		return Credentials{}, fmt.Errorf("larger than %d bytes", maxCredentialsFile)
	}
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return Credentials{}, errors.New("not a UTF-8 text")
	}
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	var pair struct{ Username, Password string }
	if bytes.HasPrefix(data, []byte("{")) {
		if json.Unmarshal(data, &pair) != nil {
			return Credentials{}, errors.New(`not a JSON object of two strings, "username" and "password"`)
		}
	} else if err := parseLines(string(data), &pair.Username, &pair.Password); err != nil {
		return Credentials{}, err
	}
	if pair.Username == "" {
		return Credentials{}, fmt.Errorf("%w: username is missing", ErrNoCredentials)
	}
	if pair.Password == "" {
		return Credentials{}, fmt.Errorf("%w: password is missing", ErrNoCredentials)
	}
	return NewCredentials(pair.Username, pair.Password), nil
}

func parseLines(text string, username, password *string) error {
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, found := strings.Cut(line, "=")
		if !found {
			return fmt.Errorf("line %d: not of the form name=value", n)
		}
		var to *string
		switch strings.TrimSpace(name) {
		case "username":
			to = username
		case "password":
			to = password
		default:
			return fmt.Errorf("line %d: neither username nor password", n)
		}
		if *to != "" {
			return fmt.Errorf("line %d: given for the second time", n)
		}
		*to = strings.TrimSpace(value)
	}
	return nil
}
