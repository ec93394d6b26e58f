package profiles_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/diorama-dev/diorama/profiles"
	"github.com/diorama-dev/diorama/stacks"
)

var update = flag.Bool("update", false, "write the golden files")

// TestErrors loads the profile "mine.yaml" of each archive, with the overlay
// "overlay.yaml" where there is one and the lines of "set" as settings, and
// compares what is said to be wrong with the section "error".
func TestErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want := archive.Files[len(archive.Files)-1]
			archive.Files = archive.Files[:len(archive.Files)-1]
			_, err = loadArchive(t, archive)
			if err == nil {
				t.Fatal("the profile was loaded")
			}
			if got := err.Error() + "\n"; *update {
				archive.Files = append(archive.Files, txtar.File{Name: "error", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(string(want.Data), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// loadArchive writes the files of the archive into a folder and loads ./mine.yaml there.
func loadArchive(t *testing.T, archive *txtar.Archive) (profiles.Profile, error) {
	t.Helper()
	request := profiles.Request{Name: "./mine.yaml", Catalogue: fewStacks(t)}
	folder := t.TempDir()
	for _, f := range archive.Files {
		switch f.Name {
		case "set":
			request.Set = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
			continue
		case "overlay.yaml":
			request.Overlays = []string{"overlay.yaml"}
		}
		writeFile(t, filepath.Join(folder, f.Name), string(f.Data))
	}
	library := profiles.Library{WorkingFolder: folder, Folders: []string{filepath.Join(folder, ".diorama/profiles")}}
	return library.Load(request)
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// fewStacks is a catalogue that does not grow with every stack that is added,
// so that messages which name all stacks stay the same.
func fewStacks(t *testing.T) stacks.Catalogue {
	t.Helper()
	all := catalogue(t)
	var few stacks.Catalogue
	for _, name := range []string{"kafka", "mysql", "postgres", "redis"} {
		stack, err := all.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		few = few.With(stack)
	}
	return few
}
