package chart

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	helmchart "helm.sh/helm/v4/pkg/chart/v2"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
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
	// definitions of its folder crds, hooks before the installation by their
	// weight, the chart itself, then hooks after it. Without hooks before it,
	// definitions come first in the chart's own step.
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
	made, err := c.render(r, values, texts)
	if err != nil {
		return Rendered{}, err
	}
	out := Rendered{Texts: made.texts(texts)}
	if err := out.sort(made); err != nil {
		return Rendered{}, &RenderError{Release: r.Name, Err: err}
	}
	return out, nil
}

// Texts is what templates give beside the chart's own, which make nothing, see
// [Chart.Render].
func (c Chart) Texts(r Release, values map[string]any, texts map[string]string) (map[string]string, error) {
	made, err := c.render(r, values, texts)
	if err != nil {
		return nil, err
	}
	return made.texts(texts), nil
}

// rendering is a chart with what its templates gave, by their files.
type rendering struct {
	chart  *helmchart.Chart
	files  map[string]string
	chance *chance
}

// texts takes what the added templates gave out of the files.
func (m rendering) texts(texts map[string]string) map[string]string {
	given := make(map[string]string, len(texts))
	for name := range texts {
		file := path.Join(m.chart.Name(), textPrefix+name)
		given[name] = strings.TrimSpace(m.files[file])
		delete(m.files, file)
	}
	return given
}

// render refuses what would come out otherwise the next time.
func (c Chart) render(r Release, values map[string]any, texts map[string]string) (rendering, error) {
	made, err := c.once(r, values, texts, nil)
	if err == nil {
		err = c.again(r, values, texts, made)
	}
	return made, err
}

// once renders the templates; before is what stood behind an earlier rendering
// that this one is to differ from wherever it can.
func (c Chart) once(r Release, values map[string]any, texts map[string]string, before *chance) (rendering, error) {
	parsed, err := c.parse()
	if err != nil {
		return rendering{}, err
	}
	if r.Version != "" {
		parsed.Metadata.Version, parsed.Metadata.AppVersion = r.Version, r.Version
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		parsed.Templates = append(parsed.Templates, &common.File{Name: textPrefix + name, Data: []byte(texts[name])})
	}
	made := rendering{chart: parsed, chance: newChance(before)}
	if made.files, err = c.templates(parsed, r, values, made.chance); err != nil {
		return rendering{}, &RenderError{Release: r.Name, Err: err}
	}
	return made, nil
}

// templates are the rendered templates that hold objects, by their files.
func (c Chart) templates(parsed *helmchart.Chart, r Release, values map[string]any, chance *chance) (map[string]string, error) {
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
	functions := chance.functions()
	functions["fromYaml"] = fromYAML()
	files, err := engine.Engine{CustomTemplateFuncs: functions}.Render(parsed, all) //nolint:staticcheck // its context is for questions to a cluster: there is none
	if err != nil {
		return nil, explain(err)
	}
	maps.DeleteFunc(files, func(name, text string) bool {
		return path.Base(name) == "NOTES.txt" || strings.HasPrefix(path.Base(name), "_") || strings.TrimSpace(text) == ""
	})
	return files, nil
}

// sort puts the objects into the order of an installation.
func (out *Rendered) sort(made rendering) error {
	var sources []source
	crds := made.chart.CRDObjects()
	for _, crd := range crds {
		sources = append(sources, source{file: crd.Filename, text: string(crd.File.Data)})
	}
	for _, file := range slices.Sorted(maps.Keys(made.files)) {
		sources = append(sources, source{file: file, text: made.files[file]})
	}
	documents, err := read(sources)
	if err != nil {
		return err
	}
	var definitions, main []Object
	for _, d := range slices.Concat(documents[:len(crds)]...) {
		definitions = append(definitions, d.objects()...)
	}
	var hooks []document
	manifests := slices.Concat(documents[len(crds):]...)
	slices.SortStableFunc(manifests, byKind)
	for _, d := range manifests {
		if d.hook != "" {
			hooks = append(hooks, d)
		} else {
			main = append(main, d.objects()...)
		}
	}
	if err := checked(slices.Concat(definitions, main)); err != nil {
		return err
	}
	before, after, err := out.hooks(hooks)
	if err != nil {
		return err
	}
	if len(before) > 0 && len(definitions) > 0 { // a hook may be of a kind that they define
		out.Steps = append(out.Steps, definitions)
	} else {
		main = slices.Concat(definitions, main)
	}
	out.Steps = append(out.Steps, before...)
	if len(main) > 0 {
		out.Steps = append(out.Steps, main)
	}
	out.Steps = append(out.Steps, after...)
	return nil
}

func checked(objects []Object) error {
	for _, o := range objects {
		if err := o.check(); err != nil {
			return err
		}
	}
	return nil
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
