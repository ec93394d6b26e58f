package env

import "time"

// Finding says why something is not well: what was seen, what it means and
// what to do about it.
type Finding struct {
	// ID names the kind of trouble, the same for every subject, for example
	// "image-not-found". Documentation and scripts refer to it.
	ID string `json:"id"`
	// Subject is what is unwell, as kind/name, for example "pod/kafka-0".
	Subject string `json:"subject"`
	// Service is the service the subject belongs to; empty for the host, the
	// cluster and its nodes.
	Service string `json:"service,omitempty"`
	// Summary is one sentence: the cause and, where there is one, the remedy.
	Summary string `json:"summary"`
	// Since is when the trouble was first seen in its present form.
	Since time.Time `json:"since,omitzero"`
	// Evidence is what was observed, a line each: states, events, last log lines.
	Evidence []string `json:"evidence,omitempty"`
	// Advice is what a person can do, most promising first.
	Advice []string `json:"advice,omitempty"`
	// Terminal is true when waiting longer cannot help.
	Terminal bool `json:"terminal"`
}
