package stacks

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// document is an object as it was read.
type document struct {
	root       *yamlpos.Node
	kind, name string
}

func (d document) String() string { return d.kind + "/" + d.name }

// readFolder reads the objects of a folder's files.
func (v *validator) readFolder(n *yamlpos.Node, at, folder string) []document {
	if at := n.Get("folder"); at != nil {
		n = at
	}
	if folder != manifests && !strings.HasPrefix(folder, manifests+"/") || !fs.ValidPath(folder) {
		v.reportAt(n, at, "found "+yamlpos.Quote(folder)+", expected "+manifests+" or a folder below it")
		return nil
	}
	entries, err := fs.ReadDir(v.stack.Folder.FS, folder)
	if err != nil {
		v.reportAt(n, at, fmt.Sprintf("the folder %s cannot be read: %v", yamlpos.Quote(folder), err))
		return nil
	}
	var all []document
	for _, entry := range entries {
		if extension := path.Ext(entry.Name()); entry.IsDir() || extension != ".yaml" && extension != ".yml" {
			continue
		}
		file := path.Join(folder, entry.Name())
		data, err := yamlpos.ReadFile(v.stack.Folder.FS, file)
		if err != nil {
			v.reportAt(n, at, fmt.Sprintf("%s cannot be read: %v", yamlpos.Quote(file), err))
			continue
		}
		if len(data) > yamlpos.MaxBytes {
			v.reportAt(n, at, fmt.Sprintf("%s has more than %d bytes, which are all that is read: divide it", yamlpos.Quote(file), yamlpos.MaxBytes))
			continue
		}
		all = append(all, v.documents(path.Join(v.stack.Folder.Path, file), data)...)
	}
	if len(all) == 0 && len(v.problems) == len(v.decoded) {
		v.reportAt(n, at, "the folder "+yamlpos.Quote(folder)+" has no objects: expected *.yaml files with some")
	}
	return all
}

// documents reads the objects of a file, one after each line of three dashes.
func (v *validator) documents(file string, data []byte) []document {
	var all []document
	line := 0
	for _, part := range bytes.SplitAfter(append(data, "\n---\n"...), []byte("\n---\n")) {
		text := bytes.TrimSuffix(part, []byte("---\n"))
		above := line
		line += bytes.Count(part, []byte("\n"))
		if blank(text) {
			continue
		}
		root, err := yamlpos.Parse(file, text)
		var problems yamlpos.Problems
		switch {
		case errors.As(err, &problems):
			for _, p := range problems {
				p.Line, p.Column = max(p.Line, 1)+above, max(p.Column, 1)
				v.problems = append(v.problems, p)
			}
		case err == nil:
			lower(root, above, map[*yamlpos.Node]bool{})
			all = append(all, v.document(root)...)
		}
	}
	return all
}

// lower has what was read by itself stand where it does in its file.
func lower(n *yamlpos.Node, lines int, seen map[*yamlpos.Node]bool) {
	if n == nil || seen[n] {
		return
	}
	seen[n] = true
	n.Line += lines
	for _, item := range n.Items {
		lower(item, lines, seen)
	}
	for _, e := range n.Entries {
		lower(e.Key, lines, seen)
		lower(e.Value, lines, seen)
	}
}

// blank reports whether a document holds comments at most.
func blank(text []byte) bool {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' && !bytes.Equal(line, []byte("---")) {
			return false
		}
	}
	return true
}

// document checks what every object has; those that lack it are left out.
func (v *validator) document(root *yamlpos.Node) []document {
	text := func(n *yamlpos.Node) string {
		if n == nil || n.Kind != yamlpos.String {
			return ""
		}
		return n.Text
	}
	d := document{root: root, kind: text(root.Get("kind")), name: text(root.Get("metadata").Get("name"))}
	switch {
	case root.Kind != yamlpos.Mapping:
		v.problems = append(v.problems, root.Mismatch("", "a Kubernetes object"))
	case text(root.Get("apiVersion")) == "" || d.kind == "" || d.name == "":
		v.problems = append(v.problems, root.Problem("", "expected a Kubernetes object with apiVersion, kind and metadata.name"))
	case d.kind == "Pod", d.kind == "ReplicaSet", d.kind == "Namespace":
		v.problems = append(v.problems, root.Get("kind").Problem("kind", "found "+d.kind+
			", expected a Deployment, StatefulSet, DaemonSet or Job for what runs; the namespace is the environment's"))
	case mergeKey(root) != nil:
		v.problems = append(v.problems, mergeKey(root).Problem("", `found the key "<<", which Kubernetes does not know: write out what it would merge`))
	default:
		return []document{d}
	}
	return nil
}

// mergeKey is a key of YAML 1.1 that would bring a mapping into another.
func mergeKey(n *yamlpos.Node) *yamlpos.Node {
	for _, e := range n.Entries {
		if e.Key.Text == "<<" {
			return e.Key
		}
		if key := mergeKey(e.Value); key != nil {
			return key
		}
	}
	for _, item := range n.Items {
		if key := mergeKey(item); key != nil {
			return key
		}
	}
	return nil
}
