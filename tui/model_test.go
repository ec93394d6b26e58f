package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// text is what a person reads.
func text(m Model) string { return ansi.Strip(frame(m)) }

// bottom is the last line.
func bottom(m Model) string {
	lines := strings.Split(text(m), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

func TestActions(t *testing.T) {
	tests := []struct {
		keys []string
		want []Action
	}{
		{[]string{"r"}, []Action{{Verb: VerbRestart, Stack: "kafka", Service: "kafka"}}},
		{[]string{"+"}, []Action{{Verb: VerbScale, Stack: "kafka", Service: "kafka", Replicas: 2}}},
		{[]string{"down", "down", "-"}, []Action{{Verb: VerbScale, Stack: "demo", Service: "gateway", Replicas: 1}}},
		{[]string{"/", "b", "i", "l", "enter", "r"}, []Action{{Verb: VerbRestart, Stack: "demo", Service: "billing"}}},
		{[]string{":", "r", "e", "s", "t", "enter"}, []Action{{Verb: VerbRestart, Stack: "kafka", Service: "kafka"}}},
		{[]string{"enter", "r"}, []Action{{Verb: VerbRestart, Stack: "kafka", Service: "kafka"}}},
		{[]string{"enter", "esc", "q"}, nil},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.keys, " "), func(t *testing.T) {
			f := newFake()
			press(t, model(t, f, theme.Dark, 100, 30, tuitest.Running()), tt.keys...)
			if diff := cmp.Diff(tt.want, f.acted); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBottomLineSays(t *testing.T) {
	tests := []struct {
		name string
		keys []string
		err  error
		want string
	}{
		{"a screen that is not there", []string{"4"}, nil, "no GPUs in this environment"},
		{"an action that has begun", []string{"r"}, nil, "restarting kafka: under way"},
		{"an action that failed, with its remedy", []string{"r"}, errFake, "✗ restarting kafka: the keeper does not answer; run `diorama up` again"},
		{"why a key does nothing", []string{"w"}, nil, "kafka is well"},
		{"why there is nothing to open", []string{"o"}, nil, "kafka has no address for a browser"},
		{"why there is no shell", []string{"down", "down", "down", "s"}, nil, "nothing of billing is ready to open a shell in"},
		{"why there is no hit", []string{"n"}, nil, "nothing is searched for: / asks for it"},
		{"what was copied", []string{"down", "y"}, nil, "copied the address of postgres/sql, credentials included"},
		{"that credentials cannot be read", []string{"e", "v"}, errFake, "✗ read the credentials: the keeper does not answer"},
		{"what of a queue was copied", []string{"2", "y"}, nil, "copied kafka/audit"},
		{"why offsets cannot be reset", []string{"2", "O"}, nil, "no group is selected: tab goes to the groups"},
		{"where a message went", []string{"2", "P", "enter", "a", "enter", "enter", "y"}, nil, "written to kafka/audit, partition 2 at 184221"},
		{"that a message was not written", []string{"2", "P", "enter", "a", "enter", "enter", "y"}, errFake, "✗ the keeper does not answer"},
		{"that a line was copied", []string{"3", "y"}, nil, "copied the line"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake()
			f.err, f.brokers.Err = tt.err, tt.err
			m := press(t, model(t, f, theme.Dark, 100, 30, tuitest.Running()), tt.keys...)
			if got := bottom(m); !strings.HasPrefix(got, tt.want) {
				t.Errorf("bottom line %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNoticesEnd(t *testing.T) {
	m := press(t, model(t, newFake(), theme.Dark, 100, 30, tuitest.Running()), "4")
	m = drive(t, m, tickMsg(tuitest.Noon().Add(3*time.Second)))
	if !strings.HasPrefix(bottom(m), "no GPU") {
		t.Errorf("after 3 s the bottom line is %q", bottom(m))
	}
	m = drive(t, m, tickMsg(tuitest.Noon().Add(6*time.Second)))
	if strings.HasPrefix(bottom(m), "no GPU") {
		t.Errorf("after 6 s the bottom line is still %q", bottom(m))
	}
}

func TestOutcomes(t *testing.T) {
	tests := []struct {
		name     string
		snapshot env.Snapshot
		keys     []string
		want     Outcome
	}{
		{"quit at rest", tuitest.Running(), []string{"q"}, OutcomeQuit},
		{"interrupt at rest", tuitest.Running(), []string{"ctrl+c"}, OutcomeQuit},
		{"quit asks while steps run", tuitest.ComingUp(), []string{"q"}, ""},
		{"keep waiting", tuitest.ComingUp(), []string{"q", "enter"}, ""},
		{"leave by key", tuitest.ComingUp(), []string{"q", "l"}, OutcomeLeft},
		{"leave by choice", tuitest.ComingUp(), []string{"q", "down", "enter"}, OutcomeLeft},
		{"take down", tuitest.ComingUp(), []string{"q", "D"}, OutcomeDown},
		{"interrupt twice", tuitest.ComingUp(), []string{"ctrl+c", "ctrl+c"}, OutcomeInterrupted},
		{"down asks first", tuitest.Running(), []string{"D"}, ""},
		{"down, no", tuitest.Running(), []string{"D", "enter"}, ""},
		{"down, yes", tuitest.Running(), []string{"D", "y"}, OutcomeDown},
		{"stop, yes", tuitest.Running(), []string{"S", "y"}, OutcomeStop},
		{"the cursor takes nothing down", tuitest.Running(), []string{"down", "up", "pgdown", "end"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := press(t, model(t, newFake(), theme.Dark, 100, 30, tt.snapshot), tt.keys...)
			if m.outcome != tt.want {
				t.Errorf("outcome %q, want %q", m.outcome, tt.want)
			}
		})
	}
}

func TestEnvironmentGone(t *testing.T) {
	m, cmd := model(t, newFake(), theme.Dark, 80, 24, tuitest.Running()).Update(snapshotMsg{gone: true})
	got, _ := m.(Model)
	if got.outcome != OutcomeGone || len(tuitest.Run(cmd)) != 1 {
		t.Errorf("outcome %q, want gone, and to quit", got.outcome)
	}
}

func TestCredentialsStayHidden(t *testing.T) {
	m := model(t, newFake(), theme.Dark, 120, 40, tuitest.Running())
	m = press(t, m, "e")
	if strings.Contains(text(m), "s3cret") {
		t.Error("shown before they were asked for")
	}
	m = press(t, m, "v")
	if !strings.Contains(text(m), "s3cret") {
		t.Error("not shown when asked for")
	}
	m = press(t, m, "esc", "e")
	if strings.Contains(text(m), "s3cret") {
		t.Error("still shown after the overlay was closed")
	}
}

func TestMouse(t *testing.T) {
	click := func(x, y int) tea.Msg { return tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft} }
	m := model(t, newFake(), theme.Dark, 80, 24, tuitest.Running())
	if got := drive(t, m, click(24, 1)).screen; got != ScreenLogs {
		t.Errorf("a click on the third tab shows %q", got)
	}
	if got := drive(t, m, click(14, 1)).screen; got != ScreenQueues {
		t.Errorf("a click on the second tab shows %q", got)
	}
	if got := bottom(drive(t, m, click(32, 1))); !strings.HasPrefix(got, "no GPU") {
		t.Errorf("a click on a disabled tab says %q", got)
	}
	m = drive(t, m, click(5, 7))
	if s, _ := m.services.Selected(); s.Name != "postgres" {
		t.Errorf("a click on the line of postgres selects %q", s.Name)
	}
	if got := drive(t, m, click(5, 7)).overlay.kind; got != overlayDetails {
		t.Errorf("a second click opens overlay %d", got)
	}
	if got := drive(t, m, click(5, 21)).overlay.kind; got != overlayNone {
		t.Errorf("a click on an empty line opens overlay %d", got)
	}
	m = drive(t, m, tea.MouseWheelMsg{X: 5, Y: 7, Button: tea.MouseWheelDown})
	if s, _ := m.services.Selected(); s.Name != "支付" {
		t.Errorf("the wheel moves to %q", s.Name)
	}
}

// TestIntentsDiffer guards against two meanings of one word: both would be
// carried out as the first.
func TestIntentsDiffer(t *testing.T) {
	m := model(t, newFake(), theme.Dark, 80, 24, tuitest.Running())
	all := []intent.Intent{
		Quit, Interrupt, Leave, Back, Palette, Help, NextTab, LastTab, AskStop, AskDown, Stop, TakeDown,
		Endpoints, Reveal, Accept, Pick, Toggle, All, Details, Why, Logs, Shell, Restart, ScaleUp, ScaleDown, Copy, Open,
		intent.Filter, intent.Next, intent.Previous,
	}
	for _, b := range slices.Concat(intent.Moves(), m.queues.Bindings(), m.logs.Bindings(), m.events.Bindings()) {
		if b.Intent != intent.Next && b.Intent != intent.Previous {
			all = append(all, b.Intent)
		}
	}
	for _, tab := range m.tabs() {
		all = append(all, goTo(tab.screen))
	}
	slices.Sort(all)
	for i := 1; i < len(all); i++ {
		if all[i] == all[i-1] {
			t.Errorf("%q means two things", all[i])
		}
	}
}

// TestReachable checks that every binding of the services screen has a key
// that is its own.
func TestReachable(t *testing.T) {
	m := model(t, newFake(), theme.Dark, 80, 24, tuitest.Running())
	lists := [][]intent.Binding{m.screenBindings(), m.serviceBindings(), m.globalBindings(), intent.Moves()}
	kept := intent.Effective(lists...)
	for i := range lists {
		if len(kept[i]) != len(lists[i]) {
			t.Errorf("list %d loses bindings to those before it", i)
		}
	}
}

func TestFollowsTheTerminalsBackground(t *testing.T) {
	m := model(t, newFake(), theme.Auto, 80, 24, tuitest.Running())
	white := tea.BackgroundColorMsg{Color: ansi.BrightWhite}
	if got := drive(t, m, white).theme.Variant; got != theme.Light {
		t.Errorf("on white the theme is %q", got)
	}
	fixed := model(t, newFake(), theme.Dark, 80, 24, tuitest.Running())
	if got := drive(t, fixed, white).theme.Variant; got != theme.Dark {
		t.Errorf("a theme that was asked for becomes %q", got)
	}
}

func TestStaleDataSaysSo(t *testing.T) {
	m := model(t, newFake(), theme.Dark, 120, 24, tuitest.Running())
	if strings.Contains(text(m), "old") {
		t.Error("fresh data is said to be old")
	}
	m = drive(t, m, tickMsg(tuitest.Noon().Add(32*time.Second)))
	if !strings.Contains(text(m), "data 32 s old") {
		t.Errorf("nothing says that data is old:\n%s", strings.SplitN(text(m), "\n", 2)[0])
	}
}

func TestReadyIsAnnounced(t *testing.T) {
	s := tuitest.ComingUp()
	m := model(t, newFake(), theme.Dark, 100, 24, s)
	if m.screen != ScreenEvents {
		t.Errorf("a run under way opens %q", m.screen)
	}
	s.Phase, s.ReadyAt = env.PhaseReady, s.Started.Add(42100*time.Millisecond)
	m = drive(t, m, snapshotMsg{snapshot: s})
	if want := "ready in 42.1 s"; !strings.HasPrefix(bottom(m), want) {
		t.Errorf("bottom line %q, want %q", bottom(m), want)
	}
}
