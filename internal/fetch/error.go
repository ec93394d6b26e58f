package fetch

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
)

// Problem is why a program could not be had.
type Problem string

// The problems.
const (
	NoRelease     Problem = "there is none for this system"
	NotFound      Problem = "not found"
	Unreachable   Problem = "cannot be fetched"
	Offline       Problem = "not in the cache, and offline"
	NoChecksum    Problem = "its checksum cannot be had"
	WrongChecksum Problem = "its checksum differs"
	NoSpace       Problem = "no space left"
	BadArchive    Problem = "no archive that can be used"
)

// Error says that a program could not be had, and what to do about it.
type Error struct {
	Subject string // a URL, or a program
	Problem Problem
	Path    string // where its file would be in the cache
	Err     error  // what was seen
}

// Error is the problem, what was seen and the remedy.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %s", e.Subject, e.Problem)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text + "; " + e.Remedy()
}

// Unwrap returns what was seen.
func (e *Error) Unwrap() error { return e.Err }

// Remedy is what a person can do about it.
func (e *Error) Remedy() string {
	switch e.Problem {
	case NoRelease:
		return "install it with the system's package manager, so that it is on PATH"
	case NotFound:
		return "check the repository's address, or put the file by hand at " + e.Path
	case Offline:
		return "fetch it where there is a network and put it at " + e.Path + ", or leave out --offline"
	case NoChecksum:
		return "use a repository that has it, or put the file and its checksum by hand at " + e.Path + " and " + checksumExtension + " beside it"
	case WrongChecksum:
		return "the file was removed: try again, or use another repository"
	case NoSpace:
		return "free disk space for " + filepath.Dir(e.Path)
	case BadArchive:
		return "remove " + e.Path + " and try again, or use another repository"
	default:
		return "check network and proxy, use a mirror, or put the file by hand at " + e.Path
	}
}

// failed makes an [*Error] of what kept a file from being had; one that is
// already typed stays as it is.
func failed(address string, problem Problem, path string, err error) error {
	if typed, ok := errors.AsType[*Error](err); ok {
		return typed
	}
	return &Error{Subject: redacted(address), Problem: problem, Path: path, Err: err}
}

// written types the error of writing below path: a full disk is the one that a
// person can do something about.
func written(subject, path string, err error) error {
	if full(err) {
		return failed(subject, NoSpace, path, err)
	}
	return err
}

// redacted is an address without the password that a mirror may ask for.
func redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Redacted()
}
