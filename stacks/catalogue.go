package stacks

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// builtin are the built-in stacks, a folder each.
//
//go:embed */stack.yaml */compose.yaml */manifests */charts
var builtin embed.FS

// Catalogue is the stacks there are, by name. The zero value has none.
type Catalogue struct {
	stacks map[string]Stack
}

// Builtin is the catalogue of the built-in stacks. An error is a defect of
// this program's data.
func Builtin() (Catalogue, error) {
	found, err := loadAll(builtin, "stacks")
	if err != nil {
		return Catalogue{}, fmt.Errorf("built-in stacks: %w", err)
	}
	for i := range found {
		found[i].Folder.Builtin = true
	}
	catalogue := Catalogue{}.With(found...)
	return catalogue, catalogue.unmet()
}

// unmet names the requirements that no stack of the catalogue can meet.
func (c Catalogue) unmet() error {
	var wrong []error
	for _, stack := range c.All() {
		for _, requirement := range stack.Requires {
			if requirement.Stack == "" {
				continue
			}
			if _, err := c.Lookup(requirement.Stack); err != nil {
				wrong = append(wrong, fmt.Errorf("%s: requires: %w", requirement.Position, err))
			}
		}
	}
	return errors.Join(wrong...)
}

// loadAll reads the stack of every folder that has a stack.yaml; all problems
// of all stacks are in the error.
func loadAll(fsys fs.FS, shown string) ([]Stack, error) {
	files, err := fs.Glob(fsys, "*/"+stackFile)
	if err != nil {
		return nil, fmt.Errorf("list stacks in %s: %w", shown, err)
	}
	var (
		found []Stack
		wrong []error
	)
	for _, file := range files {
		folder := filepath.ToSlash(filepath.Dir(file))
		stack, err := Load(fsys, folder, shown+"/"+folder)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		found = append(found, stack)
	}
	return found, errors.Join(wrong...)
}

// With is the catalogue with the stacks added; one of the same name is replaced.
func (c Catalogue) With(others ...Stack) Catalogue {
	all := make(map[string]Stack, len(c.stacks)+len(others))
	maps.Copy(all, c.stacks)
	for _, stack := range others {
		all[stack.Name] = stack
	}
	return Catalogue{stacks: all}
}

// WithFolders is the catalogue with the stacks of the folders of users, each a
// folder of stacks; earlier folders shadow later ones, and all shadow what the
// catalogue has. A folder that does not exist has no stacks.
func (c Catalogue) WithFolders(folders ...string) (Catalogue, error) {
	var wrong []error
	for _, folder := range slices.Backward(folders) {
		if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		found, err := loadAll(os.DirFS(folder), filepath.ToSlash(folder))
		wrong = append(wrong, err)
		c = c.With(found...)
	}
	return c, errors.Join(append(wrong, c.unmet())...)
}

// UserFolders are where users' own stacks lie, those of the working folder
// before those of the user. Getenv is os.Getenv.
func UserFolders(workingFolder string, getenv func(string) string) []string {
	folders := []string{filepath.Join(workingFolder, ".diorama", "stacks")}
	switch {
	case filepath.IsAbs(getenv("XDG_CONFIG_HOME")):
		folders = append(folders, filepath.Join(getenv("XDG_CONFIG_HOME"), "diorama", "stacks"))
	case getenv("HOME") != "":
		folders = append(folders, filepath.Join(getenv("HOME"), ".config", "diorama", "stacks"))
	}
	return folders
}

// Lookup is the stack of that name. The error names the nearest name.
func (c Catalogue) Lookup(name string) (Stack, error) {
	stack, ok := c.stacks[name]
	if !ok {
		return Stack{}, errors.New(yamlpos.Unknown("stack", name, c.Names()))
	}
	return stack, nil
}

// Names are the stacks' names in alphabetical order.
func (c Catalogue) Names() []string { return slices.Sorted(maps.Keys(c.stacks)) }

// All are the stacks in the order of their names.
func (c Catalogue) All() []Stack {
	all := make([]Stack, 0, len(c.stacks))
	for _, name := range c.Names() {
		all = append(all, c.stacks[name])
	}
	return all
}
