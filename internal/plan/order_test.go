package plan

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/profiles"
	"github.com/diorama-dev/diorama/stacks"
)

// stack is a stack of a test, with nothing but its place in the order.
func stack(name string, requires ...string) stacks.Stack {
	s := stacks.Stack{Identity: stacks.Identity{Name: name, Category: stacks.App}, Folder: stacks.Folder{FS: fstest.MapFS{}}}
	for _, r := range requires {
		s.Requires = append(s.Requires, stacks.Requirement{Stack: r})
	}
	return s
}

func catalogue(all ...stacks.Stack) stacks.Catalogue { return stacks.Catalogue{}.With(all...) }

func naming(names ...string) profiles.Profile {
	var p profiles.Profile
	for _, name := range names {
		p.Stacks = append(p.Stacks, profiles.Selection{Stack: name, As: name, Position: "p.yaml:1:1"})
	}
	return p
}

func TestOrder(t *testing.T) {
	logger := stack("logger")
	logger.Category = stacks.Logs
	anyLog := stack("shop")
	anyLog.Requires = []stacks.Requirement{{Category: stacks.Logs}}
	late := stack("late")
	late.After = []string{"b", "nowhere"}
	tests := map[string]struct {
		catalogue stacks.Catalogue
		profile   profiles.Profile
		want      []string
		err       string
	}{
		"as named":               {catalogue(stack("a"), stack("b")), naming("b", "a"), []string{"b", "a"}, ""},
		"requirements first":     {catalogue(stack("a", "b"), stack("b", "c"), stack("c")), naming("a", "b", "c"), []string{"c", "b", "a"}, ""},
		"a category is enough":   {catalogue(logger, anyLog), naming("shop", "logger"), []string{"logger", "shop"}, ""},
		"order only, where both": {catalogue(late, stack("b")), naming("late", "b"), []string{"b", "late"}, ""},
		"order only, alone":      {catalogue(late, stack("b")), naming("late"), []string{"late"}, ""},
		"missing": {
			catalogue(stack("a", "b"), stack("b")), naming("a"), nil,
			"p.yaml:1:1: a requires b, which the profile does not name; add it to stacks, or leave a out",
		},
		"missing category": {
			catalogue(anyLog), naming("shop"), nil,
			"p.yaml:1:1: shop requires a stack of the category logs, which the profile does not name; add it to stacks, or leave shop out",
		},
		"circle": {
			catalogue(stack("a", "b"), stack("b", "c"), stack("c", "b")), naming("a", "b", "c"), nil,
			"stacks require each other in a circle: b → c → b; take one of these requirements out of its stack.yaml",
		},
		"itself": {
			catalogue(stack("a", "a")), naming("a"), nil,
			"stacks require each other in a circle: a → a; take one of these requirements out of its stack.yaml",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			all, err := instances(test.profile, test.catalogue)
			if err == nil {
				all, err = order(all)
			}
			if got := text(err); got != test.err {
				t.Fatalf("error = %q, want %q", got, test.err)
			}
			var got []string
			for _, i := range all {
				got = append(got, i.As)
			}
			if test.err == "" {
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("order (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
