package stacks

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// The files of a stack's folder.
const (
	stackFile   = "stack.yaml"
	composeFile = "compose.yaml"
	manifests   = "manifests"
	chartFolder = "charts"
)

// Load reads and validates the stack in a folder of the file system. Shown is
// the folder's path in messages. An error that the files are to blame for is
// of type yamlpos.Problems.
func Load(fsys fs.FS, folder, shown string) (Stack, error) {
	file := path.Join(shown, stackFile)
	data, err := readBounded(fsys, path.Join(folder, stackFile))
	if err != nil {
		return Stack{}, fmt.Errorf("read stack %s: %w", shown, err)
	}
	inside, err := fs.Sub(fsys, folder)
	if err != nil {
		return Stack{}, fmt.Errorf("read stack %s: %w", shown, err)
	}
	root, err := yamlpos.Parse(file, data)
	if err != nil {
		return Stack{}, err
	}
	stack, problems := decodeStack(root)
	stack.Folder = Folder{FS: inside, Path: shown}
	workload, err := readWorkload(inside, shown)
	if err != nil {
		return Stack{}, err
	}
	v := validator{root: root, stack: stack, workload: workload, problems: problems}
	v.validate(path.Base(shown))
	if err := v.problems.Err(); err != nil {
		return Stack{}, err
	}
	return stack, nil
}

// decodeStack is the stack as the file has it, before the parts are held
// against each other.
func decodeStack(root *yamlpos.Node) (Stack, yamlpos.Problems) {
	var stack Stack
	problems := yamlpos.Decode(root, &stack, "")
	return stack, problems
}

// readBounded reads a file that is not larger than a file of ours may be, and
// one byte more of a larger one, which the parser then refuses.
func readBounded(fsys fs.FS, name string) ([]byte, error) {
	return yamlpos.ReadFile(fsys, name)
}

// workload is what validation needs of the files beside stack.yaml.
type workload struct {
	// services of the Compose file; nil where they cannot be known from it.
	services map[string]bool
	present  bool
}

// readWorkload looks what the folder runs. A compose.yaml must be readable
// here; all that Compose itself demands of it is for compose-go to say.
func readWorkload(folder fs.FS, shown string) (workload, error) {
	var w workload
	for _, name := range []string{manifests, chartFolder} {
		if info, err := fs.Stat(folder, name); err == nil && info.IsDir() {
			w.present = true
		}
	}
	data, err := readBounded(folder, composeFile)
	if errors.Is(err, fs.ErrNotExist) {
		return w, nil
	}
	if err != nil {
		return w, fmt.Errorf("read stack %s: %w", shown, err)
	}
	root, err := yamlpos.Parse(path.Join(shown, composeFile), data)
	if err != nil {
		return w, err
	}
	w.present = true
	if w.services == nil && root.Get("include") == nil && !w.hasOther(folder) {
		w.services = map[string]bool{}
		for _, name := range root.Get("services").Keys() {
			w.services[name] = true
		}
	}
	return w, nil
}

// hasOther reports services that are declared in another format, whose names
// are not known here.
func (workload) hasOther(folder fs.FS) bool {
	for _, name := range []string{manifests, chartFolder} {
		if _, err := fs.Stat(folder, name); err == nil {
			return true
		}
	}
	return false
}
