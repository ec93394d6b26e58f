//go:build unix

package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	osuser "os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// user is whom a server runs as where that is not who we are. A nil user is
// ourselves.
type user struct{ uid, gid uint32 }

// unprivilegedUser is whom a server runs as that refuses to be run by root; nil
// where we are not root.
func unprivilegedUser() (*user, error) {
	if os.Getuid() != 0 {
		return nil, nil //nolint:nilnil // ourselves
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := osuser.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(found.Uid, 10, 32)
		if err != nil {
			continue
		}
		gid, err := strconv.ParseUint(found.Gid, 10, 32)
		if err == nil {
			return &user{uid: uint32(uid), gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("it refuses to run as root, and there is no user postgres or nobody to run it as")
}

// reaches reports whether others may enter the folder and all above it.
func reaches(folder string) bool {
	for at := folder; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		switch {
		case errors.Is(err, fs.ErrNotExist): // to be made, by us
		case err != nil || info.Mode().Perm()&0o001 == 0:
			return false
		}
		if at == filepath.Dir(at) {
			return true
		}
	}
}

// own gives the file to the user.
func (u *user) own(path string) error {
	if u == nil {
		return nil
	}
	if err := os.Chown(path, int(u.uid), int(u.gid)); err != nil {
		return fmt.Errorf("give %s to the user who runs the server: %w", path, err)
	}
	return nil
}

// makeFolder makes a folder that only the user may enter.
func (u *user) makeFolder(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("make %s: %w", path, err)
	}
	return u.own(path)
}

// place is a working folder that the user may enter: the folder wanted, where
// it is our own.
func (u *user) place(folder string) string {
	if u == nil {
		return folder
	}
	return "/"
}

// apply makes the command run as the user.
func (u *user) apply(cmd *exec.Cmd) {
	if u == nil {
		return
	}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: u.uid, Gid: u.gid, Groups: []uint32{}}
}
