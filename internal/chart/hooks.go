package chart

import (
	"cmp"
	"slices"
	"strings"

	release "helm.sh/helm/v4/pkg/release/v1"
)

// hooks are the objects of hooks, those of one weight together, as Helm would
// run them at an installation.
func (out *Rendered) hooks(hooks []document) (before, after [][]Object, err error) {
	slices.SortStableFunc(hooks, func(a, b document) int {
		return cmp.Or(cmp.Compare(a.weight, b.weight), cmp.Compare(a.name, b.name))
	})
	var weightBefore, weightAfter int
	for _, hook := range hooks {
		found := hook.objects()
		if err := checked(found); err != nil {
			return nil, nil, err
		}
		events := hook.events()
		switch {
		case slices.Contains(events, release.HookPreInstall):
			before, weightBefore = step(before, weightBefore, hook.weight, found)
		case slices.Contains(events, release.HookPostInstall):
			after, weightAfter = step(after, weightAfter, hook.weight, found)
		default:
			out.Skipped = append(out.Skipped, Skipped{Template: hook.file, Kind: hook.kind, Name: hook.name, Reason: reason(events)})
		}
	}
	return before, after, nil
}

// events are what a document is a hook of; nothing where Helm does not know one
// of them.
func (d document) events() []release.HookEvent {
	known := []release.HookEvent{
		release.HookPreInstall, release.HookPostInstall, release.HookPreDelete, release.HookPostDelete, release.HookPreUpgrade,
		release.HookPostUpgrade, release.HookPreRollback, release.HookPostRollback, release.HookTest,
	}
	var events []release.HookEvent
	for name := range strings.SplitSeq(d.hook, ",") {
		event := release.HookEvent(strings.ToLower(strings.TrimSpace(name)))
		if event == "test-success" { // what Helm 2 called it
			event = release.HookTest
		}
		if !slices.Contains(known, event) {
			return nil
		}
		events = append(events, event)
	}
	return events
}

func step(steps [][]Object, last, weight int, found []Object) ([][]Object, int) {
	if len(steps) == 0 || weight != last {
		return append(steps, found), weight
	}
	steps[len(steps)-1] = append(steps[len(steps)-1], found...)
	return steps, weight
}

// reason says why a hook is left out.
func reason(events []release.HookEvent) string {
	switch {
	case len(events) == 0:
		return "a hook of something that helm does not know"
	case slices.Contains(events, release.HookTest):
		return "a test of the chart, which runs with helm test alone"
	default:
		return "a hook of what only helm does (upgrade, rollback or deletion)"
	}
}
