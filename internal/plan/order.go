package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/profiles"
	"github.com/diorama-dev/diorama/stacks"
)

// instance is a stack that the profile names, under its own name there.
type instance struct {
	profiles.Selection
	stack      stacks.Stack
	parameters map[string]string
	// requires are names of instances that must be ready first; after, those
	// that only come first.
	requires, after []string
}

// instances looks the profile's stacks up and resolves what they require.
func instances(p profiles.Profile, c stacks.Catalogue) ([]instance, error) {
	var all []instance
	for _, selection := range p.Stacks {
		stack, err := c.Lookup(selection.Stack)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", selection.Position, err)
		}
		parameters, err := stack.Resolve(p.Parameters[selection.As])
		if err != nil {
			return nil, fmt.Errorf("parameters of %s: %w", selection.As, err)
		}
		all = append(all, instance{Selection: selection, stack: stack.With(parameters), parameters: parameters})
	}
	for i := range all {
		for _, requirement := range all[i].stack.Requires {
			if !requirement.When.Met(all[i].parameters) {
				continue
			}
			met := meeting(all, requirement)
			if len(met) == 0 {
				return nil, &MissingRequirementError{Stack: all[i].As, Position: all[i].Position, Requirement: requirement}
			}
			all[i].requires = append(all[i].requires, met...)
		}
		for _, name := range all[i].stack.After {
			all[i].after = append(all[i].after, meeting(all, stacks.Requirement{Stack: name})...)
		}
	}
	return all, nil
}

// meeting names the instances that meet a requirement.
func meeting(all []instance, r stacks.Requirement) []string {
	var met []string
	for _, i := range all {
		if r.Stack != "" && i.Stack == r.Stack || r.Category != "" && i.stack.Category == r.Category {
			met = append(met, i.As)
		}
	}
	return met
}

// MissingRequirementError says that a stack needs one that the profile does
// not name.
type MissingRequirementError struct {
	Stack, Position string
	Requirement     stacks.Requirement
}

func (e *MissingRequirementError) Error() string {
	what := e.Requirement.Stack
	if what == "" {
		what = "a stack of the category " + string(e.Requirement.Category)
	}
	message := fmt.Sprintf("%s requires %s, which the profile does not name; add it to stacks, or leave %s out", e.Stack, what, e.Stack)
	if e.Position == "" {
		return message
	}
	return e.Position + ": " + message
}

// CycleError names stacks that wait for each other.
type CycleError struct {
	// Path begins and ends with the same stack.
	Path []string
}

func (e *CycleError) Error() string {
	return "stacks require each other in a circle: " + strings.Join(e.Path, " → ") +
		"; take one of these requirements out of its stack.yaml"
}

// order sorts instances so that each comes after what it requires; otherwise
// the profile's order stays.
func order(all []instance) ([]instance, error) {
	byName := make(map[string]instance, len(all))
	for _, i := range all {
		byName[i.As] = i
	}
	sorted := make([]instance, 0, len(all))
	done := make(map[string]bool)
	var visit func(i instance, path []string) error
	visit = func(i instance, path []string) error {
		if done[i.As] {
			return nil
		}
		if at := slices.Index(path, i.As); at >= 0 {
			return &CycleError{Path: append(slices.Clone(path[at:]), i.As)}
		}
		path = append(path, i.As)
		for _, name := range slices.Concat(i.requires, i.after) {
			if err := visit(byName[name], path); err != nil {
				return err
			}
		}
		done[i.As] = true
		sorted = append(sorted, i)
		return nil
	}
	for _, i := range all {
		if err := visit(i, nil); err != nil {
			return nil, err
		}
	}
	return sorted, nil
}
