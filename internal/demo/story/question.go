package story

import (
	"net/http"
	"strings"
)

// Question is what a model is asked: how well the item suits the user, with
// what is known of both.
type Question struct {
	Request
	UserFeatures Features `json:"user_features"`
	ItemFeatures Features `json:"item_features"`
	// Carried goes along as headers, not in the body.
	Carried Carried `json:"-"`
}

// Carried are the headers that a service hands on from who asked it to whom it
// asks, by canonical name: by them a mesh routes and ties calls together.
type Carried map[string]string

// carried are those of Istio's list of headers to forward, and the caller's
// program (https://istio.io/latest/docs/tasks/observability/distributed-tracing/overview/).
//
//nolint:gochecknoglobals // a table
var carried = []string{
	"User-Agent", "X-Request-Id", "X-B3-Traceid", "X-B3-Spanid", "X-B3-Parentspanid", "X-B3-Sampled", "X-B3-Flags",
	"B3", "Tracestate", "Baggage",
}

// Carry picks what goes along of a request's headers; the trace goes along as
// it is here.
func Carry(h http.Header, t Trace) Carried {
	c := Carried{http.CanonicalHeaderKey(TraceHeader): t.String()}
	for _, name := range carried {
		if value := h.Get(name); value != "" && !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			c[name] = value
		}
	}
	return c
}

// Put sets the headers on a request. A request whose asker named no program
// names none.
func (c Carried) Put(h http.Header) {
	h.Set("User-Agent", "")
	for name, value := range c {
		h.Set(name, value)
	}
}

// About says who answers.
type About struct {
	// Version is that of the service, or inside for the model in the gateway.
	Version string `json:"version"`
	// GPU is what it was given to compute with; empty: nothing.
	GPU string `json:"gpu,omitempty"`
}

// Inside is the version of a model that is no service of its own.
const Inside = "inside"
