package engine_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/engine"
	"github.com/diorama-dev/diorama/internal/env"
)

// script is what a step does in a test: it takes a while, then succeeds or fails.
type script struct {
	takes     time.Duration
	err       error
	unchanged bool
}

type scripted map[string]script

func (s scripted) Execute(ctx context.Context, step env.Step, report engine.Report) (engine.Outcome, error) {
	does := s[step.ID]
	report("working on "+step.ID, env.Progress{})
	select {
	case <-time.After(does.takes):
		return engine.Outcome{Unchanged: does.unchanged}, does.err
	case <-ctx.Done():
		return engine.Outcome{}, context.Cause(ctx)
	}
}

// recorder keeps when each step entered which phase, as seconds since the start.
type recorder struct {
	mu    sync.Mutex
	start time.Time
	lines []string
}

func (r *recorder) emit(e env.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.Step.Phase == env.StepRunning && e.Step.Detail != "" {
		return
	}
	r.lines = append(r.lines, e.Time.Sub(r.start).String()+" "+e.Step.ID+" "+string(e.Step.Phase))
}

func TestRun(t *testing.T) {
	broken := errors.New("image not found")
	steps := []env.Step{
		{ID: "cluster"},
		{ID: "fetch"},
		{ID: "load", Needs: []string{"cluster", "fetch"}},
		{ID: "apply", Needs: []string{"load"}},
		{ID: "other", Needs: []string{"cluster"}},
	}
	tests := map[string]struct {
		script  scripted
		options engine.Options
		want    []string
		wantErr string
	}{
		"independent steps run at once": {
			script: scripted{"cluster": {takes: 10 * time.Second}, "fetch": {takes: 4 * time.Second, unchanged: true}, "load": {takes: time.Second}, "other": {takes: 3 * time.Second}},
			want: []string{
				"0s cluster running", "0s fetch running", "4s fetch unchanged", "10s cluster done",
				"10s load running", "10s other running", "11s load done", "11s apply running", "11s apply done", "13s other done",
			},
		},
		"a failure lets others finish within the grace, and starts nothing": {
			script:  scripted{"cluster": {takes: 10 * time.Second}, "fetch": {takes: 4 * time.Second, err: broken}},
			options: engine.Options{Failing: 2 * time.Second},
			want: []string{
				"0s cluster running", "0s fetch running", "4s fetch failed", "6s cluster cancelled",
				"6s load cancelled", "6s apply cancelled", "6s other cancelled",
			},
			wantErr: "image not found",
		},
		"all failures are reported": {
			script:  scripted{"cluster": {takes: 5 * time.Second, err: errors.New("no space left")}, "fetch": {takes: 4 * time.Second, err: broken}},
			options: engine.Options{Failing: 2 * time.Second},
			want: []string{
				"0s cluster running", "0s fetch running", "4s fetch failed", "5s cluster failed",
				"5s load cancelled", "5s apply cancelled", "5s other cancelled",
			},
			wantErr: "no space left",
		},
		"a step that takes too long says what it was waiting for": {
			script:  scripted{"cluster": {takes: time.Hour}, "fetch": {}},
			options: engine.Options{Timeout: time.Minute},
			want: []string{
				"0s cluster running", "0s fetch running", "0s fetch done", "1m0s cluster failed",
				"1m0s load cancelled", "1m0s apply cancelled", "1m0s other cancelled",
			},
			wantErr: "cluster was not done within 1m0s: working on cluster",
		},
		"a bound for a kind lets the first go first": {
			script:  scripted{"cluster": {takes: 10 * time.Second}, "fetch": {takes: 4 * time.Second}},
			options: engine.Options{AtOnce: map[env.StepKind]int{"": 1}},
			want: []string{
				"0s cluster running", "10s cluster done", "10s fetch running", "14s fetch done",
				"14s load running", "14s load done", "14s apply running", "14s apply done", "14s other running", "14s other done",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := &recorder{start: time.Now()}
				err := engine.Run(t.Context(), steps, test.script, got.emit, test.options)
				if test.wantErr == "" && err != nil || test.wantErr != "" && (err == nil || !strings.Contains(err.Error(), test.wantErr)) {
					t.Errorf("error = %v, want %q", err, test.wantErr)
				}
				if diff := cmp.Diff(sorted(test.want), sorted(got.lines)); diff != "" {
					t.Errorf("steps (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestAdvice sees that a step that fails says what is known to help, and one
// that is done does not.
func TestAdvice(t *testing.T) {
	full := errors.New("no space left on device")
	explain := func(err error) []env.Finding {
		if !errors.Is(err, full) {
			t.Errorf("asked of %v", err)
		}
		return []env.Finding{{Advice: []string{"make room"}}}
	}
	var got []string
	emit := func(e env.Event) { got = append(got, e.Step.Advice...) }
	steps := []env.Step{{ID: "cluster"}, {ID: "fetch", Needs: []string{"cluster"}}}
	err := engine.Run(t.Context(), steps, scripted{"cluster": {}, "fetch": {err: full}}, emit, engine.Options{Explain: explain})
	if !errors.Is(err, full) {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"make room"}, got); diff != "" {
		t.Errorf("advice (-want +got):\n%s", diff)
	}
}

func TestRunIsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		interrupt := errors.New("interrupted")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(3*time.Second, func() { cancel(interrupt) })
		got := &recorder{start: time.Now()}
		err := engine.Run(ctx, []env.Step{{ID: "a"}, {ID: "b", Needs: []string{"a"}}}, scripted{"a": {takes: time.Hour}}, got.emit, engine.Options{})
		if !errors.Is(err, interrupt) {
			t.Errorf("error = %v, want %v", err, interrupt)
		}
		want := []string{"0s a running", "3s a cancelled", "3s b cancelled"}
		if diff := cmp.Diff(want, got.lines); diff != "" {
			t.Errorf("steps (-want +got):\n%s", diff)
		}
	})
}

func TestRunRefusesAGraphThatCannotEnd(t *testing.T) {
	steps := []env.Step{{ID: "a", Needs: []string{"b"}}, {ID: "b", Needs: []string{"a"}}, {ID: "c", Needs: []string{"nobody"}}, {ID: "d"}}
	err := engine.Run(t.Context(), steps, scripted{}, func(env.Event) { t.Error("a step was touched") }, engine.Options{})
	graph, ok := errors.AsType[*engine.GraphError](err)
	if !ok {
		t.Fatalf("error = %v, want a GraphError", err)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, graph.Steps); diff != "" {
		t.Errorf("stuck (-want +got):\n%s", diff)
	}
}

func sorted(lines []string) map[string]bool {
	set := make(map[string]bool)
	for _, line := range lines {
		set[line] = true
	}
	return set
}
