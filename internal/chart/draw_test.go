package chart_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/diorama-dev/diorama/internal/chart"
)

// TestChanceIsRefused: what is drawn anew at every rendering would be replaced at
// every start; what is given instead is not drawn.
func TestChanceIsRefused(t *testing.T) {
	c := load(t, map[string]string{
		"templates/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {p: \"{{ .Values.password | default (randAlphaNum 20) }}\"}\n",
	})
	_, err := c.Render(release(), map[string]any{}, nil)
	if err == nil || !strings.Contains(err.Error(), "web/templates/a.yaml differs at every rendering") || !strings.Contains(err.Error(), "from credentials") {
		t.Errorf("got %v", err)
	}
	if _, err := c.Render(release(), map[string]any{"password": "given"}, nil); err != nil {
		t.Error(err)
	}
}

// TestLargeFilesAreNotRead: what a chart may not have is refused by its size.
func TestLargeFilesAreNotRead(t *testing.T) {
	files := folder(map[string]string{"templates/large.txt": strings.Repeat("x", 21<<20)})
	if _, err := chart.Load(unread{files}, "test/web"); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("got %v", err)
	}
}

// unread are files of which none may be read that is large.
type unread struct{ fstest.MapFS }

func (u unread) ReadFile(name string) ([]byte, error) {
	if len(u.MapFS[name].Data) > 1<<20 {
		panic("read " + name)
	}
	return u.MapFS.ReadFile(name)
}
