package manifest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/diorama-dev/diorama/stacks"
)

// Release is a chart that was rendered. Its objects keep their names and
// namespaces, by which its programs and its documentation know them.
type Release struct {
	Name      string
	Namespace string
	// Wave is that of the first step, counted from the stack's own objects on.
	Wave int
	// Steps are applied one after the other, each once the one before is well.
	Steps [][]stacks.Object
	// Images are those of Pods that something else makes, after substitution.
	Images []string
	// Secrets are the credentials that its values hold: only these can be in
	// its objects. A word of its own that happens to be one gives nothing away.
	Secrets []string
}

// autoImage stands where Istio's injection puts the proxy's image
// (istio.io/docs, "Installing Gateways").
const autoImage = "auto"

// releases render the objects of charts.
type releases struct {
	r *renderer
	// spaces are the namespaces of workloads, by name.
	spaces map[string]string
	seen   map[objectKey]string
	made   map[string]bool // namespaces that are among the objects
}

// takeReleases renders the charts' objects. Their waves come after those of
// everything else of the stack; namespaces are there before what is in them,
// whichever chart makes them.
func (r *renderer) takeReleases() error {
	first := 0
	for _, p := range r.parts {
		if len(r.in.Releases) > 0 && (workload(p.object.GetKind()) || p.wave > 0) {
			first = max(first, p.wave+1)
		}
	}
	for _, release := range r.in.Releases {
		r.images = append(r.images, release.Images...)
		if len(release.Steps) > 0 {
			r.released.space(release.Namespace, first)
		}
		for i, step := range release.Steps {
			for _, object := range step {
				wave := first + release.Wave + i
				if object.Body["kind"] == kindNamespace {
					wave = first
				}
				if err := r.released.take(object, release, wave); err != nil {
					return fmt.Errorf("chart %s: %s: %w", release.Name, object.Position, err)
				}
			}
		}
	}
	return nil
}

// nameReleases makes the workloads of the charts known by their names.
func (r *renderer) nameReleases() error {
	r.released = releases{r: r, spaces: map[string]string{}, seen: map[objectKey]string{}, made: map[string]bool{r.in.Namespace: true}}
	for _, release := range r.in.Releases {
		for _, object := range slices.Concat(release.Steps...) {
			u := unstructured.Unstructured{Object: object.Body}
			switch {
			case u.GetKind() == kindNamespace:
				r.released.made[u.GetName()] = true
			case workload(u.GetKind()):
				space := release.Namespace
				if own := u.GetNamespace(); own != "" {
					space = own
				}
				if owner, taken := r.taken[u.GetName()]; taken {
					return fmt.Errorf("chart %s: the service %q has the name of its %s; rename one of them", release.Name, owner, u.GetKind())
				}
				if _, twice := r.released.spaces[u.GetName()]; twice {
					return fmt.Errorf("chart %s: there are two workloads called %s; give a release another name", release.Name, u.GetName())
				}
				r.released.spaces[u.GetName()] = space
			}
		}
	}
	return nil
}

// space makes the release's namespace, where nobody else does.
func (a *releases) space(name string, wave int) {
	if a.made[name] || givenNamespace(name) {
		return
	}
	a.made[name] = true
	u := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": kindNamespace, "metadata": map[string]any{"name": name},
	}}
	u.SetLabels(a.r.labels(""))
	a.r.parts = append(a.r.parts, part{wave: wave, object: u})
}

// givenNamespace reports namespaces that every cluster has.
func givenNamespace(name string) bool {
	return name == "default" || name == "local-path-storage" || strings.HasPrefix(name, "kube-")
}

// loseSpace leaves out a namespace that is none of the stack's, and reports
// whether it did: it would go with the stack, and everything in it.
func (r *renderer) loseSpace(u *unstructured.Unstructured, position string) bool {
	name := u.GetName()
	if u.GetKind() != kindNamespace || name != r.in.Namespace && !givenNamespace(name) {
		return false
	}
	r.losses[Loss{
		Position: parsePosition(position), Key: kindNamespace + "/" + name,
		Reason: "it is not the stack's own: it is there already, and stays as it is",
	}] = true
	return true
}

func (a *releases) take(object stacks.Object, release Release, wave int) error {
	content, ok := plain(object.Body).(map[string]any)
	if !ok {
		return fmt.Errorf("no object")
	}
	u := &unstructured.Unstructured{Object: content}
	if a.r.loseSpace(u, object.Position) {
		return nil
	}
	delete(u.Object, "status")
	dropUnset(u.Object)
	if wide, _ := clusterWide(u.GetKind()); wide || a.widened(u) {
		unstructured.RemoveNestedField(u.Object, "metadata", "namespace")
	} else if u.GetNamespace() == "" {
		u.SetNamespace(release.Namespace)
	}
	key := objectKey{u.GetKind(), u.GetNamespace() + "/" + u.GetName()}
	if first, twice := a.seen[key]; twice {
		if u.GetKind() == kindNamespace && a.again(u) {
			return nil
		}
		return fmt.Errorf("%s %s is made by %s too", u.GetKind(), u.GetName(), first)
	}
	a.seen[key] = release.Name
	if path := exposed(u.Object, "", release.Secrets); u.GetKind() != "Secret" && path != "" {
		return fmt.Errorf("%s of %s %s holds a credential, which everybody could read there: the chart must have it in a Secret", path, u.GetKind(), u.GetName())
	}
	if err := mistyped(u); err != nil {
		return err
	}
	service := ""
	if workload(u.GetKind()) || u.GetKind() == kindCronJob {
		service = u.GetName()
	}
	u.SetLabels(a.labels(u.GetLabels(), service))
	if service != "" {
		if err := a.workload(u, service, wave); err != nil {
			return fmt.Errorf("%s %s: %w", u.GetKind(), u.GetName(), err)
		}
	}
	a.r.parts = append(a.r.parts, part{wave: wave, object: u})
	return nil
}

// again reports whether a namespace is one that another chart of the stack has
// just so.
func (a *releases) again(u *unstructured.Unstructured) bool {
	u = u.DeepCopy()
	u.SetLabels(a.labels(u.GetLabels(), ""))
	return slices.ContainsFunc(a.r.parts, func(p part) bool { return reflect.DeepEqual(p.object.Object, u.Object) })
}

// widened reports kinds that the charts themselves define for the whole cluster.
func (a *releases) widened(u *unstructured.Unstructured) bool {
	for _, release := range a.r.in.Releases {
		for _, object := range slices.Concat(release.Steps...) {
			d := unstructured.Unstructured{Object: object.Body}
			if d.GetKind() != "CustomResourceDefinition" {
				continue
			}
			kind, _, _ := unstructured.NestedString(d.Object, "spec", "names", "kind")
			group, _, _ := unstructured.NestedString(d.Object, "spec", "group")
			scope, _, _ := unstructured.NestedString(d.Object, "spec", "scope")
			if kind == u.GetKind() && group == u.GroupVersionKind().Group && scope == "Cluster" {
				return true
			}
		}
	}
	return false
}

// labels are ours and the object's own, which its selectors may be about.
func (a *releases) labels(own map[string]string, service string) map[string]string {
	labels := a.r.labels(service)
	for key, value := range own {
		if !strings.HasPrefix(key, "diorama.dev/") && key != LabelManagedBy {
			labels[key] = value
		}
	}
	return labels
}

// workload substitutes images and labels Pods; selectors stay as they are.
func (a *releases) workload(u *unstructured.Unstructured, service string, wave int) error {
	spec := child(u.Object, "spec")
	holder := spec
	if u.GetKind() == kindCronJob {
		holder = child(child(spec, "jobTemplate"), "spec")
	}
	template := child(holder, "template")
	w := Workload{Service: service, Kind: u.GetKind(), Name: u.GetName(), Replicas: 1, Wave: wave}
	if u.GetNamespace() != a.r.in.Namespace {
		w.Namespace = u.GetNamespace()
	}
	if n, ok := spec["replicas"].(int64); ok {
		w.Replicas = int(n)
	}
	pod := child(template, "spec")
	if err := a.r.own.containers(pod, &w); err != nil {
		return err
	}
	if _, said := pod["enableServiceLinks"]; !said {
		pod["enableServiceLinks"] = false
	}
	meta := child(template, "metadata")
	labels := child(meta, "labels")
	for key, value := range a.r.labels(service) {
		if _, own := labels[key]; !own || strings.HasPrefix(key, "diorama.dev/") {
			labels[key] = value
		}
	}
	a.r.own.enrol(labels, u.GetKind(), service)
	if u.GetKind() != kindCronJob {
		a.r.work = append(a.r.work, w)
	}
	return nil
}

// publish makes the Services by which host ports reach the charts' workloads.
func (a *releases) publish() error {
	for _, name := range slices.Sorted(maps.Keys(a.spaces)) {
		published := a.r.publishedBy(name)
		if len(published) == 0 {
			continue
		}
		service := a.r.hostService(name, published)
		service.Namespace = a.spaces[name]
		if err := a.r.add(a.waveOf(name), service); err != nil {
			return err
		}
	}
	return nil
}

func (a *releases) waveOf(service string) int {
	for _, w := range a.r.work {
		if w.Service == service {
			return w.Wave
		}
	}
	return 0
}
