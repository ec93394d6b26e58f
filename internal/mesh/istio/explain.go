package istio

import (
	"errors"
	"fmt"
	"strings"
)

// RefusedError is what istiod says of an object that it does not take.
type RefusedError struct {
	Object  string   // such as VirtualService/diorama/recommender
	Reasons []string // each says what is wrong with a field
	Err     error
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("istio refuses %s: %s", e.Object, strings.Join(e.Reasons, "; "))
}

func (e *RefusedError) Unwrap() error { return e.Err }

// Explain makes a [RefusedError] of an error of the API that has istiod's words
// in it, and of several that are joined one each; others are returned as they
// are.
func Explain(err error) error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, one := range joined.Unwrap() {
			all = append(all, Explain(one))
		}
		return errors.Join(all...)
	}
	if _, ok := errors.AsType[*RefusedError](err); ok {
		return err
	}
	object, said, ok := refusal(err.Error())
	if !ok {
		return err
	}
	return &RefusedError{Object: object, Reasons: said, Err: err}
}

// refusal takes apart what the API says of an object that istiod's admission
// webhook refuses:
//
//	apply VirtualService/diorama/x: admission webhook "validation.istio.io" denied the request: configuration is invalid: 2 errors occurred:
//		* weight -80 < 0
//		* HTTP status 9999 is not in range 200-599
func refusal(message string) (object string, reasons []string, ok bool) {
	head, said, ok := strings.Cut(message, " denied the request: ")
	if !ok || !strings.Contains(head, "istio.io") {
		return "", nil, false
	}
	object = "the object"
	if rest, found := strings.CutPrefix(head, "apply "); found {
		object, _, _ = strings.Cut(rest, ":")
	}
	said = strings.TrimPrefix(said, "configuration is invalid: ")
	for line := range strings.Lines(said) {
		reason, item := strings.CutPrefix(strings.TrimSpace(line), "* ")
		if item && reason != "" {
			reasons = append(reasons, reason)
		}
	}
	if len(reasons) == 0 {
		reasons = []string{strings.TrimSpace(said)}
	}
	return object, reasons, true
}
