package stacks

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// Object is a Kubernetes object of a stack's manifests, its values in place.
type Object struct {
	// Position is where the object's document begins, as file:line:column.
	Position string
	// Body is the object as plain values: nil, string, int, float64, bool,
	// []any and map[string]any.
	Body map[string]any
}

// instanceVariable is the name of the stack's instance, for what must not be
// shared by two of them, such as folders of nodes.
const instanceVariable = "INSTANCE"

// Objects are those of the manifests whose conditions the parameters meet, for
// an instance of that name. The variables are the parameters and credentials.
func (s Stack) Objects(instance string, variables map[string]string) ([]Object, error) {
	variables = maps.Clone(variables)
	if variables == nil {
		variables = make(map[string]string, 1)
	}
	variables[instanceVariable] = instance
	var list []Object
	for _, m := range s.Manifests {
		if !m.When.Met(variables) {
			continue
		}
		for _, d := range m.documents {
			body, ok := d.root.Value().(map[string]any)
			if !ok {
				continue // validation has seen that it is one
			}
			for _, a := range m.Set {
				if a.Object != d.String() {
					continue
				}
				if err := a.put(d, body, variables); err != nil {
					return nil, fmt.Errorf("stack %s: set %s of %s: %w", s.Name, a.Path, a.Object, err)
				}
			}
			list = append(list, Object{Position: d.root.Position.String(), Body: body})
		}
	}
	return list, nil
}

// Uses reports whether the manifests whose conditions the parameters meet have an
// object of an API group, or of one below it.
func (s Stack) Uses(group string, parameters map[string]string) bool {
	for _, m := range s.Manifests {
		if m.When.Met(parameters) && slices.ContainsFunc(m.documents, func(d document) bool {
			of, _, versioned := strings.Cut(d.root.Get("apiVersion").Text, "/")
			return versioned && (of == group || strings.HasSuffix(of, "."+group))
		}) {
			return true
		}
	}
	return false
}

// put writes the value into the object.
func (a Assignment) put(d document, body map[string]any, variables map[string]string) error {
	text, err := expand(a.Value, "", 0, variables)
	if err != nil {
		return err
	}
	steps, err := fieldPath(a.Path)
	if err != nil {
		return err
	}
	field, err := steps.find(d.root)
	if err != nil {
		return err
	}
	value, err := typed(field.Kind, text)
	if err != nil {
		return err
	}
	return steps.replace(body, value)
}

// readManifests reads the objects of every folder that stack.yaml names, and
// holds what is set against them. It returns the names of their workloads.
func (v *validator) readManifests() map[string]bool {
	info, err := fs.Stat(v.stack.Folder.FS, manifests)
	if err == nil && info.IsDir() && v.root.Get("manifests") == nil {
		v.stack.Manifests = []Manifests{{Folder: manifests}}
	}
	names := map[string]bool{}
	for i := range v.stack.Manifests {
		m := &v.stack.Manifests[i]
		at, n := yamlpos.Index("manifests", i), v.root
		if list := v.root.Get("manifests"); list != nil && i < len(list.Items) {
			n = list.Items[i]
		}
		m.documents = v.readFolder(n, yamlpos.Join(at, "folder"), m.Folder)
		v.condition(n.Get("when"), yamlpos.Join(at, "when"), m.When)
		for j, a := range m.Set {
			v.assignment(n.Get("set").Items[j], yamlpos.Index(yamlpos.Join(at, "set"), j), a, m.documents)
		}
		for _, d := range m.documents {
			if workloadKind(d.kind) {
				names[d.name] = true
			}
		}
	}
	return names
}

// workloadKind reports whether people know objects of the kind as services.
func workloadKind(kind string) bool {
	return slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet", "Job"}, kind)
}

// assignment checks that the object, the field and the variables are there.
func (v *validator) assignment(n *yamlpos.Node, path string, a Assignment, documents []document) {
	var known []string
	for _, d := range documents {
		known = append(known, d.String())
	}
	at := slices.Index(known, a.Object)
	if at < 0 {
		v.reportAt(n.Get("object"), yamlpos.Join(path, "object"), yamlpos.Unknown("object", a.Object, known))
		return
	}
	steps, err := fieldPath(a.Path)
	var field *yamlpos.Node
	if err == nil {
		field, err = steps.find(documents[at].root)
	}
	if err != nil {
		v.reportAt(n.Get("path"), yamlpos.Join(path, "path"), err.Error())
		return
	}
	v.value(n.Get("value"), yamlpos.Join(path, "value"), a, field, documents[at].kind)
}

// value checks what is put into a field of an object of the kind.
func (v *validator) value(n *yamlpos.Node, path string, a Assignment, field *yamlpos.Node, kind string) {
	if kind == "Secret" && strings.HasPrefix(a.Path, "data.") {
		v.reportAt(n, path, "found a text for data, which holds base64: expected a path below stringData")
		return
	}
	known := append(v.values(), instanceVariable)
	for _, name := range placeholders(a.Value) {
		required := len(v.stack.Requires) > 0 && environmentKey.MatchString(name)
		if !required && !slices.Contains(known, name) {
			v.reportAt(n, path, yamlpos.Unknown("variable", name, known))
			return
		}
		if _, credential := v.stack.Credentials[name]; credential && kind != "Secret" {
			v.reportAt(n, path, "a credential belongs into a Secret, where nobody reads it by chance")
			return
		}
	}
	sample := placeholder.ReplaceAllStringFunc(a.Value, func(match string) string {
		p := v.stack.Parameters[match[2:len(match)-1]]
		text, err := p.text(p.Default)
		if err != nil {
			return ""
		}
		return text
	})
	if _, err := typed(field.Kind, sample); err != nil {
		v.reportAt(n, path, err.Error())
	}
}
