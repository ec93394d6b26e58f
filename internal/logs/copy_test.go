package logs

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
)

// measured is a reader of very long lines that knows how many were wanted at
// once.
type measured struct {
	Reader
	limits []int
}

func (m *measured) Forward(ctx context.Context, from Cursor, q Query, limit int) (Page, error) {
	m.limits = append(m.limits, limit)
	return m.Reader.Forward(ctx, from, q, limit)
}

// TestACopyTakesFewLongLinesAtATime bounds what is in memory.
func TestACopyTakesFewLongLinesAtATime(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{SyncEvery: -1})
	long := Line{Time: noon, Pod: "p", Message: strings.Repeat("x", MaxMessage)}
	for range 1000 {
		store(t, s, long)
	}
	from := &measured{Reader: openReader(t, dir)}
	lines, _, err := Copy(t.Context(), filepath.Join(t.TempDir(), "copy"), from, Query{}, func(int64) {})
	if err != nil || lines != 1000 {
		t.Errorf("%d lines were copied, %v", lines, err)
	}
	for _, limit := range from.limits {
		if limit > copyLeast {
			t.Errorf("%d lines were read at once", limit)
		}
	}
	if n := copyNext(copyLeast, []Line{{Message: "short"}}); n != 2*copyLeast {
		t.Errorf("%d short lines come next", n)
	}
}
