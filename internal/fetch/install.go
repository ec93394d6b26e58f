package fetch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Installed returns the folder of a release that is there. A folder has its
// name only once it is whole, so that a look at its programs is enough.
func (c Cache) Installed(r Release) (folder string, ok bool) {
	folder = filepath.Join(c.Folder, r.folder())
	return folder, complete(folder, r) == nil
}

// Install returns the folder of a release, which it fetches, verifies and
// unpacks where it is not there yet: whole or not at all. Everything in it may
// be read by everybody, since a server that root starts runs as another user.
func (c Cache) Install(ctx context.Context, r Release, progress Progress) (string, error) {
	folder, ok := c.Installed(r)
	if ok {
		return folder, nil
	}
	held, err := c.lock(ctx, folder)
	if err != nil {
		return "", err
	}
	defer held.Close()
	if _, ok := c.Installed(r); ok { // by the process that held the lock
		return folder, nil
	}
	archive, err := c.Fetch(ctx, r.Archive, progress)
	if err != nil {
		return "", err
	}
	if err := unfold(ctx, r, archive, folder); err != nil {
		return "", err
	}
	return folder, nil
}

// unfold unpacks an archive beside the folder, and gives the result its name
// when it is complete. The lock makes what lies there the rest of a process
// that was killed.
func unfold(ctx context.Context, r Release, archive, folder string) error {
	temporary := folder + ".new"
	err := os.RemoveAll(temporary)
	if err == nil {
		err = unpack(ctx, archive, temporary, limits{bytes: maxSize, entries: 20_000})
	}
	if err == nil {
		err = complete(temporary, r)
	}
	if err == nil {
		err = errors.Join(os.RemoveAll(folder), os.Rename(temporary, folder))
	}
	if err == nil {
		return nil
	}
	left := os.RemoveAll(temporary)
	if broken, ok := errors.AsType[*invalid](err); ok {
		err = failed(r.Archive.URL, BadArchive, archive, broken)
	}
	return errors.Join(fmt.Errorf("unpack %s: %w", filepath.Base(folder), written(folder, archive, err)), left)
}

// complete says which program of a release its folder lacks.
func complete(folder string, r Release) error {
	for _, program := range r.Programs {
		info, err := os.Stat(filepath.Join(folder, program))
		if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
			return &invalid{fmt.Errorf("it has no %s", filepath.ToSlash(program))}
		}
	}
	return nil
}
