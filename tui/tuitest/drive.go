package tuitest

import (
	"reflect"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// Updater is a model: of a screen, or [tea.Model] itself.
type Updater[M any] interface {
	Update(tea.Msg) (M, tea.Cmd)
}

// endless is how many messages a drive may take before the test fails.
const endless = 10_000

// Drive gives the model the messages, and after each of them every message
// that comes of the commands that it returns, until none is left. Commands run at once and one
// after the other, so they must not wait for anything.
func Drive[M Updater[M]](t testing.TB, m M, msgs ...tea.Msg) M {
	t.Helper()
	for taken := 0; len(msgs) > 0; taken++ {
		if taken > endless {
			t.Fatalf("the model still sends itself messages after %d of them, the last a %T", endless, msgs[0])
		}
		var cmd tea.Cmd
		m, cmd = m.Update(msgs[0])
		msgs = append(Run(cmd), msgs[1:]...)
	}
	return m
}

// Run runs a command and those within it, and returns their messages.
func Run(cmd tea.Cmd) []tea.Msg {
	if cmd == nil {
		return nil
	}
	msg := cmd()
	if msg == nil {
		return nil
	}
	// A batch and a sequence are both slices of commands; the latter's type
	// is not exported.
	v := reflect.ValueOf(msg)
	if v.Kind() != reflect.Slice || v.Type().Elem() != reflect.TypeFor[tea.Cmd]() {
		return []tea.Msg{msg}
	}
	var out []tea.Msg
	for i := range v.Len() {
		inner, _ := v.Index(i).Interface().(tea.Cmd)
		out = append(out, Run(inner)...)
	}
	return out
}

// Key is the message of a key, as [tea.Key] spells it: "a", "G", "enter",
// "ctrl+c", "space".
func Key(name string) tea.KeyPressMsg {
	named := map[string]rune{
		"enter": tea.KeyEnter, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown,
		"pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome, "end": tea.KeyEnd,
		"backspace": tea.KeyBackspace, "tab": tea.KeyTab,
	}
	switch {
	case name == "space":
		return tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}
	case named[name] != 0:
		return tea.KeyPressMsg{Code: named[name]}
	case len(name) == 6 && name[:5] == "ctrl+":
		return tea.KeyPressMsg{Code: rune(name[5]), Mod: tea.ModCtrl}
	}
	r := []rune(name)[0]
	return tea.KeyPressMsg{Code: r, Text: name}
}

// Keys are the messages of several keys.
func Keys(names ...string) []tea.Msg {
	out := make([]tea.Msg, len(names))
	for i, n := range names {
		out[i] = Key(n)
	}
	return out
}
