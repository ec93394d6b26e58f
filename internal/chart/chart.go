// Package chart owns Helm charts: their files and values become Kubernetes
// objects, in the order in which Helm would install them, and what is left out
// is said. Rendering is pure; only [Pull] reaches out.
//
// What Helm does around an installation is read as order alone: hooks of an
// installation become objects that are applied before or after the rest, and
// stay. Hooks of tests, upgrades, rollbacks and deletions are left out, and so
// are a chart's notes. Functions that ask a cluster answer nothing, as with
// `helm template`.
package chart

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	helmchart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
)

// Chart is a chart that was read.
type Chart struct {
	// Source is where it came from, for messages.
	Source string

	files []*archive.BufferedFile
}

// maxBytes bounds what is read of one chart; Helm has bounds of its own for
// archives (100 MiB). Istio's largest has 1 MB.
const maxBytes = 20 << 20

// Load reads a chart's files. The source is shown in messages.
func Load(files fs.FS, source string) (Chart, error) {
	c := Chart{Source: source}
	var total int64
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if !entry.Type().IsRegular() {
			return fmt.Errorf("%s is no regular file", name)
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if total += info.Size(); total > maxBytes {
			return fmt.Errorf("it has more than %d bytes", maxBytes)
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		c.files = append(c.files, &archive.BufferedFile{Name: path.Clean(name), Data: data})
		return nil
	})
	if err != nil {
		return Chart{}, fmt.Errorf("read chart %s: %w", source, err)
	}
	if !slices.ContainsFunc(c.files, func(f *archive.BufferedFile) bool { return f.Name == "Chart.yaml" }) {
		return Chart{}, fmt.Errorf("read chart %s: it has no Chart.yaml: expected the folder of a Helm chart", source)
	}
	return c, c.check()
}

// check reads the files once, after what they hold was measured.
func (c Chart) check() error {
	if err := (&unpacking{left: maxUnpacked}).measure(c.files, 0); err != nil {
		return fmt.Errorf("read chart %s: %w", c.Source, err)
	}
	_, err := c.parse()
	return err
}

// parse makes Helm's value of the files. Rendering changes it: each has its own.
func (c Chart) parse() (*helmchart.Chart, error) {
	parsed, err := loader.LoadFiles(c.files)
	if err != nil {
		return nil, fmt.Errorf("read chart %s: %s", c.Source, oneLine(err.Error()))
	}
	parsed.StampModTimes(time.Time{})
	return parsed, nil
}

// Release is what a chart is rendered for.
type Release struct {
	Name, Namespace string
	// Kubernetes is the cluster's version, such as 1.36.
	Kubernetes string
	// Version takes the place of the chart's own and of its appVersion; empty
	// keeps them. Charts in a repository of source code often have a placeholder.
	Version string
}

func (r Release) options() common.ReleaseOptions {
	return common.ReleaseOptions{Name: r.Name, Namespace: r.Namespace, Revision: 1, IsInstall: true}
}

// capabilities are what a chart may ask of the cluster: its version, and the
// kinds that every cluster has.
func (r Release) capabilities() (*common.Capabilities, error) {
	c := common.DefaultCapabilities.Copy()
	if r.Kubernetes != "" {
		text := "v" + r.Kubernetes
		if strings.Count(text, ".") == 1 {
			text += ".0"
		}
		version, err := common.ParseKubeVersion(text)
		if err != nil {
			return nil, fmt.Errorf("the cluster's version %q: %w", r.Kubernetes, err)
		}
		c.KubeVersion = *version
	}
	return c, nil
}

// Merge is the values with others over them: mappings are merged, everything
// else is replaced. Neither is changed.
func Merge(base map[string]any, over map[string]any) map[string]any {
	merged := maps.Clone(base)
	if merged == nil {
		merged = make(map[string]any, len(over))
	}
	for key, value := range over {
		below, wasMap := merged[key].(map[string]any)
		inner, isMap := value.(map[string]any)
		if isMap && wasMap {
			value = Merge(below, inner)
		} else if isMap {
			value = Merge(nil, inner)
		}
		merged[key] = value
	}
	return merged
}

// With is the values with one at a path of names with dots between.
func With(values map[string]any, names []string, value any) map[string]any {
	for _, name := range slices.Backward(names) {
		value = map[string]any{name: value}
	}
	over, ok := value.(map[string]any)
	if !ok {
		return values
	}
	return Merge(values, over)
}
