package compose

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/compose-spec/compose-go/v2/template"
	"go.yaml.in/yaml/v3"
)

const maxExtends = 32 // a chain of extends longer than this is a circle

// sources reads the files of a project as trees, following include and
// extends, and refuses what no Compose file should be.
type sources struct {
	// display is how messages name a file.
	display func(path string) string
	// lookup is where variables in the paths of include and extends come from.
	lookup func(name string) (string, bool)
	// confined is set where include and extends must stay in the folder.
	confined bool
	files    map[string]*node // each file alone, by absolute path
	reading  []string         // the chain of includes
	builder  builder          // counts the values of all files together
}

// load is the merged tree of the files.
func (s *sources) load(paths []string) (*node, error) {
	var merged *node
	for _, path := range paths {
		tree, err := s.whole(path)
		if err != nil {
			return nil, err
		}
		merged = merge(merged, tree, "")
	}
	return merged, nil
}

// whole is a file with what it includes and extends.
func (s *sources) whole(path string) (*node, error) {
	if slices.Contains(s.reading, path) {
		return nil, positioned(Position{File: s.display(path)}, "includes itself, by way of %s; remove one of the includes", s.display(s.reading[len(s.reading)-1]))
	}
	s.reading = append(s.reading, path)
	defer func() { s.reading = s.reading[:len(s.reading)-1] }()
	own, err := s.file(path)
	if err != nil || own == nil {
		return own, err
	}
	if err := s.confineIncludes(own.child("include")); err != nil {
		return nil, err
	}
	var tree *node
	for _, include := range included(own.child("include")) {
		if err := s.confine(include); err != nil {
			return nil, err
		}
		other, err := s.whole(s.resolve(path, include.value))
		if err != nil {
			return nil, err
		}
		tree = merge(tree, other, "")
	}
	extended, err := s.extend(path, own)
	if err != nil {
		return nil, err
	}
	return merge(tree, extended, ""), nil
}

// included are the paths of an include section, in all its forms.
func included(section *node) []*node {
	if section == nil {
		return nil
	}
	var paths []*node
	for _, item := range section.items {
		if item.kind == Scalar {
			paths = append(paths, item)
			continue
		}
		paths = append(paths, scalars(item.child("path"))...)
	}
	return slices.DeleteFunc(paths, func(n *node) bool { return n.kind != Scalar })
}

// scalars are a value that may be one text or a list of them.
func scalars(n *node) []*node {
	switch {
	case n == nil:
		return nil
	case n.kind == List:
		return slices.DeleteFunc(slices.Clone(n.items), func(item *node) bool { return item.kind != Scalar })
	}
	return []*node{n}
}

// extend is the file's tree with the extends of its services carried out.
func (s *sources) extend(path string, own *node) (*node, error) {
	services := own.child("services")
	if services == nil || services.kind != Map {
		return own, nil
	}
	done := newMap(services.pos)
	for _, name := range services.keys {
		service, err := s.service(path, own, name, 0)
		if err != nil {
			return nil, err
		}
		done.set(name, service)
	}
	result := newMap(own.pos)
	for _, key := range own.keys {
		result.set(key, own.fields[key])
	}
	result.set("services", done)
	return result, nil
}

func (s *sources) service(path string, tree *node, name string, depth int) (*node, error) {
	service := tree.child("services").child(name)
	extends := service.child("extends")
	if extends == nil || depth > maxExtends {
		return service, nil
	}
	of := extends
	if extends.kind == Map {
		of = extends.child("service")
	}
	if file := extends.child("file"); file != nil && file.kind == Scalar {
		if err := s.confine(file); err != nil {
			return nil, err
		}
		path = s.resolve(path, file.value)
		other, err := s.file(path)
		if err != nil {
			return nil, err
		}
		tree = other
	}
	if of == nil || of.kind != Scalar {
		return service, nil
	}
	base, err := s.service(path, tree, of.value, depth+1)
	if err != nil || base == nil {
		return service, err
	}
	return merge(base, service, ""), nil
}

// resolve makes a path of an include or extends absolute.
func (s *sources) resolve(from, path string) string {
	if filled, err := template.Substitute(path, s.lookup); err == nil {
		path = filled
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(filepath.Dir(from), path)
}

func (s *sources) confine(path *node) error {
	if !s.confined || filepath.IsLocal(path.value) && !strings.ContainsAny(path.value, "$:") {
		return nil
	}
	return positioned(path.pos, "%q leaves the stack's folder; include and extends in a stack name files beside it", path.value)
}

// confineIncludes checks the other files that an include may name.
func (s *sources) confineIncludes(section *node) error {
	if section == nil {
		return nil
	}
	for _, item := range section.items {
		for _, key := range []string{"env_file", "project_directory"} {
			for _, path := range scalars(item.child(key)) {
				if err := s.confine(path); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// file is the tree of one file; nil where it cannot be read, which the loader
// reports better than we could.
func (s *sources) file(path string) (*node, error) {
	if tree, read := s.files[path]; read {
		return tree, nil
	}
	s.files[path] = nil
	data, err := readBounded(path)
	at := Position{File: s.display(path)}
	switch {
	case errors.Is(err, errTooLarge):
		return nil, positioned(at, "larger than %d bytes; is it a Compose file?", maxFileBytes)
	case errors.Is(err, os.ErrInvalid):
		return nil, positioned(at, "not a file; name a Compose file")
	case err != nil:
		return nil, nil
	}
	tree, err := s.parse(at, data)
	s.files[path] = tree
	return tree, err
}

func (s *sources) parse(at Position, data []byte) (*node, error) {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, positioned(at, "the file is empty; a Compose file has at least a services section")
	case bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data):
		return nil, positioned(at, "the file is binary; a Compose file is YAML in UTF-8")
	}
	var merged *node
	s.builder.file = at.File
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for range maxDocuments {
		var document yaml.Node
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			return merged, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		if len(document.Content) == 0 {
			continue
		}
		tree, err := s.builder.build(document.Content[0], "", 0)
		if err != nil {
			return nil, err
		}
		if tree.kind != Map {
			return nil, positioned(tree.pos, "a Compose file is a mapping with a services section")
		}
		merged = merge(merged, tree, "")
	}
	return nil, positioned(at, "more than %d documents; put the services into one", maxDocuments)
}

var errTooLarge = errors.New("too large")

// readBounded reads a regular file of at most maxFileBytes.
func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, os.ErrInvalid
	case info.Size() > maxFileBytes:
		return nil, errTooLarge
	}
	return os.ReadFile(path)
}
