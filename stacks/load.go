package stacks

import (
	"fmt"
	"io/fs"
	"path"
	"slices"

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
	data, err := yamlpos.ReadFile(fsys, path.Join(folder, stackFile))
	if err != nil {
		return Stack{}, fmt.Errorf("read stack %s: %w: every stack has a %s", shown, err, stackFile)
	}
	inside, err := fs.Sub(fsys, folder)
	if err != nil {
		return Stack{}, fmt.Errorf("read stack %s: %w", shown, err)
	}
	root, err := yamlpos.Parse(file, data)
	if err != nil {
		return Stack{}, err
	}
	workload, err := readWorkload(inside, shown)
	if err != nil {
		return Stack{}, err
	}
	if root.Kind != yamlpos.Mapping {
		return Stack{}, yamlpos.Problems{root.Mismatch("", "a stack: a mapping with keys such as name and endpoints")}
	}
	v := validator{root: root, workload: workload}
	v.decoded = yamlpos.Decode(root, &v.stack, "")
	v.problems = slices.Clone(v.decoded)
	v.stack.Folder = Folder{FS: inside, Path: shown}
	v.validate(path.Base(shown))
	if err := v.problems.Err(); err != nil {
		return Stack{}, err
	}
	return v.stack, nil
}
