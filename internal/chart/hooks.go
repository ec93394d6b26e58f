package chart

import (
	"cmp"
	"slices"

	release "helm.sh/helm/v4/pkg/release/v1"
)

// hooks are the objects of hooks, those of one weight together, as Helm would
// run them at an installation.
func (out *Rendered) hooks(hooks []*release.Hook) (before, after [][]Object, err error) {
	hooks = slices.Clone(hooks)
	slices.SortStableFunc(hooks, func(a, b *release.Hook) int {
		return cmp.Or(cmp.Compare(a.Weight, b.Weight), cmp.Compare(a.Name, b.Name))
	})
	var weightBefore, weightAfter int
	for _, hook := range hooks {
		found, err := objects(hook.Path, hook.Manifest)
		if err != nil {
			return nil, nil, err
		}
		switch {
		case slices.Contains(hook.Events, release.HookPreInstall):
			before, weightBefore = step(before, weightBefore, hook.Weight, found)
		case slices.Contains(hook.Events, release.HookPostInstall):
			after, weightAfter = step(after, weightAfter, hook.Weight, found)
		default:
			out.Skipped = append(out.Skipped, Skipped{Template: hook.Path, Kind: hook.Kind, Name: hook.Name, Reason: reason(hook.Events)})
		}
	}
	return before, after, nil
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
	for _, event := range events {
		if event == release.HookTest {
			return "a test of the chart, which runs with helm test alone"
		}
	}
	return "a hook of what only helm does (upgrade, rollback or deletion)"
}
