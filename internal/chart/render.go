package chart

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	helmchart "helm.sh/helm/v4/pkg/chart/v2"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
	"sigs.k8s.io/yaml"
)

// Object is a Kubernetes object that a chart made.
type Object struct {
	// Template is the file that it came from: base/templates/crds.yaml.
	Template string
	// Body is the object as plain values: nil, string, int64, float64, bool,
	// []any and map[string]any.
	Body map[string]any
}

// Skipped is an object that is left out.
type Skipped struct {
	Template, Kind, Name string
	// Reason says why, and what would have it there.
	Reason string
}

// Rendered is what a chart made.
type Rendered struct {
	// Steps are applied one after the other, each once the one before is well:
	// hooks before the installation by their weight, then the chart itself with
	// its definitions first, then hooks after it.
	Steps   [][]Object
	Skipped []Skipped
	// Texts are what the asked templates gave, by name, see [Chart.Render].
	Texts map[string]string
}

// Objects are those of all steps.
func (out Rendered) Objects() []Object { return slices.Concat(out.Steps...) }

// textPrefix begins the names of templates that are added. Helm renders the
// last name of the alphabet first: these come after all that may set values.
const textPrefix = "templates/000-text-"

// Render makes the chart's objects of the values, which are merged over those
// that the chart has. Texts are further templates, by name: what they give
// with the same values is in the result, without space around it.
func (c Chart) Render(r Release, values map[string]any, texts map[string]string) (Rendered, error) {
	parsed, files, err := c.once(r, values, texts)
	if err == nil && c.draws() {
		err = c.again(r, values, texts, files)
	}
	if err != nil {
		return Rendered{}, err
	}
	out := Rendered{Texts: make(map[string]string, len(texts))}
	for name := range texts {
		file := path.Join(parsed.Name(), textPrefix+name)
		out.Texts[name] = strings.TrimSpace(files[file])
		delete(files, file)
	}
	if err = out.sort(parsed, files); err != nil {
		return Rendered{}, &RenderError{Release: r.Name, Err: err}
	}
	return out, nil
}

// once are the rendered templates, by their files.
func (c Chart) once(r Release, values map[string]any, texts map[string]string) (*helmchart.Chart, map[string]string, error) {
	parsed, err := c.parse()
	if err != nil {
		return nil, nil, err
	}
	if r.Version != "" {
		parsed.Metadata.Version, parsed.Metadata.AppVersion = r.Version, r.Version
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		parsed.Templates = append(parsed.Templates, &common.File{Name: textPrefix + name, Data: []byte(texts[name])})
	}
	files, err := c.templates(parsed, r, values)
	if err != nil {
		return nil, nil, &RenderError{Release: r.Name, Err: err}
	}
	return parsed, files, nil
}

// templates are the rendered templates that hold objects, by their files.
func (c Chart) templates(parsed *helmchart.Chart, r Release, values map[string]any) (map[string]string, error) {
	if err := compare(values, parsed.Values); err != nil {
		return nil, err
	}
	capabilities, err := r.capabilities()
	if err != nil {
		return nil, err
	}
	if wanted := parsed.Metadata.KubeVersion; wanted != "" && !chartutil.IsCompatibleRange(wanted, capabilities.KubeVersion.Version) {
		return nil, fmt.Errorf("it is for Kubernetes %s, the cluster has %s: choose another with cluster.kubernetes", wanted, r.Kubernetes)
	}
	values = Merge(nil, values) // dependencies are settled in place
	if err := chartutil.ProcessDependencies(parsed, values); err != nil {
		return nil, errors.New(oneLine(err.Error()))
	}
	all, err := util.ToRenderValues(parsed, values, r.options(), capabilities)
	if err != nil {
		return nil, explainValues(err)
	}
	if err := endless(parsed, all); err != nil {
		return nil, err
	}
	files, err := engine.Render(parsed, all)
	if err != nil {
		return nil, explain(err)
	}
	maps.DeleteFunc(files, func(name, text string) bool {
		return path.Base(name) == "NOTES.txt" || strings.HasPrefix(path.Base(name), "_") || strings.TrimSpace(text) == ""
	})
	return files, nil
}

// sort puts the objects into the order of an installation.
func (out *Rendered) sort(parsed *helmchart.Chart, files map[string]string) error {
	hooks, manifests, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	if err != nil {
		return explainSplit(err)
	}
	var main []Object
	for _, crd := range parsed.CRDObjects() {
		found, err := objects(crd.Filename, string(crd.File.Data))
		if err != nil {
			return err
		}
		main = append(main, found...)
	}
	for _, m := range manifests {
		found, err := objects(m.Name, m.Content)
		if err != nil {
			return err
		}
		main = append(main, found...)
	}
	before, after, err := out.hooks(hooks)
	if err != nil {
		return err
	}
	out.Steps = append(out.Steps, before...)
	if len(main) > 0 {
		out.Steps = append(out.Steps, main)
	}
	out.Steps = append(out.Steps, after...)
	return nil
}

// objects reads the objects of a text.
func objects(name, text string) ([]Object, error) {
	parts := releaseutil.SplitManifests(text)
	var list []Object
	for _, key := range ordered(parts) {
		data, err := yaml.YAMLToJSON([]byte(parts[key]))
		if err != nil {
			return nil, fmt.Errorf("%s: it makes what is no YAML: %s", name, oneLine(err.Error()))
		}
		body, err := decode(data)
		if err != nil {
			return nil, fmt.Errorf("%s: expected Kubernetes objects: %w", name, err)
		}
		if len(body) == 0 {
			continue
		}
		if items, isList := body["items"].([]any); isList && strings.HasSuffix(fmt.Sprint(body["kind"]), "List") {
			for _, item := range items {
				if inner, ok := item.(map[string]any); ok {
					list = append(list, Object{Template: name, Body: inner})
				}
			}
			continue
		}
		list = append(list, Object{Template: name, Body: body})
	}
	for _, o := range list {
		if err := o.check(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// ordered are the keys of split manifests, which end in their number.
func ordered(parts map[string]string) []string {
	return slices.SortedFunc(maps.Keys(parts), func(a, b string) int { return number(a) - number(b) })
}

func number(key string) int {
	n, err := strconv.Atoi(key[strings.LastIndexByte(key, '-')+1:])
	if err != nil {
		return 0
	}
	return n
}

// check has every object be one.
func (o Object) check() error {
	meta, _ := o.Body["metadata"].(map[string]any)
	kind, _ := o.Body["kind"].(string)
	version, _ := o.Body["apiVersion"].(string)
	name, _ := meta["name"].(string)
	if kind == "" || version == "" || name == "" {
		return fmt.Errorf("%s: expected Kubernetes objects with apiVersion, kind and metadata.name, found %q %q %q", o.Template, version, kind, name)
	}
	return nil
}

// decode reads JSON with whole numbers as such.
func decode(data []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var body map[string]any
	if err := decoder.Decode(&body); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	whole(body)
	return body, nil
}

// whole replaces numbers below the value.
func whole(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
		return v.String()
	case map[string]any:
		for key, child := range v {
			v[key] = whole(child)
		}
	case []any:
		for i, child := range v {
			v[i] = whole(child)
		}
	}
	return value
}
