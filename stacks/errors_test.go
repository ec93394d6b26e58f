package stacks_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/diorama-dev/diorama/stacks"
)

var update = flag.Bool("update", false, "write the golden files")

// TestErrors loads the stack of each archive and compares what is said to be
// wrong with the archive's section "error".
func TestErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			folder, want := fstest.MapFS{}, ""
			for _, f := range archive.Files {
				if f.Name == "error" {
					want = string(f.Data)
					continue
				}
				folder["mine/"+f.Name] = &fstest.MapFile{Data: f.Data}
			}
			_, err = stacks.Load(folder, "mine", ".diorama/stacks/mine")
			if err == nil {
				t.Fatal("the stack was loaded")
			}
			compare(t, file, archive, want, err.Error()+"\n")
		})
	}
}

func compare(t *testing.T, file string, archive *txtar.Archive, want, got string) {
	t.Helper()
	if *update {
		archive.Files = append(archive.Files[:len(archive.Files)-1], txtar.File{Name: "error", Data: []byte(got)})
		if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
