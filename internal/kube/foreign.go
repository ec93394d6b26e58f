package kube

import (
	"fmt"
	"slices"
	"strings"
)

// ForeignError says that a stack cannot be removed, since objects would go
// with it that somebody else has made or another stack still has.
type ForeignError struct {
	Stack string
	// Objects are somebody else's, Kept those of stacks that stay.
	Objects, Kept []ObjectID
	// Begun says that they were made while the stack was being removed: what ran
	// of it is gone.
	Begun bool
}

func (e *ForeignError) Error() string {
	left, whose, remedy := "left as it is: with it would go", "what diorama has not made", "delete these"
	if e.Begun {
		left = "not yet removed as a whole: with the rest of it would go"
	}
	switch {
	case len(e.Objects) == 0:
		whose, remedy = "what other stacks have", "take these out of their stacks"
	case len(e.Kept) > 0:
		whose, remedy = "what diorama has not made, and what other stacks have", "delete these and take them out of their stacks"
	}
	const most = 5
	all := slices.Concat(e.Objects, e.Kept)
	var names []string
	for _, id := range all[:min(most, len(all))] {
		names = append(names, id.String())
	}
	if more := len(all) - most; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return fmt.Sprintf("stack %s is %s %s: %s; %s, or keep %s in the profile",
		e.Stack, left, whose, strings.Join(names, ", "), remedy, e.Stack)
}

// refusal is the error for what would go with the stack; nil where that is nothing.
func (d *deletion) refusal(others []ObjectID) error {
	if len(others) == 0 {
		return nil
	}
	refused := &ForeignError{Stack: d.scope.Stack, Begun: d.begun}
	for _, id := range tidy(others) {
		if d.kept[id.same()] {
			refused.Kept = append(refused.Kept, id)
		} else {
			refused.Objects = append(refused.Objects, id)
		}
	}
	return refused
}
