package profiles

import (
	"path/filepath"
	"strings"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// profileFile is the shape of a profile's file.
type profileFile struct {
	Name        string                              `yaml:"name"`
	Title       string                              `yaml:"title"`
	Extends     string                              `yaml:"extends"`
	Runtime     Runtime                             `yaml:"runtime"`
	Cluster     clusterFile                         `yaml:"cluster"`
	GPU         GPU                                 `yaml:"gpu"`
	Budget      budgetFile                          `yaml:"budget"`
	Stacks      []selectionFile                     `yaml:"stacks"`
	Parameters  map[string]map[string]*yamlpos.Node `yaml:"parameters"`
	Ports       map[string]int                      `yaml:"ports"`
	Credentials map[string]map[string]secret        `yaml:"credentials"`
	Seeds       []seedFile                          `yaml:"seeds"`
	Apps        []appFile                           `yaml:"apps"`
	Mesh        []string                            `yaml:"mesh"`
}

// profileKeys are the keys of a profile's file.
func profileKeys() []string {
	return []string{
		"name", "title", "extends", "runtime", "cluster", "gpu", "budget", "stacks",
		"parameters", "ports", "credentials", "seeds", "apps", "mesh",
	}
}

type clusterFile struct {
	Nodes      *int   `yaml:"nodes"`
	Kubernetes string `yaml:"kubernetes"`
}

type budgetFile struct {
	Memory memory `yaml:"memory"`
	Logs   space  `yaml:"logs"`
	LogAge age    `yaml:"logAge"`
}

// selectionFile is a stack's name, or {NAME: {as: INSTANCE}}.
type selectionFile struct {
	node     *yamlpos.Node
	stack    string
	instance string
}

// DecodeNode reads one entry of the list of stacks.
func (s *selectionFile) DecodeNode(n *yamlpos.Node, path string) yamlpos.Problems {
	const expected = "a stack's name or {NAME: {as: INSTANCE}}"
	s.node = n
	if n.Kind != yamlpos.Mapping {
		if n.Kind != yamlpos.String || n.Text == "" {
			return yamlpos.Problems{n.Mismatch(path, expected)}
		}
		s.stack, s.instance = n.Text, n.Text
		return nil
	}
	if len(n.Entries) != 1 {
		return yamlpos.Problems{n.Problem(path, "found more or less than one key, expected "+expected)}
	}
	entry := n.Entries[0]
	s.node, s.stack, s.instance = entry.Key, entry.Key.Text, entry.Key.Text
	var options struct {
		As string `yaml:"as"`
	}
	problems := yamlpos.Decode(entry.Value, &options, yamlpos.Join(path, s.stack))
	if options.As != "" {
		s.instance = options.As
	}
	return problems
}

// appFile is a path, or {name, files}.
type appFile struct {
	node  *yamlpos.Node
	name  string
	files []string
}

// DecodeNode reads one entry of the list of apps.
func (a *appFile) DecodeNode(n *yamlpos.Node, path string) yamlpos.Problems {
	a.node = n
	if n.Kind != yamlpos.Mapping {
		if n.Kind != yamlpos.String || n.Text == "" {
			return yamlpos.Problems{n.Mismatch(path, "the path of a Compose file or {name: NAME, files: [PATH]}")}
		}
		a.files = []string{n.Text}
		return nil
	}
	var file struct {
		Name  string   `yaml:"name"`
		Files []string `yaml:"files"`
	}
	problems := yamlpos.Decode(n, &file, path)
	if len(problems) == 0 && len(file.Files) == 0 {
		problems = append(problems, n.Problem(path, "no files: expected the paths of Compose files"))
	}
	a.name, a.files = file.Name, file.Files
	return problems
}

// app is the app with absolute paths. They are relative to the file that names
// them, or, named on the command line, to the working folder.
func (a appFile) app(workingFolder string) App {
	base := workingFolder
	if a.node.Line > 0 {
		base = filepath.Dir(absolute(workingFolder, a.node.File))
	}
	out := App{Name: a.name, Position: a.node.String()}
	for _, file := range a.files {
		out.Files = append(out.Files, absolute(base, file))
	}
	if out.Name == "" && len(out.Files) > 0 {
		out.Name = labelOf(filepath.Base(filepath.Dir(out.Files[0])))
	}
	return out
}

func absolute(base, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(base, path)
}

// labelOf makes the nearest DNS label of a folder's name; it may be empty.
func labelOf(name string) string {
	label := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		default:
			return '-'
		}
	}, name)
	return strings.Trim(label[:min(len(label), 63)], "-")
}
