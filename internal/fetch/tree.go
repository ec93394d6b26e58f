package fetch

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// tree makes the files of an archive in a folder and nowhere else. The root
// keeps every path inside; on top of that nothing is made twice, or below what
// is no folder, and no link leads outside.
type tree struct {
	root    *os.Root
	folders map[string]bool // those that were made, by their slashed names
	left    limits
}

// longest is how long the name of an entry may be.
const longest = 1024

// add makes what an entry says. Modes are ours: everybody may read everything,
// and execute what somebody may.
func (t *tree) add(entry *tar.Header, content io.Reader) error {
	name := path.Clean(entry.Name)
	if len(name) > longest {
		return invalidf("%.40q… is too long", name)
	}
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return invalidf("%q leads out of its folder", entry.Name)
	}
	if entry.Typeflag == tar.TypeDir {
		return t.folder(name)
	}
	if name == "." {
		return invalidf("%q is no name of a file", entry.Name)
	}
	if err := t.folder(path.Dir(name)); err != nil {
		return err
	}
	if err := t.count(); err != nil {
		return err
	}
	switch entry.Typeflag {
	case tar.TypeReg:
		return once(entry, t.file(name, entry, content))
	case tar.TypeSymlink:
		return t.link(name, entry)
	default:
		return invalidf("%q is of a kind that it should not have (%q)", entry.Name, entry.Typeflag)
	}
}

func (t *tree) count() error {
	if t.left.entries--; t.left.entries < 0 {
		return invalidf("it has too many entries")
	}
	return nil
}

// folder makes a folder and those above it.
func (t *tree) folder(name string) error {
	if t.folders[name] {
		return nil
	}
	if err := t.folder(path.Dir(name)); err != nil {
		return err
	}
	if err := t.count(); err != nil {
		return err
	}
	if err := t.root.Mkdir(filepath.FromSlash(name), 0o755); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return invalidf("%q is no folder", name)
		}
		return err
	}
	t.folders[name] = true
	return t.root.Chmod(filepath.FromSlash(name), 0o755)
}

func (t *tree) file(name string, entry *tar.Header, content io.Reader) error {
	if t.left.bytes -= entry.Size; t.left.bytes < 0 {
		return invalidf("it unfolds to too many bytes")
	}
	mode := fs.FileMode(0o644)
	if entry.Mode&0o111 != 0 {
		mode = 0o755
	}
	file, err := t.root.OpenFile(filepath.FromSlash(name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := io.Copy(file, content); err != nil {
		return err
	}
	if err := file.Chmod(mode); err != nil { // whatever the umask is
		return err
	}
	return file.Close()
}

// link makes a symbolic link. It may climb only at its beginning, where the
// folders are real ones: behind another link, ".." may be anywhere.
func (t *tree) link(name string, entry *tar.Header) error {
	target := entry.Linkname
	inside := path.Join(path.Dir(name), target)
	if path.IsAbs(target) || strings.Contains(target, `\`) || climbsLate(target) || !filepath.IsLocal(filepath.FromSlash(inside)) {
		return invalidf("the link %q leads out of its folder: %q", entry.Name, target)
	}
	return once(entry, t.root.Symlink(filepath.FromSlash(target), filepath.FromSlash(name)))
}

// climbsLate reports whether a path goes up after it went down.
func climbsLate(target string) bool {
	down := false
	for part := range strings.SplitSeq(target, "/") {
		if part == ".." && down {
			return true
		}
		down = down || (part != ".." && part != "." && part != "")
	}
	return false
}

// once says of what is there already that the archive has it twice.
func once(entry *tar.Header, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return invalidf("%q is there twice", entry.Name)
	}
	return err
}
