package events

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// step is a step of a test's plan: it took seconds, or is still to come.
func step(id string, kind env.StepKind, phase env.StepPhase, begin, seconds float64, needs ...string) env.StepState {
	s := env.StepState{Step: env.Step{ID: id, Kind: kind, Subject: id, Needs: needs}, Phase: phase}
	at := func(x float64) time.Time { return tuitest.Noon().Add(time.Duration(x * float64(time.Second))) }
	if phase != env.StepPending {
		s.Started = at(begin)
	}
	if phase.Ended() {
		s.Ended = at(begin + seconds)
	}
	return s
}

func TestLongestChain(t *testing.T) {
	tests := []struct {
		name  string
		steps []env.StepState
		want  string
	}{
		{"none", nil, ""},
		{"the slower branch", []env.StepState{
			step("c", env.StepCluster, env.StepDone, 0, 10),
			step("a", env.StepWait, env.StepDone, 10, 5, "c"),
			step("b", env.StepWait, env.StepDone, 10, 9, "c"),
			step("d", env.StepWait, env.StepDone, 19, 1, "a", "b"),
		}, "cluster → b → d"},
		{"what is to come counts as usual", []env.StepState{
			step("a", env.StepWait, env.StepDone, 0, 3),
			step("b", env.StepApply, env.StepPending, 0, 0),
			step("c", env.StepWait, env.StepPending, 0, 0, "b"),
		}, "b → c"},
		{"a step that needs itself", []env.StepState{
			step("a", env.StepWait, env.StepDone, 0, 3, "a"),
		}, "a"},
		{"a circle ends", []env.StepState{
			step("a", env.StepWait, env.StepPending, 0, 0, "b"),
			step("b", env.StepWait, env.StepPending, 0, 0, "a"),
		}, "b → a"},
		{"a need that is not there", []env.StepState{
			step("a", env.StepWait, env.StepPending, 0, 0, "gone"),
		}, "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := links(longest(tt.steps)); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestRemaining(t *testing.T) {
	at := func(s float64) time.Time { return tuitest.Noon().Add(time.Duration(s * float64(time.Second))) }
	loading := step("image", env.StepLoad, env.StepRunning, 0, 0)
	loading.Progress = env.Progress{Done: 100, Total: 400}
	tests := []struct {
		name  string
		steps []env.StepState
		now   time.Time
		want  time.Duration
	}{
		{"nothing left", []env.StepState{step("a", env.StepWait, env.StepDone, 0, 3)}, at(3), 0},
		{"by progress", []env.StepState{loading}, at(2), 6 * time.Second},
		{"by what its kind took here", []env.StepState{
			step("a", env.StepWait, env.StepDone, 0, 30),
			step("b", env.StepWait, env.StepPending, 0, 0, "a"),
		}, at(30), 30 * time.Second},
		{"a step that takes longer than usual is never over", []env.StepState{step("a", env.StepWait, env.StepRunning, 0, 0)}, at(500), time.Second},
		{"steps side by side count once", []env.StepState{
			step("a", env.StepWait, env.StepPending, 0, 0),
			step("b", env.StepWait, env.StepPending, 0, 0),
		}, at(0), typical(env.StepWait)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := remaining(tt.steps, tt.now); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

func TestAbout(t *testing.T) {
	for d, want := range map[time.Duration]string{
		3 * time.Second:   "A few seconds to go.",
		19 * time.Second:  "About 20 s to go.",
		200 * time.Second: "About 3 m to go.",
	} {
		if got := about(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestGroups(t *testing.T) {
	r := grouped(tuitest.ComingUp().Steps)
	type line struct {
		Name  string
		Phase env.StepPhase
		After string
	}
	var got []line
	for _, g := range r.groups {
		got = append(got, line{g.name, g.phase, strings.Join(g.after, " ")})
	}
	want := []line{
		{"Cluster", env.StepDone, ""},
		{"Images", env.StepRunning, ""},
		{"redis", env.StepDone, ""},
		{"postgres", env.StepRunning, ""},
		{"kafka", env.StepPending, "Images"},
		{"seeds of kafka", env.StepPending, "kafka"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestImageNames(t *testing.T) {
	for ref, want := range map[string]string{
		"docker.io/library/redis:8.6":           "redis 8.6",
		"docker.io/apache/kafka:4.3.1":          "apache/kafka 4.3.1",
		"registry.example.com:5000/team/app":    "registry.example.com:5000/team/app",
		"ghcr.io/x/y:1@sha256:0123456789abcdef": "ghcr.io/x/y 1",
		"":                                      "",
	} {
		if got := image(ref); got != want {
			t.Errorf("%q: %q, want %q", ref, got, want)
		}
	}
}

func screen(s env.Snapshot) Model {
	return New(theme.New(theme.Plain)).WithSize(100, 20).WithNow(tuitest.Noon()).WithSnapshot(s)
}

func TestAFailedStepSaysWhy(t *testing.T) {
	s := tuitest.ComingUp()
	s.Steps[10].Phase, s.Steps[10].Error = env.StepFailed, "wait for postgres: image cannot be pulled; check the tag"
	s.Steps[10].Advice = []string{"pull it by hand"}
	view := ansi.Strip(strings.Join(screen(s).View(), "\n"))
	for _, want := range []string{"✗ postgres", "image cannot be pulled; check the tag", "→ pull it by hand"} {
		if !strings.Contains(view, want) {
			t.Errorf("%q is not shown:\n%s", want, view)
		}
	}
	if strings.Contains(view, "to go") {
		t.Error("a run that failed says how long it still takes")
	}
}

func TestTheCursorStaysOnItsOccurrence(t *testing.T) {
	s := tuitest.Running()
	m := screen(s).Handle(intent.Down).Handle(intent.Down).Handle(intent.Down)
	before := m.Service()
	s.Recent = append(s.Recent, env.Recent{Time: tuitest.Noon(), Occurrence: env.Occurrence{Subject: "pod/new", Service: "new", Reason: "Started"}})
	if got := m.WithSnapshot(s).Service(); got != before || before == "" {
		t.Errorf("with a newer one above, the cursor moves from %q to %q", before, got)
	}
}

func TestFilterLeavesTheSteps(t *testing.T) {
	m := screen(tuitest.ComingUp()).WithFilter("backoff")
	view := ansi.Strip(strings.Join(m.View(), "\n"))
	if len(m.shown) != 1 || !strings.Contains(view, "Cluster") {
		t.Errorf("%d occurrences are shown:\n%s", len(m.shown), view)
	}
}
