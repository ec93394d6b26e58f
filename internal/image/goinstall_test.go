package image

import (
	"archive/zip"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// proxy is a module proxy in a folder that has one version of one module.
func proxy(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	versions := filepath.Join(folder, "example.com", "released", "@v")
	if err := os.MkdirAll(versions, 0o755); err != nil {
		t.Fatal(err)
	}
	const mod = "module example.com/released\n\ngo 1.24\n"
	for name, text := range map[string]string{"list": "v1.0.0\n", "v1.0.0.info": `{"Version":"v1.0.0"}`, "v1.0.0.mod": mod} {
		if err := os.WriteFile(filepath.Join(versions, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.Create(filepath.Join(versions, "v1.0.0.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	archive := zip.NewWriter(file)
	for name, text := range map[string]string{"go.mod": mod, "hail/main.go": "package main\n\nfunc main() {}\n"} {
		w, err := archive.Create("example.com/released@v1.0.0/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return "file://" + filepath.ToSlash(folder)
}

func TestGoInstallOfARelease(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("left out: go is not on PATH")
	}
	t.Setenv("GOPROXY", proxy(t))
	t.Setenv("GONOSUMDB", "*")
	t.Setenv("GOBIN", t.TempDir()) // a user's own must not matter
	modules := t.TempDir()
	t.Setenv("GOMODCACHE", modules)
	t.Cleanup(func() { writable(t, modules) })
	host := &Host{}
	for _, platform := range []string{"linux/amd64", "linux/arm64"} { // one is another than ours
		t.Run(platform, func(t *testing.T) {
			p := Program{Package: "example.com/released/hail", Platform: platform, Cache: t.TempDir()}
			out := filepath.Join(p.Cache, "hail")
			if err := host.goInstall(t.Context(), p, tool, "v1.0.0", out); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(out); err != nil || info.Size() == 0 {
				t.Errorf("the binary is not there: %v", err)
			}
			if left, err := os.ReadDir(p.Cache); err != nil || len(left) != 1 {
				t.Errorf("left in the cache: %v, %v; want the binary alone", left, err)
			}
		})
	}
	if err := host.goInstall(t.Context(), Program{Package: "example.com/released/hail", Platform: "linux/amd64", Cache: t.TempDir()}, tool, "v9.9.9", "x"); err == nil {
		t.Error("a version that is not there was installed")
	}
}

// writable lets a module cache, which the toolchain makes read-only, be
// removed.
func writable(t *testing.T, folder string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			err = os.Chmod(path, 0o755)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
