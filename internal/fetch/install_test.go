package fetch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// releaseOf is a release whose archive a server has.
func releaseOf(t *testing.T, r *repository) Release {
	t.Helper()
	archive := serve(t, r)
	archive.SHA256 = sumOf(r.content)
	p := Platform{OS: "linux", Arch: "amd64"}
	return Release{Name: "postgres", Version: "18.6.0", Platform: p, Archive: archive, Programs: programs(p, "postgres", "initdb")}
}

func TestInstall(t *testing.T) {
	r := &repository{content: postgresJar(t), cut: []int{500}}
	release := releaseOf(t, r)
	c := Cache{Folder: filepath.Join(t.TempDir(), "programs")}
	if folder, ok := c.Installed(release); ok {
		t.Fatalf("%s is there already", folder)
	}
	// What a killed process left does not count.
	write(t, mkdir(t, c.Folder, "postgres-18.6.0-linux-amd64.new", "bin", "postgres"), []byte("half"))

	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, err := c.Install(t.Context(), release, nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := r.requests(); len(got) != 2 {
		t.Errorf("asked %v", got)
	}
	folder, ok := c.Installed(release)
	if want := filepath.Join(c.Folder, "postgres-18.6.0-linux-amd64"); !ok || folder != want {
		t.Errorf("installed at %s: %v", folder, ok)
	}
	holds(t, c.Folder, "postgres-18.6.0-linux-amd64", "postgres-18.6.0-linux-amd64.lock", "release.jar", "release.jar.lock")

	// Without a program it is unpacked again, from what is there.
	if err := os.Remove(filepath.Join(folder, "bin", "initdb")); err != nil {
		t.Fatal(err)
	}
	c.Offline = true
	if again, err := c.Install(t.Context(), release, nil); err != nil || again != folder {
		t.Errorf("again: %s, %v", again, err)
	}
	if _, ok := c.Installed(release); !ok {
		t.Error("it was not mended")
	}
}

// mkdir makes the folder of a path of these parts.
func mkdir(t *testing.T, parts ...string) string {
	t.Helper()
	path := filepath.Join(parts...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestInstallIsWholeOrNotAtAll(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "evil")
	for name, test := range map[string]struct {
		jar  []byte
		text string
	}{
		"no archive":                {[]byte("<html>"), "no archive that can be used: zip: not a valid zip file; remove "},
		"an archive without initdb": {jarOf(t, map[string][]byte{"a.txz": xzOf(tarOf(t, file("bin/postgres", "x", 0o755)))}), "it has no bin/initdb"},
		"a hostile one":             {postgresJar(t, file(outside, "x", 0o644)), "leads out of its folder"},
		"a hostile link":            {postgresJar(t, link("share", filepath.Dir(outside)), file("share/evil", "x", 0o644)), "leads out of its folder"},
	} {
		t.Run(name, func(t *testing.T) {
			c := Cache{Folder: t.TempDir()}
			release := releaseOf(t, &repository{content: test.jar})
			_, err := c.Install(t.Context(), release, nil)
			typed, ok := errors.AsType[*Error](err)
			if !ok || typed.Problem != BadArchive || !strings.Contains(err.Error(), test.text) {
				t.Errorf("got %v", err)
			}
			holds(t, c.Folder, "postgres-18.6.0-linux-amd64.lock", "release.jar", "release.jar.lock")
			if _, err := os.Stat(outside); err == nil {
				t.Error("it wrote outside")
			}
		})
	}
}

func TestInstallOnlyWhatWasVerified(t *testing.T) {
	c := Cache{Folder: t.TempDir()}
	release := releaseOf(t, &repository{content: postgresJar(t)})
	release.Archive.SHA256 = sumOf([]byte("another"))
	_, err := c.Install(t.Context(), release, nil)
	if typed, ok := errors.AsType[*Error](err); !ok || typed.Problem != WrongChecksum {
		t.Errorf("got %v", err)
	}
	holds(t, c.Folder, "postgres-18.6.0-linux-amd64.lock", "release.jar.lock")
}

func TestInstallEndsWithItsContext(t *testing.T) {
	c := Cache{Folder: t.TempDir()}
	release := releaseOf(t, &repository{content: postgresJar(t)})
	held, err := c.lock(t.Context(), filepath.Join(c.Folder, release.folder()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := c.Install(ctx, release, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	held.Close()

	cancelled, stop := context.WithCancel(t.Context())
	path, err := c.Fetch(t.Context(), release.Archive, nil)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	folder, _ := c.Installed(release)
	if err := unfold(cancelled, release, path, folder); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the archive is lost: %v", err)
	}
	holds(t, c.Folder, "postgres-18.6.0-linux-amd64.lock", "release.jar", "release.jar.lock")
}

func TestInstallWhereThereIsNoPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, nil)
	release := releaseOf(t, &repository{content: postgresJar(t)})
	if _, err := (Cache{Folder: path}).Install(t.Context(), release, nil); err == nil {
		t.Error("a file is no cache")
	}
}
