package manifest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/diorama-dev/diorama/internal/compose"
)

// renderer gathers the objects of one project.
type renderer struct {
	in       Input
	model    *types.Project
	services []string          // Compose services, sorted
	names    map[string]string // Compose service → name in the cluster
	refs     references
	waves    map[string]int
	jobs     map[string]bool // services that others wait for as completed
	mentions map[string][]int
	shared   map[string]shared // ConfigMaps and Secrets of files, by source
	claims   map[string]claim  // by name
	losses   map[Loss]bool
	addresses
	kubernetes
	output
}

// addresses are names that resolve in the cluster.
type addresses struct {
	taken  map[string]string  // names of Services → Compose service
	common map[string]*common // aliases that services share, by name
}

// kubernetes is what was written for Kubernetes.
type kubernetes struct {
	own      adoption // of the stack's own manifests
	released releases // of its charts
}

// output is what has been rendered so far.
type output struct {
	parts  []part
	images []string
	work   []Workload
}

// part is an object and the wave it belongs to.
type part struct {
	wave   int
	object *unstructured.Unstructured
}

func newRenderer(in Input) (*renderer, error) {
	r := &renderer{
		in: in, model: in.Project.Model,
		shared: map[string]shared{}, claims: map[string]claim{}, addresses: addresses{taken: map[string]string{}}, losses: map[Loss]bool{},
	}
	for name, service := range r.model.Services {
		if service.Provider != nil {
			r.lose("a provider runs outside of containers; run it beside the environment", "services", name, "provider")
			continue
		}
		r.services = append(r.services, name)
	}
	slices.Sort(r.services)
	rename := in.Rename
	if rename == nil {
		rename = func(name string) string { return name }
	}
	r.names = distinct(r.services, rename)
	for _, name := range r.services {
		if to := r.names[name]; in.Rename == nil && !strings.EqualFold(name, to) {
			r.lose("no name for a cluster; it is called "+to+", and references to it in environment and commands are changed", "services", name)
		}
		r.taken[r.names[name]] = name
	}
	if err := r.nameObjects(); err != nil {
		return nil, err
	}
	if err := r.nameReleases(); err != nil {
		return nil, err
	}
	r.common = r.commonAliases()
	r.refs = newReferences(r.names)
	var err error
	if r.waves, err = waves(r.model, r.services); err != nil {
		return nil, err
	}
	r.jobs = awaitedAsJobs(r.model)
	r.mentions = r.mentionedPorts()
	return r, r.checkHostPorts()
}

func (r *renderer) checkHostPorts() error {
	own := r.own.workloads()
	for _, port := range r.in.HostPorts {
		name, ok := r.names[port.Service]
		if adopted, there := own[port.Service]; there {
			name, ok = adopted, true
		}
		if _, there := r.released.spaces[port.Service]; there {
			name, ok = port.Service, true
		}
		if !ok {
			return fmt.Errorf("endpoint %s names the service %q, which is not there; there are %s",
				port.Name, port.Service, strings.Join(r.serviceNames(), ", "))
		}
		if other, taken := r.taken[name+HostSuffix]; taken {
			return fmt.Errorf("the service %q has the name that publishes the ports of %q; rename it", other, port.Service)
		}
	}
	return nil
}

// serviceNames are all that an endpoint may name.
func (r *renderer) serviceNames() []string {
	names := slices.AppendSeq(slices.Clone(r.services), maps.Keys(r.own.workloads()))
	names = slices.AppendSeq(names, maps.Keys(r.released.spaces))
	return sortedUnique(names)
}

// lose records a loss at the place that the path names.
func (r *renderer) lose(reason string, path ...string) {
	l := Loss{Position: r.in.Project.Position(path...), Key: strings.Join(path, "."), Reason: reason}
	r.losses[l] = true
}

func (r *renderer) add(wave int, object any) error {
	u, err := toUnstructured(object)
	if err != nil {
		return err
	}
	r.parts = append(r.parts, part{wave: wave, object: u})
	return nil
}

// image is a reference after substitution.
func (r *renderer) image(reference string) (string, error) {
	image := reference
	if r.in.Image != nil {
		var err error
		if image, err = r.in.Image(reference); err != nil {
			return "", fmt.Errorf("image %q: %w", reference, err)
		}
	}
	r.images = append(r.images, image)
	return image, nil
}

// secret reports whether the text contains a credential.
func (r *renderer) secret(text string) bool { return holdsAny(text, r.in.Secrets) }

func holdsAny(text string, secrets []string) bool {
	return slices.ContainsFunc(secrets, func(value string) bool {
		return value != "" && strings.Contains(text, value)
	})
}

func (r *renderer) labels(service string) map[string]string {
	labels := map[string]string{
		LabelPartOf: label(r.in.Stack), LabelManagedBy: ManagedBy,
		LabelEnvironment: label(r.in.Environment), LabelStack: label(r.in.Stack),
	}
	if service != "" {
		labels[LabelName], labels[LabelService] = service, service
	}
	return labels
}

func (r *renderer) result() (Result, error) {
	for _, source := range slices.Sorted(maps.Keys(r.shared)) {
		if err := r.add(0, r.shared[source].object(r)); err != nil {
			return Result{}, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.claims)) {
		if err := r.add(0, r.claims[name].object(r)); err != nil {
			return Result{}, err
		}
	}
	slices.SortStableFunc(r.parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.wave, b.wave), cmp.Compare(rank(a.object), rank(b.object)),
			cmp.Compare(a.object.GetKind(), b.object.GetKind()), cmp.Compare(a.object.GetName(), b.object.GetName()))
	})
	result := Result{Workloads: r.work, Images: sortedUnique(r.images), Losses: sortedLosses(r.losses)}
	last := -1
	for _, p := range r.parts {
		if p.wave != last {
			result.Waves, last = append(result.Waves, nil), p.wave
		}
		end := len(result.Waves) - 1
		result.Waves[end] = append(result.Waves[end], p.object)
	}
	return result, nil
}

func sortedLosses(losses map[Loss]bool) []Loss {
	return slices.SortedFunc(maps.Keys(losses), func(a, b Loss) int {
		return cmp.Or(comparePositions(a.Position, b.Position), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Reason, b.Reason))
	})
}

func comparePositions(a, b compose.Position) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}
