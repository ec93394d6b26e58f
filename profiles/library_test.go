package profiles_test

import (
	"testing"

	"github.com/diorama-dev/diorama/profiles"
	"github.com/diorama-dev/diorama/stacks"
)

func TestBuiltinProfilesLoad(t *testing.T) {
	catalogue, err := stacks.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	library := profiles.Library{WorkingFolder: t.TempDir()}
	for _, name := range library.Names() {
		if _, err := library.Load(profiles.Request{Name: name, Catalogue: catalogue}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
