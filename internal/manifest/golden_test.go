package manifest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/diorama-dev/diorama/internal/compose"
)

var update = flag.Bool("update", false, "write golden files anew")

// text is a result as the goldens hold it: the waves' objects as YAML, then
// the losses.
func text(t *testing.T, result Result) []byte {
	t.Helper()
	var b bytes.Buffer
	for i, wave := range result.Waves {
		for _, object := range wave {
			data, err := yaml.Marshal(object.Object)
			if err != nil {
				t.Fatal(err)
			}
			b.WriteString("--- # wave " + string(rune('0'+i)) + "\n")
			b.Write(data)
		}
	}
	for _, loss := range result.Losses {
		b.WriteString("# loss: " + loss.String() + "\n")
	}
	return b.Bytes()
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden.yaml")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./internal/manifest -update writes it)", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

func TestStacks(t *testing.T) {
	folders, err := filepath.Glob("../../stacks/*/compose.yaml")
	if err != nil || len(folders) == 0 {
		t.Fatal("no stacks found", err)
	}
	for _, file := range folders {
		folder := filepath.Dir(file)
		name := filepath.Base(folder)
		t.Run(name, func(t *testing.T) {
			project, err := compose.LoadStack(t.Context(), os.DirFS(folder), "stacks/"+name, nil)
			if err != nil {
				t.Fatal(err)
			}
			result, err := Render(Input{Environment: "golden", Namespace: "diorama", Stack: name, Project: project})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "stacks/"+name, text(t, result))
		})
	}
}
