package profiles

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/diorama-dev/diorama/internal/seed"
	"github.com/diorama-dev/diorama/internal/yamlpos"
	"github.com/diorama-dev/diorama/stacks"
)

// seedFile is {INSTANCE: {KIND: …}}, an entry of the list of seeds.
type seedFile struct {
	node     *yamlpos.Node // of the instance's name
	instance string
	value    *yamlpos.Node
}

// DecodeNode reads one entry of the list of seeds. What is in it depends on
// the instance's stack.
func (s *seedFile) DecodeNode(n *yamlpos.Node, path string) yamlpos.Problems {
	const expected = "one stack instance and its seeds, such as {kafka: {topics: [{name: orders}]}}"
	if n.Kind != yamlpos.Mapping {
		return yamlpos.Problems{n.Mismatch(path, expected)}
	}
	if len(n.Entries) != 1 {
		return yamlpos.Problems{n.Problem(path, "found more or less than one key, expected "+expected)}
	}
	s.node, s.instance, s.value = n.Entries[0].Key, n.Entries[0].Key.Text, n.Entries[0].Value
	return nil
}

// seeds reads what is to be put into the profile's stacks, and the passwords
// that are given with it, by instance and credential.
func (v *validator) seeds(files []seedFile) ([]seed.Set, map[string]map[string]string) {
	var sets []seed.Set
	passwords := make(map[string]map[string]string)
	first := make(map[string]yamlpos.Position)
	for i, file := range files {
		if file.value == nil {
			continue // reported when it was decoded
		}
		path := yamlpos.Index("seeds", i)
		stack, ok := v.instances[file.instance]
		at, twice := first[file.instance]
		switch {
		case !ok:
			v.problems = append(v.problems, file.node.Problem(path, v.notSelected(file.instance)))
			continue
		case twice:
			v.problems = append(v.problems, file.node.Problem(path, fmt.Sprintf("seeds of %s are there already, at %s: put both into one entry", yamlpos.Quote(file.instance), at)))
			continue
		case len(stack.Seeds) == 0:
			v.problems = append(v.problems, file.node.Problem(path, "the stack "+stack.Name+" takes no seeds: take them out"))
			continue
		}
		first[file.instance] = file.node.Position
		set, fixed, problems := seed.Decode(file.value, yamlpos.Join(path, file.instance), seed.Target{
			Instance: file.instance, Stack: stack.Name, Kinds: stack.Seeds, User: ownUser(stack), Folder: v.folderOf(file.value),
		})
		v.problems = append(v.problems, problems...)
		sets = append(sets, set)
		if len(fixed) > 0 {
			passwords[file.instance] = fixed
		}
	}
	return sets, passwords
}

// notSelected says that seeds are for an instance that the profile does not
// have, and what to do about it.
func (v *validator) notSelected(name string) string {
	known := slices.Sorted(maps.Keys(v.instances))
	if nearest := yamlpos.Nearest(name, known); nearest != "" {
		return yamlpos.Unknown("stack instance", name, known)
	}
	if _, err := v.catalogue.Lookup(name); err == nil {
		return fmt.Sprintf("the profile has no stack %s: add it to stacks, or take its seeds out", yamlpos.Quote(name))
	}
	return yamlpos.Unknown("stack instance", name, known)
}

// folderOf is the folder of the file that a value stands in; of the command
// line's it is the working folder.
func (v *validator) folderOf(n *yamlpos.Node) string {
	if n.Line == 0 {
		return v.workingFolder
	}
	return filepath.Dir(absolute(v.workingFolder, n.File))
}

// ownUser is the user that a stack's endpoints are used with.
func ownUser(stack stacks.Stack) string {
	for _, name := range slices.Sorted(maps.Keys(stack.Endpoints)) {
		if user := stack.Endpoints[name].User; user != "" {
			return user
		}
	}
	return ""
}

// seededCredentials are the passwords of seeded users of an instance.
func seededCredentials(sets []seed.Set, instance string) []string {
	var list []string
	for _, set := range sets {
		if set.Instance != instance {
			continue
		}
		for _, user := range set.Users {
			list = append(list, user.Credential)
		}
	}
	return list
}

// Seeds reads a file that has a list of seeds and nothing else, for stacks that
// run. The passwords that it gives are returned by instance and credential.
func (l Library) Seeds(path string, running []Selection, catalogue stacks.Catalogue) ([]seed.Set, map[string]map[string]string, error) {
	root, err := l.read(source{path: absolute(l.WorkingFolder, path), shown: path})
	if err != nil {
		return nil, nil, err
	}
	v := validator{root: root, catalogue: catalogue, workingFolder: l.WorkingFolder, instances: make(map[string]stacks.Stack)}
	for _, selection := range running {
		if stack, err := catalogue.Lookup(selection.Stack); err == nil { // users' Compose files are in no catalogue
			v.instances[selection.As] = stack
		}
	}
	var file struct {
		Seeds []seedFile `yaml:"seeds"`
	}
	v.problems = yamlpos.Decode(root, &file, "")
	if len(v.problems) == 0 && len(file.Seeds) == 0 {
		v.report("no seeds: expected a list such as seeds: [{kafka: {topics: [{name: orders}]}}]", "seeds")
	}
	sets, passwords := v.seeds(file.Seeds)
	return sets, passwords, v.problems.Err()
}
