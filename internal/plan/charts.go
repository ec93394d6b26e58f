package plan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/diorama-dev/diorama/internal/chart"
	"github.com/diorama-dev/diorama/internal/compose"
	"github.com/diorama-dev/diorama/internal/credentials"
	"github.com/diorama-dev/diorama/internal/manifest"
	"github.com/diorama-dev/diorama/stacks"
)

// releases renders the charts of an instance. What a chart has and is left out
// is among the losses.
func (r *resolver) releases(i instance) ([]manifest.Release, []manifest.Loss, error) {
	wanted, err := i.stack.Releases(i.As, Namespace, r.variables(i), r.in.Profile.Parameters[i.As])
	if err != nil {
		return nil, nil, err
	}
	secrets, err := r.givenSecrets(i, wanted)
	if err != nil {
		return nil, nil, err
	}
	all, err := r.renderAll(i, wanted)
	if err != nil {
		return nil, nil, withoutSecrets(err, slices.Concat(secrets...))
	}
	var list []manifest.Release
	var losses []manifest.Loss
	free := make(map[string]int) // the first wave after each chart, by name
	for n, w := range wanted {
		rendered := all[n]
		made := manifest.Release{Name: w.Name, Namespace: w.Namespace, Images: rendered.images, Secrets: secrets[n]}
		for _, before := range w.After {
			made.Wave = max(made.Wave, free[before])
		}
		for _, step := range rendered.Steps {
			var objects []stacks.Object
			for _, o := range step {
				objects = append(objects, stacks.Object{Position: o.Template, Body: o.Body})
			}
			made.Steps = append(made.Steps, objects)
		}
		free[w.Name] = made.Wave + max(1, len(made.Steps))
		for _, s := range rendered.Skipped {
			losses = append(losses, manifest.Loss{
				Position: compose.Position{File: w.Source + "/" + s.Template}, Key: s.Kind + "/" + s.Name, Reason: s.Reason,
			})
		}
		list = append(list, made)
	}
	return list, losses, nil
}

// rendered is a chart's objects, and the images that it has others put into Pods.
type rendered struct {
	chart.Rendered
	images []string
}

// renderAll renders charts side by side: some take a while.
func (r *resolver) renderAll(i instance, wanted []stacks.Release) ([]rendered, error) {
	all, errs := make([]rendered, len(wanted)), make([]error, len(wanted))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for n, w := range wanted {
		group.Go(func() error {
			all[n].Rendered, all[n].images, errs[n] = r.release(i, w)
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs, one per chart
	for n, err := range errs {
		if err != nil { // the first, and the same each time
			return nil, fmt.Errorf("%s: %w", wanted[n].Position, err)
		}
	}
	return all, nil
}

// redactedError says what another does, without the credentials in it: a chart's
// schema quotes the values that it refuses, and a template says what it likes.
type redactedError struct {
	text string
	err  error
}

func withoutSecrets(err error, secrets []string) error {
	return &redactedError{text: credentials.Redact(err.Error(), secrets), err: err}
}

func (e *redactedError) Error() string { return e.text }

// Unwrap returns the error by which is told what kind of failure it is.
func (e *redactedError) Unwrap() error { return e.err }

// givenSecrets are the credentials that each of an instance's charts gets: other
// texts of theirs may have one in them by chance.
func (r *resolver) givenSecrets(i instance, wanted []stacks.Release) ([][]string, error) {
	masked := *r
	masked.in.Credentials = placeholders(r.in.Credentials)
	without, err := i.stack.Releases(i.As, Namespace, masked.variables(i), r.in.Profile.Parameters[i.As])
	if err != nil {
		return nil, err
	}
	all := r.secrets()
	list := make([][]string, len(wanted))
	for n, w := range wanted {
		for m, values := range w.Values {
			list[n] = append(list[n], secretsIn(values, without[n].Values[m], all)...)
		}
	}
	return list, nil
}

// secretsIn are the credentials in values: in texts that are otherwise without
// credentials, and texts that are one.
func secretsIn(value, without any, secrets []string) []string {
	var found []string
	switch v := value.(type) {
	case map[string]any:
		other, _ := without.(map[string]any)
		for key, inner := range v {
			found = append(found, secretsIn(inner, other[key], secrets)...)
		}
	case []any:
		other, _ := without.([]any)
		for n, inner := range v {
			found = append(found, secretsIn(inner, other[n], secrets)...)
		}
	case string:
		for _, secret := range secrets {
			if secret != "" && (v == secret || value != without && strings.Contains(v, secret)) {
				found = append(found, secret)
			}
		}
	}
	return found
}

// fetchCharts has the charts that are in registries; all that cannot be had
// offline are named at once.
func (r *resolver) fetchCharts(ctx context.Context) error {
	r.charts = make(map[string]chart.Chart)
	var missing []string
	for _, i := range r.all {
		wanted, err := i.stack.Releases(i.As, Namespace, r.variables(i), r.in.Profile.Parameters[i.As])
		if err != nil {
			return fmt.Errorf("load stack %s: %w", i.As, err)
		}
		for _, w := range wanted {
			if _, had := r.charts[w.Source]; had || !chart.IsRemote(w.Source) {
				continue
			}
			if r.in.Chart == nil {
				return fmt.Errorf("%s: chart %s: charts from registries are not fetched here", w.Position, w.Source)
			}
			fetched, err := r.in.Chart(ctx, w.Source)
			switch {
			case errors.Is(err, chart.ErrOffline):
				missing = append(missing, w.Source)
			case err != nil:
				return fmt.Errorf("%s: %w", w.Position, err)
			}
			r.charts[w.Source] = fetched
		}
	}
	if len(missing) > 0 {
		return &MissingChartsError{Sources: missing}
	}
	return nil
}

// MissingChartsError names charts that would have to be fetched, which was
// forbidden.
type MissingChartsError struct{ Sources []string }

func (e *MissingChartsError) Error() string {
	return fmt.Sprintf("offline, and these charts were not fetched before: %s; run diorama plan once where there is a network, or leave out --offline",
		strings.Join(e.Sources, ", "))
}

// release renders one chart, with the images that it has others put into Pods
// after substitution.
func (r *resolver) release(i instance, w stacks.Release) (chart.Rendered, []string, error) {
	c, err := r.chart(i.stack.Folder, w.Source)
	if err != nil {
		return chart.Rendered{}, nil, err
	}
	var values map[string]any
	for _, over := range w.Values {
		values = chart.Merge(values, over)
	}
	release := chart.Release{Name: w.Name, Namespace: w.Namespace, Kubernetes: r.kubernetes(), Version: w.Version}
	if len(w.Images) == 0 {
		rendered, err := c.Render(release, values, nil)
		return rendered, nil, err
	}
	texts := make(map[string]string, len(w.Images))
	for _, image := range w.Images {
		texts[image.Value] = image.Reference
	}
	given, err := c.Texts(release, values, texts)
	if err != nil {
		return chart.Rendered{}, nil, err
	}
	var images []string
	for _, image := range w.Images {
		reference, err := r.image(given[image.Value])
		if err != nil {
			return chart.Rendered{}, nil, fmt.Errorf("chart %s: image %q of %s: %w", w.Name, given[image.Value], image.Value, err)
		}
		images = append(images, reference)
		values = chart.With(values, strings.Split(image.Value, "."), reference)
	}
	rendered, err := c.Render(release, values, nil)
	return rendered, images, err
}

// kubernetes is the version of the cluster that the profile wants.
func (r *resolver) kubernetes() string {
	if version := strings.TrimPrefix(r.in.Profile.Cluster.Kubernetes, "v"); version != "" {
		return version
	}
	return DefaultKubernetes
}

// chart reads a chart from where its source says.
func (r *resolver) chart(folder stacks.Folder, source string) (chart.Chart, error) {
	switch {
	case chart.IsRemote(source):
		return r.charts[source], nil
	case chart.IsModule(source):
		files, err := chart.Module(source)
		if err != nil {
			return chart.Chart{}, err
		}
		return chart.Load(files, source)
	default:
		files, err := fs.Sub(folder.FS, path.Clean(source))
		if err != nil {
			return chart.Chart{}, fmt.Errorf("read chart %s: %w", source, err)
		}
		return chart.Load(files, path.Join(folder.Path, source))
	}
}
