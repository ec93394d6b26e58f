package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What does not compile on one system alone is found from another, also in
// the body of a function of a dependency.
func TestCheck(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"go.mod":              "module example.org/m\n\ngo 1.26\n",
		"main.go":             "package main\n\nimport \"example.org/m/inner\"\n\nfunc main() { inner.Do() }\n",
		"inner/do_windows.go": "package inner\n\nfunc Do() { var n int = \"no number\"; _ = n }\n",
		"inner/do_linux.go":   "package inner\n\nfunc Do() {}\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for platform, want := range map[string]string{
		"linux/arm64":   "",
		"windows/amd64": "do_windows.go:3",
		"plan9/amd64":   "inner", // it has no file there
		"nowhere/none":  "nowhere/none",
	} {
		t.Run(platform, func(t *testing.T) {
			_, failed := check(platform, []string{"."})
			var text strings.Builder
			for _, err := range failed {
				text.WriteString(err.Error() + "\n")
			}
			if (want == "") != (len(failed) == 0) || !strings.Contains(text.String(), want) {
				t.Errorf("found %q, want %q", text.String(), want)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"linux/arm64"}, {"./..."}} {
		if code := run(args); code != 2 {
			t.Errorf("run(%q) = %d, want 2", args, code)
		}
	}
}
