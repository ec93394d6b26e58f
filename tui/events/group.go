package events

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
)

// group is what a person sees as one step: the cluster, the images together,
// or a stack's own steps.
type group struct {
	name    string
	kind    env.StepKind
	steps   []env.StepState
	after   []string // names of the groups it needs that are not done
	phase   env.StepPhase
	started time.Time
	ended   time.Time
}

// run is the plan's steps, grouped.
type run struct {
	groups []group
	chain  []env.StepState // the longest one, first to last
	steps  []env.StepState
	failed bool
}

// groupOf names the group of a step.
func groupOf(s env.Step) string {
	switch s.Kind {
	case env.StepNodes, env.StepCluster:
		return "Cluster"
	case env.StepFetch, env.StepLoad:
		return "Images"
	case env.StepRemove:
		return "remove " + s.Subject
	case env.StepSeed:
		return "seeds of " + s.Subject
	case env.StepApply, env.StepWait:
	}
	return s.Subject
}

// grouped puts steps together, in the order of their first ones.
func grouped(steps []env.StepState) run {
	r := run{steps: steps, chain: longest(steps)}
	index := map[string]int{}
	byID := map[string]env.StepState{}
	for _, s := range steps {
		name := groupOf(s.Step)
		byID[s.ID] = s
		i, ok := index[name]
		if !ok {
			i = len(r.groups)
			index[name] = i
			r.groups = append(r.groups, group{name: name, kind: s.Kind})
		}
		r.groups[i].steps = append(r.groups[i].steps, s)
	}
	for i := range r.groups {
		r.groups[i] = r.groups[i].folded()
		r.failed = r.failed || r.groups[i].phase == env.StepFailed
	}
	for i, g := range r.groups {
		r.groups[i].after = needs(g, byID)
	}
	return r
}

// folded works out the group's phase and times from its steps.
func (g group) folded() group {
	count := map[env.StepPhase]int{}
	for _, s := range g.steps {
		count[s.Phase]++
		if !s.Started.IsZero() && (g.started.IsZero() || s.Started.Before(g.started)) {
			g.started = s.Started
		}
		if s.Ended.After(g.ended) {
			g.ended = s.Ended
		}
	}
	all := len(g.steps)
	switch {
	case count[env.StepFailed] > 0:
		g.phase = env.StepFailed
	case count[env.StepCancelled] > 0:
		g.phase = env.StepCancelled
	case count[env.StepUnchanged] == all:
		g.phase = env.StepUnchanged
	case count[env.StepDone]+count[env.StepUnchanged] == all:
		g.phase = env.StepDone
	case count[env.StepPending] == all:
		g.phase = env.StepPending
	default:
		g.phase = env.StepRunning
	}
	return g
}

// needs names the groups that this one waits for, the images left out where
// there are others: every stack needs its own.
func needs(g group, byID map[string]env.StepState) []string {
	var out []string
	for _, s := range g.steps {
		for _, id := range s.Needs {
			need, ok := byID[id]
			name := groupOf(need.Step)
			if ok && name != g.name && !need.Phase.Succeeded() && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	if len(out) > 1 {
		out = slices.DeleteFunc(out, func(n string) bool { return n == "Images" || n == "Cluster" })
	}
	return out
}

// elapsed is how long the group has taken; zero before it started.
func (g group) elapsed(now time.Time) time.Duration {
	switch {
	case g.started.IsZero():
		return 0
	case g.phase.Ended() && !g.ended.IsZero():
		return g.ended.Sub(g.started)
	default:
		return now.Sub(g.started)
	}
}

// loaded counts the images that are where they are needed: in the nodes, or,
// where nothing is loaded, on the host.
func (g group) loaded() (done, all int) {
	counted := env.StepLoad
	if !slices.ContainsFunc(g.steps, func(s env.StepState) bool { return s.Kind == env.StepLoad }) {
		counted = env.StepFetch
	}
	for _, s := range g.steps {
		if s.Kind != counted {
			continue
		}
		all++
		if s.Phase.Succeeded() {
			done++
		}
	}
	return done, all
}

// current is the step to speak of: a failed one, else one that runs, the one
// with progress first, else the last that ended.
func (g group) current() env.StepState {
	var best env.StepState
	rank := func(s env.StepState) int {
		switch {
		case s.Phase == env.StepFailed:
			return 4
		case s.Phase == env.StepRunning && s.Progress.Total > 0:
			return 3
		case s.Phase == env.StepRunning:
			return 2
		case s.Phase.Ended():
			return 1
		}
		return 0
	}
	for i, s := range g.steps {
		if i == 0 || rank(s) > rank(best) || rank(s) == rank(best) && s.Ended.After(best.Ended) {
			best = s
		}
	}
	return best
}

// image is a reference as a person says it: the name and the tag.
func image(ref string) string {
	if at := strings.IndexByte(ref, '@'); at >= 0 {
		ref = ref[:at]
	}
	ref = strings.TrimPrefix(strings.TrimPrefix(ref, "docker.io/"), "library/")
	if colon := strings.LastIndexByte(ref, ':'); colon > strings.LastIndexByte(ref, '/') {
		return fmt.Sprintf("%s %s", ref[:colon], ref[colon+1:])
	}
	return ref
}
