package manifest

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/diorama-dev/diorama/internal/compose"
)

// FuzzRender: whatever the bytes, an error or objects that hold what every
// result must hold, never a panic.
func FuzzRender(f *testing.F) {
	files, err := filepath.Glob("../../testdata/compose/*/compose.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		project, err := compose.LoadStack(t.Context(), fstest.MapFS{"compose.yaml": {Data: data}}, "fuzz", nil)
		if err != nil {
			return
		}
		in := Input{Environment: "e", Namespace: "diorama", Stack: "s", Project: project, Secrets: []string{"app", "1"}}
		if _, err := Render(in); err != nil {
			return
		}
		render(t, in)
	})
}
