package chart

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"istio.io/istio/manifests"
)

// The kinds of source.
const (
	modulePrefix = "module:"
	ociPrefix    = "oci://"
)

// modules are the Go modules whose embedded charts are part of this program.
func modules() map[string]fs.FS {
	return map[string]fs.FS{"istio.io/istio/manifests": manifests.FS}
}

// IsModule reports whether a source names a chart of a Go module, as in
// module:istio.io/istio/manifests//charts/base.
func IsModule(source string) bool { return strings.HasPrefix(source, modulePrefix) }

// IsRemote reports whether a source names a chart in a registry, as in
// oci://ghcr.io/example/charts/x:1.2.3.
func IsRemote(source string) bool { return strings.HasPrefix(source, ociPrefix) }

// Module opens the folder of a chart that is embedded in a Go module.
func Module(source string) (fs.FS, error) {
	name, folder, _ := strings.Cut(strings.TrimPrefix(source, modulePrefix), "//")
	known := modules()
	files, ok := known[name]
	if !ok {
		return nil, fmt.Errorf("chart %s: there is no module %q: expected %s", source, name, strings.Join(slices.Sorted(maps.Keys(known)), " or "))
	}
	if !fs.ValidPath(folder) {
		return nil, fmt.Errorf("chart %s: expected the chart's folder after two slashes, as in module:%s//charts/base", source, name)
	}
	inside, err := fs.Sub(files, folder)
	if err != nil {
		return nil, fmt.Errorf("chart %s: %w", source, err)
	}
	if _, err := fs.Stat(inside, "Chart.yaml"); err != nil {
		return nil, fmt.Errorf("chart %s: the module has no chart there: %w", source, err)
	}
	return inside, nil
}
