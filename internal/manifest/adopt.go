package manifest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/diorama-dev/diorama/stacks"
)

// kindCronJob makes Jobs; nobody waits for it.
const kindCronJob = "CronJob"

// clusterWide reports kinds that belong to no namespace. Those of a name that
// its author is free to choose take the environment's, so that two
// environments of one cluster have each their own.
func clusterWide(kind string) (wide, free bool) {
	switch kind {
	case "ClusterRole", "ClusterRoleBinding", "PriorityClass", "StorageClass", "IngressClass", "RuntimeClass", "GatewayClass",
		"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "ValidatingAdmissionPolicy",
		"ValidatingAdmissionPolicyBinding", "PersistentVolume":
		return true, true
	case "Namespace", "Node", "CustomResourceDefinition", "APIService", "CSIDriver":
		return true, false
	}
	return false, false
}

// objectKey names an object of the stack's own manifests, as written there.
type objectKey struct{ kind, name string }

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
		key := objectKey{u.GetKind(), u.GetName()}
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
		if workload(key.kind) {
			if long := validation.IsDNS1123Label(name); len(long) > 0 {
				return fmt.Errorf("%s: the name %s of a %s: %s", object.Position, name, key.kind, long[0])
			}
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
		wave := 0
		if workload(u.GetKind()) {
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
	kind, name := u.GetKind(), u.GetName()
	delete(u.Object, "status")
	u.SetName(a.names[objectKey{kind, name}])
	if wide, _ := clusterWide(kind); !wide && u.GetNamespace() == "" {
		u.SetNamespace(a.r.in.Namespace)
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
	case "PersistentVolumeClaim", "Service":
	}
	if service == "" {
		return nil
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

// refer has references between the stack's own objects follow their names.
func (a *adoption) refer(value any, key string) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			a.refer(item, key)
		}
	case map[string]any:
		a.referFrom(v, key)
		for name, child := range v {
			a.refer(child, name)
		}
	}
}

// referFrom changes the names that stand in a mapping under the key. Which
// fields name which kind is fixed by the Kubernetes API (v1.34: core, apps,
// batch, rbac, networking, autoscaling).
func (a *adoption) referFrom(m map[string]any, key string) {
	switch key {
	case "configMap", "configMapRef", "configMapKeyRef":
		a.follow(m, "name", "ConfigMap")
	case "secret", "secretRef", "secretKeyRef":
		a.follow(m, "name", "Secret")
		a.follow(m, "secretName", "Secret")
	case "imagePullSecrets":
		a.follow(m, "name", "Secret")
	case "persistentVolumeClaim":
		a.follow(m, "claimName", "PersistentVolumeClaim")
	case "service":
		a.follow(m, "name", "Service")
	case "roleRef", "scaleTargetRef":
		kind, _ := m["kind"].(string)
		a.follow(m, "name", kind)
	case "subjects":
		kind, _ := m["kind"].(string)
		if a.follow(m, "name", kind) && m["namespace"] == nil {
			m["namespace"] = a.r.in.Namespace
		}
	}
	a.follow(m, "serviceAccountName", "ServiceAccount")
	a.follow(m, "priorityClassName", "PriorityClass")
	a.follow(m, "storageClassName", "StorageClass")
	a.follow(m, "serviceName", "Service")
}

// follow puts the name that an object has in the cluster into the field, and
// reports whether the object is one of the stack's.
func (a *adoption) follow(m map[string]any, field, kind string) bool {
	old, ok := m[field].(string)
	if !ok {
		return false
	}
	name, ours := a.names[objectKey{kind, old}]
	if ours {
		m[field] = name
	}
	return ours
}
