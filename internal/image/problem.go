package image

import (
	"fmt"
	"strings"
)

// Problem is why an image could not be had.
type Problem string

// The problems.
const (
	NotFound          Problem = "not found"
	Unauthorised      Problem = "not authorised"
	RateLimited       Problem = "rate limited"
	Unreachable       Problem = "registry unreachable"
	WrongArchitecture Problem = "wrong architecture"
	DigestMismatch    Problem = "digest differs"
	Offline           Problem = "not in the host's cache, and offline"
	NoSpace           Problem = "no space left"
	Unclassified      Problem = "failed" // the message says what
)

// Error says that an image could not be had, and what to do about it.
type Error struct {
	Ref     string
	Problem Problem
	Detail  string // what was answered or found
}

// Error is the problem, what was seen and the remedy.
func (e *Error) Error() string {
	text := fmt.Sprintf("image %s: %s", e.Ref, e.Problem)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text + "; " + e.Remedy()
}

// Remedy is what a person can do about it.
func (e *Error) Remedy() string {
	switch e.Problem {
	case NotFound:
		return "check name and tag, or put another image in its place with --images"
	case Unauthorised:
		return "log in with: docker login " + e.domain()
	case RateLimited:
		return "log in with: docker login " + e.domain() + ", wait, or use a mirror with --images"
	case Unreachable:
		return "check network and proxy, or use a mirror with --images"
	case WrongArchitecture:
		return "choose an image that is built for this machine, or put one in its place with --images"
	case DigestMismatch:
		return "remove the image (docker rmi " + e.Ref + ") and try again, or correct the digest"
	case Offline:
		return "fetch it where there is a network (docker pull " + e.Ref + "), or leave out --offline"
	case NoSpace:
		return "free disk space on Docker's machine, for example with: docker system prune"
	default:
		return "try it by hand: docker pull " + e.Ref
	}
}

func (e *Error) domain() string {
	ref, err := Parse(e.Ref)
	if err != nil || ref.Domain == "docker.io" {
		return ""
	}
	return ref.Domain
}

// symptom is a piece of a message and the problem that it is a sign of.
type symptom struct {
	text    string
	problem Problem
}

// symptoms are in the order in which they are looked for: a registry that
// limits says "unauthorized" further on in the same message, and Docker Hub
// answers "denied" for what does not exist. Texts are of the Docker engine, of
// containerd and of the registries as their sources have them, in lower case.
func symptoms() []symptom {
	return []symptom{
		{"no space left on device", NoSpace},
		{"toomanyrequests", RateLimited},
		{"too many requests", RateLimited},
		{"rate limit", RateLimited},
		{"no matching manifest", WrongArchitecture},
		{"no match for platform", WrongArchitecture},
		{"does not match the specified platform", WrongArchitecture},
		{"does not provide the specified platform", WrongArchitecture},
		{"exec format error", WrongArchitecture},
		{"manifest unknown", NotFound},
		{"repository does not exist", NotFound},
		{"name unknown", NotFound},
		{"manifest for ", NotFound}, // "manifest for redis:99 not found"
		{"unauthorized", Unauthorised},
		{"authentication required", Unauthorised},
		{"no basic auth credentials", Unauthorised},
		{"forbidden", Unauthorised},
		{"denied", Unauthorised},
		{"no such host", Unreachable},
		{"dial tcp", Unreachable},
		{"connection refused", Unreachable},
		{"connection reset", Unreachable},
		{"i/o timeout", Unreachable},
		{"tls handshake timeout", Unreachable},
		{"proxyconnect", Unreachable},
		{"client.timeout exceeded", Unreachable},
		{"context deadline exceeded", Unreachable},
		{"network is unreachable", Unreachable},
		{"server misbehaving", Unreachable},
		{"x509:", Unreachable},
		{"service unavailable", Unreachable},
		{"not found", NotFound},
	}
}

// Classify reads the problem out of what the engine, containerd or the
// kubelet says of a pull that failed.
func Classify(message string) Problem {
	lower := strings.ToLower(message)
	for _, s := range symptoms() {
		if strings.Contains(lower, s.text) {
			return s.problem
		}
	}
	return Unclassified
}
