package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
)

// Archive is a file to fetch: where it is, and what it must be.
type Archive struct {
	URL      string
	SHA256   string // its sum in hexadecimal, where it is known beforehand
	Checksum string // URL of a file that says the sum, where it is not
}

// Cache is the folder that keeps what was fetched. Processes may share one.
type Cache struct {
	Folder  string
	Client  *http.Client // the default one, with the environment's proxies, where it is nil
	Offline bool         // dials nowhere: what is not there cannot be had
}

// Progress is told how many bytes of a file are there; total is -1 where the
// server does not say.
type Progress func(done, total int64)

// Files may not be larger than this, packed or unpacked: what is, is not what
// we wanted.
const maxSize = 1 << 30

// Fetch returns the path of an archive, which it fetches where it is not there
// yet. What a broken or cancelled run has fetched is kept, and the next one
// goes on from there.
func (c Cache) Fetch(ctx context.Context, a Archive, progress Progress) (string, error) {
	path, err := c.path(a)
	if err != nil {
		return "", err
	}
	held, err := c.lock(ctx, path)
	if err != nil {
		return "", err
	}
	defer held.Close()
	sum, err := c.expected(ctx, a, path)
	if err != nil {
		return "", err
	}
	err = verify(ctx, a, path, sum)
	_, wrong := errors.AsType[*Error](err)
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case err == nil:
		return path, nil
	case c.Offline && missing:
		return "", c.absent(a, path)
	case c.Offline, !wrong && !missing:
		return "", err
	}
	if err := c.fill(ctx, a, path, sum, progress); err != nil {
		return "", err
	}
	return path, nil
}

// fill fetches an archive beside its path and renames it when it is verified.
// One that came in pieces may be wrong because it changed meanwhile, so that
// it is fetched once more.
func (c Cache) fill(ctx context.Context, a Archive, path, sum string, progress Progress) error {
	part := path + partExtension
	for again := true; ; again = false {
		t := transfer{client: c.client(), url: a.URL, part: part, limit: maxSize, progress: progress}
		if err := t.run(ctx); err != nil {
			return err
		}
		err := verify(ctx, a, part, sum)
		if err == nil {
			return os.Rename(part, path)
		}
		if typed, ok := errors.AsType[*Error](err); !ok || typed.Problem != WrongChecksum || !t.pieced || !again {
			return err
		}
	}
}

// path is where an archive lies in the cache, or is to be put by hand.
func (c Cache) path(a Archive) (string, error) {
	u, err := url.Parse(a.URL)
	if err != nil {
		return "", fmt.Errorf("the address of an archive: %w", err)
	}
	name := path.Base(u.Path)
	if name == "." || !filepath.IsLocal(name) {
		return "", fmt.Errorf("%s names no file; give an address that ends in one", u.Redacted())
	}
	return filepath.Join(c.Folder, name), nil
}

// lock makes the cache's folder and holds the lock of one thing in it.
func (c Cache) lock(ctx context.Context, path string) (*os.File, error) {
	if err := os.MkdirAll(c.Folder, 0o755); err != nil {
		return nil, fmt.Errorf("make the cache of programs: %w", written(c.Folder, path, err))
	}
	held, err := lock(ctx, path+".lock")
	if err != nil {
		return nil, written(c.Folder, path, err)
	}
	return held, nil
}

func (c Cache) client() *http.Client {
	if c.Client != nil {
		return c.Client
	}
	return http.DefaultClient
}

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// remove deletes a file that may not be there.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
