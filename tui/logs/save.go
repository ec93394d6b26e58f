package logs

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/layout"
)

const (
	// savedAtOnce is how many lines are read at once for a file.
	savedAtOnce = 1000
	// progressEvery is how often the screen looks how far a file is.
	progressEvery = 500 * time.Millisecond
)

// saving is a file that is being written. What writes it counts, the screen
// reads.
type saving struct {
	name   string
	lines  atomic.Int64
	cancel context.CancelFunc
	done   chan struct{} // closed when nothing is left to do, or to undo
}

// savedMsg says how the writing of a file ended.
type savedMsg struct {
	saving *saving
	err    error
}

// progressMsg says that it is time to look how far a file is.
type progressMsg struct{ saving *saving }

// said says how far the file is.
func (s *saving) said() string {
	return "saving " + layout.Count(s.lines.Load()) + " lines to " + layout.Safe(filepath.Base(s.name))
}

// save writes the lines that pass the filter, and are there by now, to a file.
func (m Model) save(name string) (Model, tea.Cmd) {
	if m.saving != nil || m.origin.reader == nil {
		return m, nil
	}
	ctx, cancel := context.WithCancel(m.source.Context)
	s := &saving{name: name, cancel: cancel, done: make(chan struct{})}
	m.saving = s
	r, q := m.origin.reader, m.Query()
	return m, tea.Batch(m.look(), func() tea.Msg {
		defer close(s.done)
		defer cancel()
		return savedMsg{saving: s, err: s.write(ctx, r, q)}
	})
}

// look asks how far the file is in a moment.
func (m Model) look() tea.Cmd {
	s := m.saving
	return m.source.After(progressEvery, func(time.Time) tea.Msg { return progressMsg{s} })
}

// saved takes in how the writing of a file goes on.
func (m Model) saved(msg tea.Msg) (Model, tea.Cmd) {
	switch msg := msg.(type) {
	case progressMsg:
		if msg.saving == m.saving && m.saving != nil {
			return m, m.look()
		}
	case savedMsg:
		m.saving = nil
		switch n := layout.Count(msg.saving.lines.Load()); {
		case errors.Is(msg.err, context.Canceled):
			return m.say("saving was given up: no file was written"), nil
		case msg.err != nil:
			return m.complain(layout.Safe(msg.err.Error())), nil
		default:
			return m.say("saved " + n + " lines to " + layout.Safe(msg.saving.name)), nil
		}
	}
	return m, nil
}

// Saving reports whether a file is being written.
func (m Model) Saving() bool { return m.saving != nil }

// Abandon gives up the file that is being written, and returns when nothing
// is left of it. Nil: there is none.
func (m Model) Abandon() tea.Cmd {
	s := m.saving
	if s == nil {
		return nil
	}
	return func() tea.Msg {
		s.cancel()
		<-s.done
		return nil
	}
}

// write writes the file whole, or none at all.
func (s *saving) write(ctx context.Context, r store.Reader, q store.Query) (err error) {
	if _, err := os.Lstat(s.name); err == nil {
		return fmt.Errorf("save the lines: %s is there already; choose another name", s.name)
	}
	f, err := os.CreateTemp(filepath.Dir(s.name), ".logs-*.part") // 0600
	if err != nil {
		return fmt.Errorf("save the lines: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	if err := s.copy(ctx, f, r, q); err != nil {
		return fmt.Errorf("save the lines: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("save the lines: %w", err)
	}
	if err := named(f.Name(), s.name, os.Link); err != nil {
		return fmt.Errorf("save the lines: %w", err)
	}
	return f.Close()
}

// named gives a file that is whole its name, and leaves alone a file that has
// come to have the name meanwhile. The link is [os.Link].
func named(part, name string, link func(part, name string) error) error {
	err := link(part, name)
	switch {
	case err == nil:
		return os.Remove(part)
	case errors.Is(err, os.ErrExist):
		return err
	}
	// A file system without links. A rename would replace such a file: the
	// name is taken first.
	taken, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(taken.Close(), os.Rename(part, name)); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

// copy writes page by page, up to where the store ended when it began.
func (s *saving) copy(ctx context.Context, f *os.File, r store.Reader, q store.Query) error {
	end, err := r.End(ctx)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 256<<10)
	put := putText
	if ext := filepath.Ext(s.name); ext == ".jsonl" || ext == ".json" || ext == ".ndjson" {
		put = putJSON
	}
	for from := (store.Cursor{}); ; {
		page, err := r.Forward(ctx, from, q, savedAtOnce)
		if err != nil {
			return err
		}
		for _, l := range page.Lines {
			if err := put(out, l); err != nil {
				return err
			}
		}
		s.lines.Add(int64(len(page.Lines)))
		if !page.More || page.End.Compare(end) >= 0 {
			return out.Flush()
		}
		from = page.End
	}
}

func putJSON(w *bufio.Writer, l store.Line) error {
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// putText writes a line as it stands: what follows in a message of several
// lines is set in.
func putText(w *bufio.Writer, l store.Line) error {
	_, err := fmt.Fprintf(w, "%s %s/%s %-5s %s\n", l.Time.Format("2006-01-02T15:04:05.000000Z07:00"),
		l.Pod, l.Container, l.Level, strings.ReplaceAll(strings.TrimRight(l.Message, "\r\n"), "\n", "\n    "))
	return err
}
