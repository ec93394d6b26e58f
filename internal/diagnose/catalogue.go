package diagnose

import (
	"slices"
	"strings"
)

// RuleDoc is what is known of a kind of finding before it is met. A finding
// takes its ID and its advice from here, and so does the troubleshooting page.
type RuleDoc struct {
	ID    string
	Title string
	Sign  Sign
	// Meaning is what it means, in a sentence or two.
	Meaning string
	// Look is where to look next.
	Look string
	// Advice is what a person can do, most promising first. A name in angle
	// brackets stands for what only the finding knows: "docker logs <node>".
	Advice []string
	// Waiting says whether waiting can help. It begins with "Yes", "No" or,
	// where that depends, "At first".
	Waiting string
}

// Sign is what a person sees of a trouble before its cause is known.
type Sign uint8

// The signs, in the order in which a start can meet them.
const (
	NoStart    Sign = iota // nothing starts: Docker or the machine is in the way
	NoImage                // an image does not come
	NoNode                 // a Pod finds no node
	NoPod                  // a Pod has a node and cannot be made
	Ends                   // a container starts and ends
	NotReady               // a container runs and is not ready
	Refused                // all is well, and an address does not answer
	NoPlatform             // a node or the cluster is not well
)

// Catalogue lists every kind of finding by sign, and of one sign in the order
// in which it is looked for.
func Catalogue() []RuleDoc {
	var out []RuleDoc
	add := func(doc RuleDoc) {
		if !slices.ContainsFunc(out, func(o RuleDoc) bool { return o.ID == doc.ID }) {
			out = append(out, doc)
		}
	}
	for _, trouble := range hostTroubles() {
		add(trouble.doc)
	}
	for _, doc := range serverDocs() {
		add(doc)
	}
	for _, rule := range rules() {
		for _, doc := range rule.docs {
			add(doc)
		}
	}
	slices.SortStableFunc(out, func(a, b RuleDoc) int { return int(a.Sign) - int(b.Sign) })
	return out
}

// advise fills the advice with what a finding knows. Advice that needs more is
// not for this finding.
func (d RuleDoc) advise(known map[string]string) []string {
	var out []string
	for _, advice := range d.Advice {
		text, ok := fill(advice, func(name string) (string, bool) {
			value, ok := known[name]
			return value, ok
		})
		if ok {
			out = append(out, text)
		}
	}
	return out
}

// Patterns is the advice for any finding of the kind: what only a finding
// knows stands in capitals.
func (d RuleDoc) Patterns() []string {
	out := make([]string, len(d.Advice))
	for i, advice := range d.Advice {
		out[i], _ = fill(advice, func(name string) (string, bool) { return strings.ToUpper(name), true })
	}
	return out
}

// fill replaces every name in angle brackets; ok is false where one is not known.
func fill(text string, value func(name string) (string, bool)) (filled string, ok bool) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "<")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		name, after, _ := strings.Cut(rest, ">")
		v, ok := value(name)
		if !ok {
			return "", false
		}
		b.WriteString(v)
		text = after
	}
}
