//go:build unix

package fetch

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestUnpackKeepsModesAndLinks(t *testing.T) {
	before := syscall.Umask(0o077)
	defer syscall.Umask(before)
	folder, err := unpackHere(t, postgresJar(t), generous)
	if err != nil {
		t.Fatal(err)
	}
	modes := map[string]fs.FileMode{
		".": 0o755, "bin": 0o755, "lib": 0o755,
		"bin/postgres": 0o755, "bin/initdb": 0o755, "lib/libpq.so.5.18": 0o644,
	}
	for name, want := range modes {
		info, err := os.Lstat(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", name, got, want)
		}
	}
	content, err := os.ReadFile(filepath.Join(folder, "lib", "libpq.so.5"))
	if err != nil || string(content) != "library" {
		t.Errorf("through the link: %q, %v", content, err)
	}
}
