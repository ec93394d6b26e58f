package chart

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Problem is why a chart of a registry could not be had.
type Problem string

// The problems.
const (
	Missing     Problem = "not found"
	NoChart     Problem = "something else than a Helm chart"
	Altered     Problem = "not what its digest says"
	Forbidden   Problem = "not authorised"
	Limited     Problem = "asked for too often"
	Untrusted   Problem = "the registry's certificate is not trusted"
	Unreachable Problem = "registry unreachable"
	Failed      Problem = "failed" // the message says what
)

// PullError says why a chart of a registry could not be had, and what to do
// about it.
type PullError struct {
	Source  string
	Problem Problem
	Err     error // what was answered or found
}

// Error is the problem, what was seen and the remedy, in one line.
func (e *PullError) Error() string {
	return "chart " + e.Source + ": " + string(e.Problem) + ": " + detail(e.Err) + "; " + e.Remedy()
}

// Unwrap returns the cause.
func (e *PullError) Unwrap() error { return e.Err }

// Remedy is what a person can do about it.
func (e *PullError) Remedy() string {
	domain := ""
	if reference, err := name.ParseReference(strings.TrimPrefix(e.Source, ociPrefix)); err == nil {
		domain = reference.Context().RegistryStr()
	}
	switch e.Problem {
	case Missing:
		return "look at repository and version where the stack names the chart"
	case NoChart:
		return "expected one that helm push has put there"
	case Altered:
		return "ask whoever keeps the registry, or correct the digest"
	case Forbidden:
		return "log in with: docker login " + domain + " (registries also answer so for what is not there)"
	case Limited:
		return "log in with: docker login " + domain + ", or wait"
	case Untrusted:
		return "have the machine trust whoever signed it, or name that certificate's file in SSL_CERT_FILE"
	case Unreachable:
		return "check address, network and proxy, or take a copy of the chart into the stack's folder"
	default:
		return "try it by hand: helm pull " + e.Source
	}
}

// OfTheStack reports problems that whoever names the chart can mend.
func (e *PullError) OfTheStack() bool {
	return e.Problem == Missing || e.Problem == NoChart
}

// OfTheMachine reports what the machine lacks: a network, a login, or trust.
func (e *PullError) OfTheMachine() bool {
	return e.Problem == Forbidden || e.Problem == Untrusted || e.Problem == Unreachable || e.Problem == Limited
}

// problemOf reads the problem out of an error of the registry's client.
func problemOf(err error) Problem {
	answer, answered := errors.AsType[*transport.Error](err)
	_, network := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, errNoChart):
		return NoChart
	case untrusted(err):
		return Untrusted
	case answered:
		return problemOfAnswer(answer)
	case network, errors.Is(err, errSilent), errors.Is(err, context.DeadlineExceeded):
		return Unreachable
	// The client has no type for it (go-containerregistry, internal/verify and
	// pkg/v1/remote/fetcher.go).
	case strings.Contains(err.Error(), "error verifying"), strings.Contains(err.Error(), "does not match requested digest"),
		strings.Contains(err.Error(), "does not match expected size"):
		return Altered
	default:
		return Failed
	}
}

func problemOfAnswer(answer *transport.Error) Problem {
	switch code := answer.StatusCode; {
	case code == http.StatusNotFound:
		return Missing
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return Forbidden
	case code == http.StatusTooManyRequests:
		return Limited
	case code >= http.StatusInternalServerError:
		return Unreachable
	default:
		return Failed
	}
}

// untrusted reports a certificate that the machine does not take.
func untrusted(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	_, ok := errors.AsType[x509.UnknownAuthorityError](err)
	return ok
}

// detail is what is to be read of an error, in a line: a registry's own words
// where it has answered with some, else the first of what was tried.
func detail(err error) string {
	if refused, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return refused.Error()
	}
	if answer, ok := errors.AsType[*transport.Error](err); ok {
		for _, d := range answer.Errors {
			if d.Message != "" {
				return "the registry says: " + oneLine(d.Message)
			}
		}
		return "the registry answers with " + http.StatusText(answer.StatusCode)
	}
	if network, ok := errors.AsType[*net.OpError](err); ok {
		return oneLine(network.Error())
	}
	return oneLine(err.Error())
}
