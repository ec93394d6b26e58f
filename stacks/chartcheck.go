package stacks

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

var (
	goModule   = regexp.MustCompile(`^module:[a-z0-9.\-]+(/[A-Za-z0-9._~\-]+)*//[A-Za-z0-9._\-]+(/[A-Za-z0-9._\-]+)*$`)
	ociChart   = regexp.MustCompile(`^oci://[A-Za-z0-9.\-]+(:[0-9]+)?(/[a-z0-9._\-]+)+(:[A-Za-z0-9_.\-${}]+|@sha256:[0-9a-f]{64})$`)
	valuesPath = regexp.MustCompile(`^[A-Za-z_][\w\-]*(\.[A-Za-z_][\w\-]*)*$`)
)

// charts checks each chart's source, place in the order, and values.
func (v *validator) charts() {
	var before []string
	for i := range v.stack.Charts {
		c := &v.stack.Charts[i]
		n, at := v.root.Get("charts").Items[i], yamlpos.Index("charts", i)
		c.position = n.Position.String()
		field := func(key, message string) { v.reportAt(orElse(n.Get(key), n), yamlpos.Join(at, key), message) }
		switch {
		case c.Name == "":
			field("name", "missing: every chart has one, which is its release's")
		case !ValidName(c.Name):
			field("name", "found "+yamlpos.Quote(c.Name)+", expected small letters, digits and dashes")
		case slices.Contains(before, c.Name):
			field("name", "there is another chart called "+c.Name)
		}
		if message := v.source(c.Source); message != "" {
			field("chart", message)
		}
		if c.Namespace != "" && len(placeholders(c.Namespace)) == 0 && !ValidName(c.Namespace) {
			field("namespace", "found "+yamlpos.Quote(c.Namespace)+", expected a namespace: small letters, digits and dashes")
		}
		for _, key := range []string{"namespace", "version", "chart"} {
			v.known(n.Get(key), yamlpos.Join(at, key))
		}
		v.chartLists(c, n, at, before)
		v.condition(n.Get("when"), yamlpos.Join(at, "when"), c.When)
		v.known(c.Values.node, yamlpos.Join(at, "values"))
		for j, variant := range c.Variants {
			here := yamlpos.Index(yamlpos.Join(at, "variants"), j)
			v.condition(n.Get("variants").Items[j].Get("when"), yamlpos.Join(here, "when"), variant.When)
			v.known(variant.Values.node, yamlpos.Join(here, "values"))
		}
		if c.Name != "" {
			before = append(before, c.Name)
		}
	}
}

// chartLists checks what a chart names in lists: charts, parameters, images.
func (v *validator) chartLists(c *Chart, n *yamlpos.Node, at string, before []string) {
	for j, name := range c.After {
		if !slices.Contains(before, name) {
			v.reportAt(n.Get("after").Items[j], yamlpos.Index(yamlpos.Join(at, "after"), j), yamlpos.Unknown("chart", name, before)+" (charts that stand before this one)")
		}
	}
	for j, name := range c.Merge {
		if v.stack.Parameters[name].Type != MapParameter {
			v.reportAt(n.Get("merge").Items[j], yamlpos.Index(yamlpos.Join(at, "merge"), j), yamlpos.Unknown("parameter of the type map", name, v.mapParameters()))
		}
	}
	for j, image := range c.Images {
		if !valuesPath.MatchString(image.Value) || image.Reference == "" {
			v.reportAt(n.Get("images").Items[j], yamlpos.Index(yamlpos.Join(at, "images"), j), "expected a value such as global.proxy.image, and a reference")
		}
	}
}

// leaves checks that what programs leave is named in full.
func (v *validator) leaves() {
	for i, l := range v.stack.Leaves {
		if l.APIVersion == "" || l.Kind == "" || l.Name == "" {
			v.reportAt(v.root.Get("leaves").Items[i], yamlpos.Index("leaves", i), "expected an apiVersion, a kind and a name")
		}
	}
}

func orElse(n, otherwise *yamlpos.Node) *yamlpos.Node {
	if n == nil {
		return otherwise
	}
	return n
}

// source says what is wrong with where a chart comes from; empty: nothing.
func (v *validator) source(source string) string {
	switch {
	case source == "":
		return "missing: expected a folder of the stack, module:PATH//FOLDER or oci://REPOSITORY:VERSION"
	case strings.HasPrefix(source, "oci://"):
		if !ociChart.MatchString(source) {
			return "found " + yamlpos.Quote(source) + ", expected a repository with a version, such as oci://ghcr.io/example/charts/x:1.2.3"
		}
	case strings.HasPrefix(source, "module:"):
		if !goModule.MatchString(source) {
			return "found " + yamlpos.Quote(source) + ", expected a module and a folder in it, such as module:istio.io/istio/manifests//charts/base"
		}
	case strings.Contains(source, ":"):
		return "found " + yamlpos.Quote(source) + ", expected a folder of the stack, module:PATH//FOLDER or oci://REPOSITORY:VERSION"
	case !fs.ValidPath(path.Clean(source)):
		return "found " + yamlpos.Quote(source) + ", expected a folder below " + v.stack.Folder.Path
	default:
		if _, err := fs.Stat(v.stack.Folder.FS, path.Join(source, "Chart.yaml")); err != nil {
			return "the folder " + yamlpos.Quote(source) + " of " + v.stack.Folder.Path + " holds no chart: expected one with a Chart.yaml"
		}
	}
	return ""
}

// known checks that texts below the node name nothing without a value.
func (v *validator) known(n *yamlpos.Node, at string) {
	if n == nil {
		return
	}
	known := append(v.values(), instanceVariable, namespaceVariable)
	for _, name := range placeholders(n.Text) {
		required := len(v.stack.Requires) > 0 && environmentKey.MatchString(name)
		if !required && !slices.Contains(known, name) {
			v.reportAt(n, at, yamlpos.Unknown("variable", name, known))
		}
	}
	for _, e := range n.Entries {
		v.known(e.Value, yamlpos.Join(at, e.Key.Text))
	}
	for i, item := range n.Items {
		v.known(item, yamlpos.Index(at, i))
	}
}

func (v *validator) mapParameters() []string {
	var names []string
	for name, p := range v.stack.Parameters {
		if p.Type == MapParameter {
			names = append(names, name)
		}
	}
	return names
}
