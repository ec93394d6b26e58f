package mesh

import "time"

// EditKind is what an edit does.
type EditKind string

// The kinds of edits.
const (
	EditWeights EditKind = "weights" // the shares of a route's destinations
	EditHeader  EditKind = "header"  // a route for requests with a header
	EditFault   EditKind = "fault"   // a delay or an abort
	EditTLS     EditKind = "tls"     // mutual TLS of a workload, or of all
)

// Edit is a change to the mesh that a person wants. Which fields count depends
// on its kind.
type Edit struct {
	Kind EditKind `json:"kind"`
	// Service is what is routed; of a TLS edit a workload, empty: the whole mesh.
	Service string `json:"service,omitempty"`
	// Route is the index of a route of the service's, as the state has it; negative:
	// the one for all that no other takes.
	Route int `json:"route,omitempty"`
	// Shown is that route as it was shown: the edit is refused where it is another
	// one by now, since routes move when somebody puts one in front. Nil: whatever
	// is there is changed.
	Shown *Shown `json:"shown,omitempty"`
	// Weights are by destination name, in per cent; together 100.
	Weights map[string]int `json:"weights,omitempty"`
	// Header routes requests that have it to the destination To. An empty To
	// takes the route away.
	Header Header  `json:"header,omitzero"`
	To     string  `json:"to,omitempty"`
	Fault  Fault   `json:"fault,omitzero"` // the zero value takes it away
	TLS    TLSMode `json:"tls,omitempty"`
	// Base is a draft's, see [Draft]: the edit is refused where the object is
	// another one by now. Empty: whatever is there is changed.
	Base string `json:"base,omitempty"`
}

// Shown is what a person saw of a route.
type Shown struct {
	Match []string `json:"match,omitempty"` // as [Route] has them
	// Fault counts for an edit of faults: that gives the whole of it.
	Fault Fault `json:"fault,omitzero"`
}

// Header is a condition on a request's header.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Match is how the value is compared: exact, prefix or contains.
	Match string `json:"match,omitempty"`
}

// Draft is what an edit would apply.
type Draft struct {
	Edit    Edit   `json:"edit"`
	Summary string `json:"summary"` // "send 80 % to v1 and 20 % to v2"
	YAML    string `json:"yaml"`    // the objects, as they would be applied
	// Before is the YAML of the same objects as they are; empty where there are none.
	Before string `json:"before,omitempty"`
	// Base is which state of the object the draft was made from; an edit that
	// brings it back applies what was shown, or nothing.
	Base string `json:"base,omitempty"`
	// Doors are, of an edit of mutual TLS, the environment's endpoints as they
	// would be.
	Doors []Door `json:"doors,omitempty"`
}

// Change is an edit that was applied.
type Change struct {
	ID      string    `json:"id"`
	Time    time.Time `json:"time"`
	Service string    `json:"service,omitempty"`
	Summary string    `json:"summary"`
	YAML    string    `json:"yaml"`
	// Stuck says why it cannot be undone, with those after it, since somebody else
	// has changed what it had set; empty: it can.
	Stuck string `json:"stuck,omitempty"`
}

// Undo says what is to be undone.
type Undo struct {
	All bool `json:"all,omitempty"` // rather than the last change
	// Last is the ID of the last change as it was shown: nothing is undone where
	// another one is the last by now. Empty: whatever is last.
	Last string `json:"last,omitempty"`
}
