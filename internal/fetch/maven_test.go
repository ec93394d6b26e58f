package fetch

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mavenHere skips a test that needs a Maven repository.
func mavenHere(t *testing.T) Maven {
	t.Helper()
	if os.Getenv("DIORAMA_TEST_FETCH") != "1" {
		t.Skip("set DIORAMA_TEST_FETCH=1 to fetch from Maven Central, or from DIORAMA_MAVEN")
	}
	return Maven(os.Getenv("DIORAMA_MAVEN"))
}

// TestMavenHasEveryRelease holds our sums against the ones that are published,
// where they are.
func TestMavenHasEveryRelease(t *testing.T) {
	repository := mavenHere(t)
	for _, b := range postgresBuilds() {
		r, err := repository.Postgres(b.platform)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.Head(r.Archive.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", r.Archive.URL, resp.Status)
		}
		published := Archive{URL: r.Archive.URL, Checksum: r.Archive.URL + checksumExtension}
		c := Cache{Folder: t.TempDir()}
		sum, err := c.fetchSum(t.Context(), published, filepath.Join(c.Folder, "release.jar"))
		if typed, ok := errors.AsType[*Error](err); ok && typed.Problem == NoChecksum {
			t.Logf("%s: no sum is published", b.platform)
		} else if err != nil || sum != b.sha256 {
			t.Errorf("%s: %s is published, %v; ours is %s", b.platform, sum, err, b.sha256)
		}
	}
}

// TestMavenPostgresRuns installs the release for this machine and makes a
// database with it.
func TestMavenPostgresRuns(t *testing.T) {
	release, err := mavenHere(t).Postgres(Host())
	if err != nil {
		t.Fatal(err)
	}
	// A server that root starts is another user: it must get through to its files.
	folder, err := os.MkdirTemp("", "diorama-fetch")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	c := Cache{Folder: filepath.Join(folder, "programs")}
	start := time.Now()
	archive, err := c.Fetch(t.Context(), release.Archive, nil)
	if err != nil {
		t.Fatal(err)
	}
	fetched := time.Since(start)
	installed, err := c.Install(t.Context(), release, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes fetched in %s, unpacked in %s", size(archive), fetched, time.Since(start)-fetched)

	output := unprivileged(t, folder, filepath.Join(installed, "bin", "postgres"), "--version")
	if !strings.HasPrefix(output, "postgres (PostgreSQL) 18.6") {
		t.Errorf("postgres --version: %s", output)
	}
	data := filepath.Join(folder, "data")
	unprivileged(t, folder, filepath.Join(installed, "bin", "initdb"), "-D", data, "-U", "app", "--auth=scram-sha-256", "--pwfile", password(t, folder), "--no-sync")
	if version, err := os.ReadFile(filepath.Join(data, "PG_VERSION")); err != nil || strings.TrimSpace(string(version)) != "18" {
		t.Errorf("PG_VERSION: %q, %v", version, err)
	}
}

func password(t *testing.T, folder string) string {
	t.Helper()
	path := filepath.Join(folder, "password")
	write(t, path, []byte("secret\n"))
	return path
}

// unprivileged runs a program as somebody who is not root, and who owns the
// folder.
func unprivileged(t *testing.T, folder, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = folder
	nobody(t, cmd, folder)
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, output)
	}
	return string(output)
}
