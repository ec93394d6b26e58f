package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// content is some bytes of which no two stretches are alike.
func content(n int) []byte {
	var out bytes.Buffer
	for i := 0; out.Len() < n; i++ {
		out.WriteString(sumOf([]byte{byte(i), byte(i >> 8)}))
	}
	return out.Bytes()[:n]
}

func TestFetch(t *testing.T) {
	t.Parallel()
	whole, other := content(100_000), content(200_000)[100_000:]
	for name, test := range map[string]struct {
		repository *repository
		known      string // the sum that is known beforehand
		part       []byte // what an earlier run left
		asked      []string
	}{
		"at once": {
			repository: &repository{content: whole},
			asked:      []string{"release.jar.sha256", "release.jar"},
		},
		"cut in the middle, and again": {
			repository: &repository{content: whole, cut: []int{40_000, 20_000}},
			asked:      []string{"release.jar.sha256", "release.jar", "release.jar bytes=40000-", "release.jar bytes=60000-"},
		},
		"cut by a server that names no versions": {
			repository: &repository{content: whole, cut: []int{40_000}, nameless: true},
			asked:      []string{"release.jar.sha256", "release.jar", "release.jar bytes=40000-"},
		},
		"cut by a server that knows no ranges": {
			repository: &repository{content: whole, cut: []int{40_000}, plain: true},
			asked:      []string{"release.jar.sha256", "release.jar", "release.jar bytes=40000-"},
		},
		"cut by a server that then has another version": {
			repository: &repository{content: other, cut: []int{40_000}, next: whole},
			known:      sumOf(whole),
			asked:      []string{"release.jar", "release.jar bytes=40000-"},
		},
		"the same, and it does not say so": {
			repository: &repository{content: other, cut: []int{40_000}, next: whole, nameless: true},
			known:      sumOf(whole),
			asked:      []string{"release.jar", "release.jar bytes=40000-", "release.jar"},
		},
		"after an earlier run": {
			repository: &repository{content: whole},
			part:       whole[:70_000],
			asked:      []string{"release.jar.sha256", "release.jar bytes=70000-"},
		},
		"after one that brought all": {
			repository: &repository{content: whole},
			part:       whole,
			asked:      []string{"release.jar.sha256", "release.jar bytes=100000-"},
		},
		"after one that brought more than there is": {
			repository: &repository{content: whole},
			part:       append(bytes.Clone(whole), "more"...),
			asked:      []string{"release.jar.sha256", "release.jar bytes=100004-", "release.jar"},
		},
		"after one of another version": {
			repository: &repository{content: whole},
			part:       other[:70_000],
			asked:      []string{"release.jar.sha256", "release.jar bytes=70000-", "release.jar"},
		},
		"after one of another version of the same length": {
			repository: &repository{content: whole},
			part:       other,
			asked:      []string{"release.jar.sha256", "release.jar bytes=100000-", "release.jar"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := Cache{Folder: filepath.Join(t.TempDir(), "programs")}
			archive := serve(t, test.repository)
			archive.SHA256 = test.known
			if test.part != nil {
				if err := os.Mkdir(c.Folder, 0o755); err != nil {
					t.Fatal(err)
				}
				write(t, filepath.Join(c.Folder, "release.jar.part"), test.part)
			}
			path, err := c.Fetch(t.Context(), archive, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, whole) {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
			if diff := cmp.Diff(test.asked, test.repository.requests()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			left := []string{"release.jar", "release.jar.lock"}
			if test.known == "" {
				left = append(left, "release.jar.sha256")
			}
			holds(t, c.Folder, left...)
		})
	}
}

// holds fails where a folder has other files than these.
func holds(t *testing.T, folder string, want ...string) {
	t.Helper()
	var got []string
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", folder, diff)
	}
}

func TestFetchTellsHowFarItIs(t *testing.T) {
	r := &repository{content: content(100_000), cut: []int{40_000}}
	archive := serve(t, r)
	var told []int64
	c := Cache{Folder: t.TempDir()}
	_, err := c.Fetch(t.Context(), archive, func(done, total int64) {
		if total != 100_000 {
			t.Errorf("total is %d", total)
		}
		told = append(told, done)
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(told) || told[0] != 0 || told[len(told)-1] != 100_000 {
		t.Errorf("told %v", told)
	}
}

func TestFetchOnce(t *testing.T) {
	r := &repository{content: content(300_000), cut: []int{100_000}}
	archive := serve(t, r)
	folder := t.TempDir()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := (Cache{Folder: folder}).Fetch(t.Context(), archive, nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := r.requests(); len(got) != 3 {
		t.Errorf("asked %v", got)
	}
}

func TestFetchGoesOnWhereItWasCancelled(t *testing.T) {
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil) // or the server would wait
	whole := content(1_000_000)
	r := &repository{content: whole, held: ctx.Done()} // or all is there before it is noticed
	archive := serve(t, r)
	c := Cache{Folder: t.TempDir()}

	_, err := c.Fetch(ctx, archive, func(done, _ int64) {
		if done > 0 {
			cancel(why)
		}
	})
	if !errors.Is(err, why) {
		t.Fatalf("got %v", err)
	}
	part := size(filepath.Join(c.Folder, "release.jar.part"))
	if part == 0 {
		t.Error("what was fetched is lost")
	}
	path, err := c.Fetch(t.Context(), archive, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); !bytes.Equal(got, whole) {
		t.Errorf("got another file of %d bytes", len(got))
	}
	if got, want := r.requests(), fmt.Sprintf("release.jar bytes=%d-", part); got[len(got)-1] != want {
		t.Errorf("asked %v, want %s", got, want)
	}
}

func TestFetchFails(t *testing.T) {
	t.Parallel()
	whole := content(100_000)
	offline := Cache{Offline: true}
	for name, test := range map[string]struct {
		cache      Cache
		repository *repository
		known      string // the sum that is known beforehand
		there      []byte // what lies in the cache
		problem    Problem
		text       string
	}{
		"not there": {
			repository: &repository{content: whole, missing: ".jar"},
			problem:    NotFound, text: "404 Not Found",
		},
		"no checksum": {
			repository: &repository{content: whole, missing: ".sha256"},
			problem:    NoChecksum, text: "release.jar.sha256: its checksum cannot be had: the server answered 404 Not Found; use a repository that has it",
		},
		"a checksum that is none": {
			repository: &repository{content: whole, checksum: "<html>"},
			problem:    NoChecksum, text: `"<html>" is no SHA-256`,
		},
		"an empty checksum": {
			repository: &repository{content: whole, checksum: " "},
			problem:    NoChecksum, text: "empty",
		},
		"a checksum without end": {
			repository: &repository{content: whole, checksum: strings.Repeat("0", 2000)},
			problem:    BadArchive, text: "2000 bytes",
		},
		"another checksum": {
			repository: &repository{content: whole, checksum: sumOf([]byte("other"))},
			problem:    WrongChecksum, text: "; the file was removed: try again",
		},
		"another checksum than ours": {
			repository: &repository{content: whole},
			known:      sumOf([]byte("other")),
			problem:    WrongChecksum, text: sumOf(whole),
		},
		"another one in the cache": {
			repository: &repository{missing: "release.jar"},
			known:      sumOf(whole),
			there:      []byte("other"),
			problem:    NotFound,
		},
		"offline": {
			cache:      offline,
			repository: &repository{},
			problem:    Offline, text: "/maven/release.jar: not in the cache, and offline; fetch it where there is a network and put it at ",
		},
		"offline, with a file and no checksum": {
			cache:      offline,
			repository: &repository{},
			there:      whole,
			problem:    NoChecksum, text: "release.jar.sha256: ",
		},
		"offline, with another file": {
			cache:      offline,
			repository: &repository{},
			known:      sumOf(whole),
			there:      []byte("other"),
			problem:    WrongChecksum,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			archive := serve(t, test.repository)
			archive.SHA256 = test.known
			c := test.cache
			c.Folder = t.TempDir()
			path := filepath.Join(c.Folder, "release.jar")
			if test.there != nil {
				write(t, path, test.there)
			}
			got, err := c.Fetch(t.Context(), archive, nil)
			typed, ok := errors.AsType[*Error](err)
			if got != "" || !ok || typed.Problem != test.problem || !strings.Contains(err.Error(), test.text) {
				t.Fatalf("got %q, %v", got, err)
			}
			if c.Offline && len(test.repository.requests()) > 0 {
				t.Errorf("asked %v", test.repository.requests())
			}
			if test.problem == NoChecksum && test.there != nil {
				holds(t, c.Folder, "release.jar", "release.jar.lock")
			} else if test.problem != NotFound && test.problem != WrongChecksum {
				holds(t, c.Folder, "release.jar.lock")
			}
			if strings.Contains(string(test.problem), "differs") && size(path)+size(path+partExtension) > 0 {
				t.Error("the wrong file is still there")
			}
		})
	}
}

func TestFetchTakesWhatWasPutThereByHand(t *testing.T) {
	whole := content(1000)
	c := Cache{Folder: t.TempDir(), Offline: true}
	path := filepath.Join(c.Folder, "release.jar")
	write(t, path, whole)
	known := Archive{URL: "https://maven.invalid/release.jar", SHA256: strings.ToUpper(sumOf(whole))}
	if got, err := c.Fetch(t.Context(), known, nil); err != nil || got != path {
		t.Errorf("got %q, %v", got, err)
	}
	write(t, path+checksumExtension, []byte(sumOf(whole)+"  release.jar\n"))
	asked := Archive{URL: known.URL, Checksum: known.URL + checksumExtension}
	if got, err := c.Fetch(t.Context(), asked, nil); err != nil || got != path {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestFetchOnAFullDisk(t *testing.T) {
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skip("this system has no device that is always full")
	}
	archive := serve(t, &repository{content: content(100_000)})
	c := Cache{Folder: t.TempDir()}
	archive.SHA256 = sumOf(content(100_000))
	if err := os.Symlink(full, filepath.Join(c.Folder, "release.jar.part")); err != nil {
		t.Fatal(err)
	}
	_, err := c.Fetch(t.Context(), archive, nil)
	if typed, ok := errors.AsType[*Error](err); !ok || typed.Problem != NoSpace || !strings.HasSuffix(err.Error(), "free disk space for "+c.Folder) {
		t.Errorf("got %v", err)
	}
	holds(t, c.Folder, "release.jar.lock")
}

func TestFetchNeedsAName(t *testing.T) {
	for _, address := range []string{"", "https://maven.invalid", "https://maven.invalid/..", "http://[::1"} {
		if got, err := (Cache{Folder: t.TempDir()}).Fetch(t.Context(), Archive{URL: address}, nil); err == nil {
			t.Errorf("%q gave %q", address, got)
		}
	}
}

func TestErrorsKeepAMirrorsPassword(t *testing.T) {
	archive := Archive{URL: "http://me:secret@127.0.0.1:1/release.jar", SHA256: sumOf(nil)}
	refusing := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusForbidden, Status: "403 Forbidden", Body: http.NoBody}, nil
	})}
	_, err := Cache{Folder: t.TempDir(), Client: refusing}.Fetch(t.Context(), archive, nil)
	if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "403 Forbidden") {
		t.Errorf("got %v", err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
