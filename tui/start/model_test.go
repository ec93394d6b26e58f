package start

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

func environments() []Environment {
	return []Environment{
		{Name: "shop", Profile: "streaming", Runtime: "kind", Phase: env.PhaseReady},
		{Name: "blog", Profile: "./platform.yaml", Runtime: "kind", Phase: env.PhaseStopped},
		{Name: "支付", Profile: "backend", Runtime: "kind", Phase: env.PhaseDegraded},
		{Name: "old"},
	}
}

func profiles() []Profile {
	return []Profile{
		{Name: ".diorama.yaml", Title: "The shop and all it stands on", Stacks: []string{"kafka", "postgres"}, Here: true},
		{Name: "streaming", Title: "Events through Kafka, with a cache, a database and an application that uses them", Stacks: []string{"kafka", "redis", "postgres", "demo"}},
		{Name: "minimal", Title: "A cache and a database", Stacks: []string{"redis", "postgres"}},
		{Name: "broken", Off: "broken.yaml:3:5: there is no stack kafak: did you mean kafka?"},
	}
}

// screen is the screen at a size, as far as messages bring it.
func screen(t *testing.T, v theme.Variant, width, height int, e []Environment, p []Profile, msgs ...tea.Msg) Model {
	t.Helper()
	msgs = append([]tea.Msg{tea.WindowSizeMsg{Width: width, Height: height}}, msgs...)
	m, ok := tuitest.Drive[tea.Model](t, New(e, p, tui.Options{Theme: v}), msgs...).(Model)
	if !ok {
		t.Fatal("the model became another")
	}
	return m
}

func frame(m Model) string { return strings.Join(m.lines(), "\n") }

func TestFrames(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {40, 12}, {20, 8}} {
		for name, c := range map[string]struct {
			environments []Environment
			keys         []string
		}{
			"environments": {environments(), nil},
			"stopped":      {environments(), []string{"down", "enter"}},
			"not-watched":  {environments(), []string{"down", "down", "down"}},
			"newcomer":     {nil, []string{"down"}},
			"broken":       {nil, []string{"end", "enter"}},
		} {
			t.Run(fmt.Sprintf("%s-%dx%d", name, size[0], size[1]), func(t *testing.T) {
				m := screen(t, theme.Dark, size[0], size[1], c.environments, profiles(), tuitest.Keys(c.keys...)...)
				tuitest.Plain(t, frame(m))
			})
		}
	}
}

func TestFramesInColour(t *testing.T) {
	for _, v := range []theme.Variant{theme.Dark, theme.Light, theme.Plain} {
		t.Run(string(v), func(t *testing.T) {
			tuitest.Coloured(t, frame(screen(t, v, 80, 24, environments(), profiles(), tuitest.Keys("down")...)))
		})
	}
}

func TestChoice(t *testing.T) {
	click := func(y int) tea.Msg { return tea.MouseClickMsg{X: 10, Y: y, Button: tea.MouseLeft} }
	for name, c := range map[string]struct {
		msgs []tea.Msg
		want Choice
		quit bool
	}{
		"nothing yet":                       {nil, Choice{}, false},
		"what runs":                         {tuitest.Keys("enter"), Choice{VerbOpen, "shop"}, true},
		"what stands still is asked for":    {tuitest.Keys("down", "enter"), Choice{}, false},
		"yes":                               {tuitest.Keys("down", "enter", "y"), Choice{VerbStart, "blog"}, true},
		"no, something else":                {tuitest.Keys("down", "enter", "n", "down", "enter"), Choice{VerbOpen, "支付"}, true},
		"no by escape":                      {tuitest.Keys("down", "enter", "esc"), Choice{}, false},
		"a question keeps the cursor":       {tuitest.Keys("down", "enter", "down", "y"), Choice{VerbStart, "blog"}, true},
		"what nobody watches":               {tuitest.Keys("down", "down", "down", "enter"), Choice{VerbOpen, "old"}, true},
		"the folder's own profile":          {tuitest.Keys("down", "down", "down", "down", "enter"), Choice{VerbUp, ""}, true},
		"a profile":                         {tuitest.Keys("end", "up", "space"), Choice{VerbUp, "minimal"}, true},
		"a profile that cannot be used":     {tuitest.Keys("end", "enter"), Choice{}, false},
		"leave":                             {tuitest.Keys("q"), Choice{}, true},
		"leave by escape":                   {tuitest.Keys("esc"), Choice{}, true},
		"interrupt":                         {tuitest.Keys("ctrl+c"), Choice{Verb: VerbInterrupt}, true},
		"a click chooses":                   {[]tea.Msg{click(5)}, Choice{}, false},
		"a click, and enter":                {append([]tea.Msg{click(5)}, tuitest.Keys("enter")...), Choice{VerbOpen, "支付"}, true},
		"a second click opens":              {[]tea.Msg{click(9), click(9)}, Choice{VerbUp, ""}, true},
		"a click beside everything":         {[]tea.Msg{click(2), click(7), click(23), click(0)}, Choice{}, false},
		"the wheel, and enter":              {append([]tea.Msg{tea.MouseWheelMsg{Button: tea.MouseWheelDown}, tea.MouseWheelMsg{Button: tea.MouseWheelDown}, tea.MouseWheelMsg{Button: tea.MouseWheelUp}}, tuitest.Keys("enter", "enter")...), Choice{VerbStart, "blog"}, true},
		"a key that means nothing is ready": {tuitest.Keys("x", "enter"), Choice{VerbOpen, "shop"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var last tea.Model = New(environments(), profiles(), tui.Options{Theme: theme.Plain})
			quit := false
			for _, msg := range append([]tea.Msg{tea.WindowSizeMsg{Width: 80, Height: 24}}, c.msgs...) {
				var cmd tea.Cmd
				last, cmd = last.Update(msg)
				for _, out := range tuitest.Run(cmd) {
					_, ends := out.(tea.QuitMsg)
					quit = quit || ends
				}
			}
			m, _ := last.(Model)
			if m.Choice() != c.want || quit != c.quit {
				t.Errorf("chosen %v, left %v; want %v, %v", m.Choice(), quit, c.want, c.quit)
			}
		})
	}
}

// The cursor is always in sight, and every line that shows an entry leads to it.
func TestLinesAndEntriesAgree(t *testing.T) {
	for height := 4; height < 20; height++ {
		m := screen(t, theme.Plain, 80, height, environments(), profiles())
		for i := range m.entries {
			if i > 0 {
				m = m.moved(1)
			}
			shown := strings.Split(ansi.Strip(frame(m)), "\n")
			at := -1
			for y, line := range shown[:m.height-1] {
				if strings.Contains(line, "▸") {
					at = y
				}
			}
			if at < listTop || m.entryAt(m.offset+at-listTop) != i {
				t.Errorf("height %d: entry %d is marked on line %d:\n%s", height, i, at, strings.Join(shown, "\n"))
			}
		}
	}
}

// Whatever the names and the size, a frame is exactly as large as the terminal.
func TestEveryFrameFits(t *testing.T) {
	nasty := []string{"", "支付🚀", "\x1b[31mred\x1b[0m", "a-name-that-is-longer-than-any-terminal-would-like-it-to-be", "line\nbreak", "\xff"}
	var e []Environment
	var p []Profile
	for i, s := range nasty {
		e = append(e, Environment{Name: s, Profile: nasty[len(nasty)-1-i], Runtime: s, Phase: env.Phase(s)})
		p = append(p, Profile{Name: s, Title: nasty[len(nasty)-1-i], Stacks: []string{s, s}, Off: s})
	}
	for width := range 90 {
		for _, height := range []int{0, 1, 2, 3, 5, 13, 14, 24} {
			for _, keys := range [][]string{nil, {"end"}, {"down", "enter"}, {"end", "enter"}} {
				m := screen(t, theme.Dark, width, height, e, p, tuitest.Keys(keys...)...)
				lines := m.lines()
				if len(lines) != height {
					t.Fatalf("%d×%d: %d lines", width, height, len(lines))
				}
				for _, line := range lines {
					if got := ansi.StringWidth(line); got != width || strings.ContainsAny(ansi.Strip(line), "\x1b\n") {
						t.Fatalf("%d×%d: a line is %d cells wide: %q", width, height, got, line)
					}
				}
			}
		}
	}
}
