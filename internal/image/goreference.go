package image

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// SourceReference is a tag for the program's image that is known before it is
// built: a hash of the module's source, or of its version. Equal source gives
// equal images, so what is in the cache by this tag need not be built again. Of
// a prebuilt program it is the hash of the binary.
// A program that cannot be built is a [*GoError].
func (p Program) SourceReference() (string, error) {
	if p.Prebuilt != "" {
		binary, err := described(p, p.Prebuilt)
		return binary.Reference, err
	}
	from := source{folder: p.Folder}
	if p.Folder == "" {
		found, err := findSource()
		if err != nil {
			return "", &GoError{Package: p.Package, Reason: NoSource, Detail: err.Error()}
		}
		from = found
	}
	if _, err := exec.LookPath("go"); err != nil {
		return "", &GoError{Package: p.Package, Reason: NoToolchain, Detail: "go is not on PATH"}
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %q %q\n", p.Package, p.Platform, p.Args, from.version)
	if from.folder != "" {
		if err := hashModule(sum, from.folder); err != nil {
			return "", fmt.Errorf("read the source of %s: %w", p.Package, err)
		}
	}
	return Normalise(fmt.Sprintf("%s:%x", p.Repository, sum.Sum(nil)[:6]))
}

// hashModule writes what a build of the module can depend on, except for files
// that are embedded: programs that run inside nodes embed none.
func hashModule(sum io.Writer, folder string) error {
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != folder && (strings.HasPrefix(name, ".") || name == "testdata"):
			return filepath.SkipDir
		case !entry.Type().IsRegular():
			return nil
		case strings.HasSuffix(name, "_test.go") || filepath.Ext(name) != ".go" && name != "go.sum" && name != "go.mod":
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d\n", filepath.ToSlash(relative), len(data))
		_, err = sum.Write(data)
		return err
	})
}
