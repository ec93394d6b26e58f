package manifest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/diorama-dev/diorama/stacks"
)

// kindCronJob makes Jobs; nobody waits for it.
const kindCronJob = "CronJob"

const kindNamespace = "Namespace"

// clusterWide reports kinds that belong to no namespace. Those of a name that
// its author is free to choose take the environment's, so that two
// environments of one cluster have each their own.
func clusterWide(kind string) (wide, free bool) {
	switch kind {
	case "ClusterRole", "ClusterRoleBinding", "PriorityClass", "StorageClass", "IngressClass", "RuntimeClass", "GatewayClass",
		"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "ValidatingAdmissionPolicy",
		"ValidatingAdmissionPolicyBinding", "PersistentVolume":
		return true, true
	case kindNamespace, "Node", "CustomResourceDefinition", "APIService", "CSIDriver":
		return true, false
	}
	return false, false
}

// objectKey names an object as it is written; the kind is that of [kindOf].
type objectKey struct{ kind, name string }

// kindOf is the object's kind where Kubernetes itself has it, else with its API
// group behind: two groups may have a Gateway, and Volcano's Jobs are none that
// end as those of Kubernetes do.
func kindOf(u *unstructured.Unstructured) string { return kindIn(u.GetAPIVersion(), u.GetKind()) }

func kindIn(apiVersion, kind string) string {
	group, _, grouped := strings.Cut(apiVersion, "/")
	if !grouped || !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io") {
		return kind
	}
	return kind + "." + group
}

// adoption takes objects in that were written for Kubernetes.
type adoption struct {
	r *renderer
	// names in the cluster.
	names map[objectKey]string
	// hashes are those of ConfigMaps and Secrets, by name in the cluster.
	hashes map[string]string
}

// nameObjects gives the objects their names in the cluster, and makes those of
// their Services known to all that is rendered.
func (r *renderer) nameObjects() error {
	r.own.r = r
	r.own.names, r.own.hashes = map[objectKey]string{}, map[string]string{}
	for _, object := range r.in.Objects {
		u := unstructured.Unstructured{Object: object.Body}
		key := objectKey{kindOf(&u), u.GetName()}
		if _, twice := r.own.names[key]; twice {
			return fmt.Errorf("%s: there is another %s called %s", object.Position, key.kind, key.name)
		}
		name := key.name
		if r.in.Rename != nil {
			name = r.in.Rename(name)
		}
		if wide, free := clusterWide(key.kind); wide && free {
			name = "diorama-" + r.in.Environment + "-" + name
		} else if wide {
			name = key.name
		}
		if key.kind == "RuntimeClass" && object.Body["handler"] == key.name {
			name = key.name // what all Pods know it by, also those that are not ours
		}
		if wrong := nameOfWorkload(key.kind, name); wrong != "" {
			return fmt.Errorf("%s: the name %s of a %s: %s", object.Position, name, key.kind, wrong)
		}
		if workload(key.kind) {
			if owner, taken := r.taken[name]; taken {
				return fmt.Errorf("%s: the service %q has the name of the %s; rename one of them", object.Position, owner, key.kind)
			}
		}
		r.own.names[key] = name
		if key.kind == "Service" {
			r.names[key.name] = name
			r.taken[name] = key.name
		}
	}
	return nil
}

// workload reports whether what the kind runs is known as a service.
func workload(kind string) bool {
	return slices.Contains([]string{kindDeployment, kindStatefulSet, kindDaemonSet, kindJob}, kind)
}

// maxCronJob leaves room for what the controller appends to a Job's name
// (Kubernetes' ValidateCronJobCreate).
const maxCronJob = 52

// nameOfWorkload says why the kind cannot be called so; empty where it can, and
// for kinds that run nothing.
func nameOfWorkload(kind, name string) string {
	longest := validation.DNS1123LabelMaxLength
	switch {
	case kind == kindCronJob:
		longest = maxCronJob
	case kind == kindJob:
		longest -= jobSuffix
	case !workload(kind):
		return ""
	}
	if wrong := validation.IsDNS1123Label(name); len(wrong) > 0 {
		return wrong[0]
	}
	if len(name) > longest {
		return fmt.Sprintf("it has %d characters, at most %d are possible", len(name), longest)
	}
	return ""
}

// workloads are the workloads' names in the cluster, by their own.
func (a *adoption) workloads() map[string]string {
	names := map[string]string{}
	for key, name := range a.names {
		if workload(key.kind) {
			names[key.name] = name
		}
	}
	return names
}

// adopt renders the stack's own objects: what Pods refer to first, so that its
// hash is known to them. Workloads come after all that Compose's services wait
// for: who wrote both meant them to find those there.
func (r *renderer) adopt() error {
	last := 0
	for _, wave := range r.waves {
		last = max(last, wave+1)
	}
	objects := slices.Clone(r.in.Objects)
	slices.SortStableFunc(objects, func(a, b stacks.Object) int { return cmp.Compare(adoptRank(a), adoptRank(b)) })
	for _, object := range objects {
		content, ok := plain(object.Body).(map[string]any)
		if !ok {
			return fmt.Errorf("%s: no object", object.Position)
		}
		u := &unstructured.Unstructured{Object: content}
		if r.loseSpace(u, object.Position) {
			continue
		}
		wave := 0
		if workload(kindOf(u)) {
			wave = last
		}
		if err := r.own.take(u, wave); err != nil {
			return fmt.Errorf("%s: %s %s: %w", object.Position, u.GetKind(), u.GetName(), err)
		}
		r.parts = append(r.parts, part{wave: wave, object: u})
	}
	return r.publishOwn()
}

func adoptRank(o stacks.Object) int {
	u := unstructured.Unstructured{Object: o.Body}
	return rank(&u)
}

// plain is a value in the types that unstructured objects have.
func plain(value any) any {
	switch v := value.(type) {
	case int:
		return int64(v)
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, child := range v {
			out[key] = plain(child)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, child := range v {
			out[i] = plain(child)
		}
		return out
	default:
		return value
	}
}

// take makes the object one of ours.
func (a *adoption) take(u *unstructured.Unstructured, wave int) error {
	kind, name := kindOf(u), u.GetName()
	delete(u.Object, "status")
	u.SetName(a.names[objectKey{kind, name}])
	if wide, _ := clusterWide(kind); !wide {
		if foreign := u.GetNamespace(); foreign != "" && foreign != a.r.in.Namespace {
			return fmt.Errorf("found the namespace %q, expected none: everything goes into the environment's, %s", foreign, a.r.in.Namespace)
		}
		u.SetNamespace(a.r.in.Namespace)
	}
	if path := exposed(u.Object, "", a.r.in.Secrets); kind != "Secret" && path != "" {
		return fmt.Errorf("%s holds a credential, which everybody could read there: put it into a Secret's stringData and refer to that", path)
	}
	service := ""
	if workload(kind) || kind == kindCronJob {
		service = u.GetName()
	}
	u.SetLabels(a.labels(u.GetLabels(), service))
	a.refer(u.Object, "")
	switch kind {
	case "ConfigMap":
		for _, key := range []string{"data", "binaryData"} {
			a.rewriteAll(u.Object[key])
		}
		a.hashes[u.GetName()] = digest([]any{u.Object["data"], u.Object["binaryData"]})
	case "Secret":
		a.hashes[u.GetName()] = digest([]any{u.Object["data"], u.Object["stringData"]})
	case "Service":
		// Pods of another instance of the stack have the same labels of their own.
		if selector, ok := child(u.Object, "spec")["selector"].(map[string]any); ok && len(selector) > 0 {
			selector[LabelStack] = label(a.r.in.Stack)
		}
	}
	if service == "" {
		return a.bare(u)
	}
	return a.workload(u, service, wave)
}

// labels are the object's own and ours.
func (a *adoption) labels(own map[string]string, service string) map[string]string {
	labels := maps.Clone(own)
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, a.r.labels(service))
	return labels
}

// rewriteAll has texts of a mapping follow services that are called otherwise.
func (a *adoption) rewriteAll(values any) {
	texts, ok := values.(map[string]any)
	if !ok {
		return
	}
	for key, value := range texts {
		if text, ok := value.(string); ok {
			texts[key] = a.r.refs.rewrite(key, text)
		}
	}
}
