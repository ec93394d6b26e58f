package plan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/diorama-dev/diorama/internal/chart"
	"github.com/diorama-dev/diorama/internal/compose"
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
	var list []manifest.Release
	var losses []manifest.Loss
	free := make(map[string]int) // the first wave after each chart, by name
	for n, w := range wanted {
		rendered, images, err := r.release(i, w)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", w.Position, err)
		}
		made := manifest.Release{Name: w.Name, Namespace: w.Namespace, Images: images, Secrets: secrets[n]}
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
	rendered, err := c.Render(release, values, texts)
	if err != nil {
		return rendered, nil, err
	}
	var images []string
	for _, image := range w.Images {
		reference, err := r.image(rendered.Texts[image.Value])
		if err != nil {
			return rendered, nil, fmt.Errorf("chart %s: image %q of %s: %w", w.Name, rendered.Texts[image.Value], image.Value, err)
		}
		images = append(images, reference)
		values = chart.With(values, strings.Split(image.Value, "."), reference)
	}
	rendered, err = c.Render(release, values, nil)
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
