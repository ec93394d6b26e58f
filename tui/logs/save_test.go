package logs

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// savedAs saves the lines of the screen to a file of that name in a new
// folder, which it returns.
func savedAs(t *testing.T, m Model, name string) (Model, string) {
	t.Helper()
	dir := t.TempDir()
	m = want(t, m, Save)
	m.form.text = ""
	return typed(t, m.Pasted(filepath.Join(dir, name)), "", "enter"), dir
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestSaves(t *testing.T) {
	m := open(t, tuitest.NewLines(tuitest.Numbered(0, 25_000)...), 20)
	m, cmd := m.WithText("line 1")
	m, dir := savedAs(t, drive(t, m, cmd), "out.txt")
	if m.Saving() {
		t.Error("it does not end")
	}
	path := filepath.Join(dir, "out.txt")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	if len(lines) != 11_111 || lines[0] != "2026-03-14T12:00:00.001000Z gateway-0/gateway info  line 1" {
		t.Errorf("%d lines, the first %q", len(lines), lines[0])
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v, %v", info.Mode(), err)
	}
	if got := files(t, dir); len(got) != 1 {
		t.Errorf("the folder holds %v", got)
	}
	if want := "saved 11,111 lines to " + path; m.Note().Text != want {
		t.Errorf("it says %q", m.Note().Text)
	}
}

func TestSavesJSONAndSeveralLines(t *testing.T) {
	s := tuitest.NewLines(tuitest.Story()...)
	_, dir := savedAs(t, open(t, s, 20), "out.jsonl")
	content, err := os.ReadFile(filepath.Join(dir, "out.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	var last store.Line
	if err := json.Unmarshal([]byte(lines[6]), &last); err != nil || last.Service != "billing" || !strings.Contains(last.Message, "\n\tat") {
		t.Errorf("line 7 is %+v, %v", last, err)
	}
	_, dir = savedAs(t, open(t, s, 20), "out.txt")
	content, err = os.ReadFile(filepath.Join(dir, "out.txt"))
	if err != nil || !strings.Contains(string(content), "trace_id=9f2c41\n    \tat billing.charge") {
		t.Errorf("%v, %q", err, content)
	}
}

func TestSavesNothingOverAFile(t *testing.T) {
	m := open(t, tuitest.NewLines(tuitest.Numbered(0, 10)...), 20)
	m, dir := savedAs(t, m, "out.txt")
	path := filepath.Join(dir, "out.txt")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m = want(t, m, Save)
	m.form.text = path
	m = typed(t, m, "", "enter")
	if !m.Note().Grave || !strings.Contains(m.Note().Text, "is there already; choose another name") {
		t.Errorf("it says %q", m.Note().Text)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the file has changed, %v", err)
	}
	m = want(t, m, Save)
	m.form.text = filepath.Join(dir, "no such folder", "x")
	if m = typed(t, m, "", "enter"); !m.Note().Grave || m.Saving() {
		t.Errorf("into no folder: %q", m.Note().Text)
	}
}

// failing is a reader that fails after some pages, or waits for ever.
type failing struct {
	*tuitest.Lines
	pages   int
	waiting chan struct{} // nil: it fails
}

func (f *failing) Forward(ctx context.Context, from store.Cursor, q store.Query, limit int) (store.Page, error) {
	if f.pages--; f.pages < 0 {
		if f.waiting == nil {
			return store.Page{}, errors.New("the store is gone")
		}
		close(f.waiting)
		<-ctx.Done()
		return store.Page{}, ctx.Err()
	}
	return f.Lines.Forward(ctx, from, q, limit)
}

// TestNamesWithoutLinks checks that a file system without links keeps a file
// that was made while the lines were written.
func TestNamesWithoutLinks(t *testing.T) {
	dir := t.TempDir()
	part, name := filepath.Join(dir, "part"), filepath.Join(dir, "name")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(part, "lines")
	if err := named(part, name, func(string, string) error { return errors.ErrUnsupported }); err != nil {
		t.Fatal(err)
	}
	write(part, "other lines")
	err := named(part, name, func(string, string) error { return errors.ErrUnsupported })
	if got, _ := os.ReadFile(name); string(got) != "lines" || !errors.Is(err, os.ErrExist) {
		t.Errorf("it holds %q, %v", got, err)
	}
}

func TestSavesWholeOrNotAtAll(t *testing.T) {
	r := &failing{Lines: tuitest.NewLines(tuitest.Numbered(0, 10_000)...), pages: 3}
	m, dir := savedAs(t, open(t, r, 20), "out.txt")
	if got := files(t, dir); len(got) != 0 || !m.Note().Grave {
		t.Errorf("after a failure the folder holds %v: %q", got, m.Note().Text)
	}
}

func TestSavingCanBeGivenUp(t *testing.T) {
	r := &failing{Lines: tuitest.NewLines(tuitest.Numbered(0, 10_000)...), pages: 3, waiting: make(chan struct{})}
	dir := t.TempDir()
	m, cmd := open(t, r, 20).save(filepath.Join(dir, "out.txt"))
	over := make(chan []tea.Msg, 1)
	go func() { over <- tuitest.Run(cmd) }()
	<-r.waiting
	if got := m.saving.said(); !strings.HasPrefix(got, "saving 3,000 lines") || !strings.Contains(shown(m), "saving 3,000") {
		t.Errorf("under way it says %q", got)
	}
	m.Abandon()()
	if got := files(t, dir); len(got) != 0 {
		t.Errorf("given up, the folder holds %v", got)
	}
	m = tuitest.Drive(t, m, <-over...)
	if m.Saving() || m.Note().Grave {
		t.Errorf("given up, it says %q", m.Note().Text)
	}
}
