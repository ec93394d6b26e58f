package filelock_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/diorama-dev/diorama/internal/filelock"
)

func TestOneHolder(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	first, second := open(t, name), open(t, name)
	for _, c := range []struct {
		what string
		file *os.File
		want bool
	}{{"the first", first, true}, {"the second, while it is held", second, false}} {
		if got, err := filelock.Try(c.file); err != nil || got != c.want {
			t.Fatalf("%s: %v, %v; want %v", c.what, got, err, c.want)
		}
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := filelock.Try(second); err != nil || !got {
		t.Errorf("the lock did not go with its holder: %v, %v", got, err)
	}
}

// What is locked can be deleted by its holder: an environment is taken down so.
func TestHeldFileCanBeDeleted(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	held := open(t, name)
	if got, err := filelock.Try(held); err != nil || !got {
		t.Fatalf("lock: %v, %v", got, err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if got, err := filelock.Try(open(t, name)); err != nil || !got {
		t.Errorf("the file made anew is held too: %v, %v", got, err)
	}
}

func TestOpenSaysWhichFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "no", "such", "folder")
	if _, err := filelock.Open(name); !os.IsNotExist(err) {
		t.Errorf("opened with %v, want that it does not exist", err)
	}
}

func open(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := filelock.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}
