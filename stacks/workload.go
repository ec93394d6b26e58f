package stacks

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// workload is what validation needs of the files beside stack.yaml.
type workload struct {
	present bool
	// services of the Compose file; nil where not all can be known from it.
	services map[string]bool
	// variables that stand in the Compose file.
	variables []variable
}

// variable is a ${NAME} of a Compose file.
type variable struct {
	yamlpos.Position
	name string
	// fallback is what stands in its place where the variable is not set.
	fallback    string
	hasFallback bool
}

// readWorkload looks what the folder runs. A compose.yaml must be readable
// here; what Compose itself demands of it is for compose-go to say.
func readWorkload(folder fs.FS, shown string) (workload, error) {
	w, open := workload{services: map[string]bool{}}, false
	for _, name := range []string{manifests, chartFolder} {
		if info, err := fs.Stat(folder, name); err == nil && info.IsDir() {
			w.present, open = true, open || name == chartFolder
		}
	}
	if open {
		w.services = nil
	}
	data, err := yamlpos.ReadFile(folder, composeFile)
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
	w.collect(root)
	w.present = true
	if open || root.Get("include") != nil {
		w.services = nil
		return w, nil
	}
	for _, name := range root.Get("services").Keys() {
		w.services[name] = true
	}
	return w, nil
}

// reference is a variable in Compose's syntax, or a doubled dollar sign, which
// is none.
var reference = regexp.MustCompile(`\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?-)([^}]*)|:?[?+][^}]*)?\}|\$([A-Za-z_][A-Za-z0-9_]*)`)

// collect notes the variables in all values below the node.
func (w *workload) collect(n *yamlpos.Node) {
	for _, match := range reference.FindAllStringSubmatch(n.Text, -1) {
		if name := match[1] + match[4]; name != "" {
			w.variables = append(w.variables, variable{
				Position: n.Position, name: name, fallback: match[3], hasFallback: match[2] != "",
			})
		}
	}
	for _, item := range n.Items {
		w.collect(item)
	}
	for _, e := range n.Entries {
		w.collect(e.Value)
	}
}
