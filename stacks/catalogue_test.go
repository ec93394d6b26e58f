package stacks_test

import (
	"testing"

	"github.com/diorama-dev/diorama/stacks"
)

func TestBuiltinStacksAreValid(t *testing.T) {
	catalogue, err := stacks.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, stack := range catalogue.All() {
		if _, err := stack.Resolve(nil); err != nil {
			t.Errorf("defaults: %v", err)
		}
	}
}
