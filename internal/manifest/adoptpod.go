package manifest

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// jobSuffix is how much longer the name of a Job gets by the hash of its spec.
const jobSuffix = 9

// workload gives a workload what all of ours have: images after substitution,
// labels that tell its Pods, a hash of what they refer to.
func (a *adoption) workload(u *unstructured.Unstructured, service string, wave int) error {
	spec := child(u.Object, "spec")
	holder := spec
	if u.GetKind() == kindCronJob {
		holder = child(child(spec, "jobTemplate"), "spec")
	}
	keepEnded(u, spec)
	template := child(holder, "template")
	w := Workload{Service: service, Kind: u.GetKind(), Replicas: 1, Wave: wave}
	if n, ok := spec["replicas"].(int64); ok {
		w.Replicas = int(n)
	}
	pod := child(template, "spec")
	if err := a.containers(pod, &w); err != nil {
		return err
	}
	if _, said := pod["enableServiceLinks"]; !said {
		pod["enableServiceLinks"] = false
	}
	if _, said := pod["automountServiceAccountToken"]; !said && pod["serviceAccountName"] == nil {
		pod["automountServiceAccountToken"] = false // what asks nothing of the cluster needs no key to it
	}
	a.describe(child(template, "metadata"), service, pod)
	a.enrol(child(child(template, "metadata"), "labels"), u.GetKind(), service)
	switch u.GetKind() {
	case kindCronJob:
		return nil
	case kindJob:
		u.SetName(service + "-" + digest(spec)[:jobSuffix-1]) // a changed Job is another one
	default:
		selector := child(child(spec, "selector"), "matchLabels")
		selector[LabelStack], selector[LabelService] = label(a.r.in.Stack), service
		a.settle(spec, pod)
	}
	w.Name = u.GetName()
	a.r.work = append(a.r.work, w)
	return nil
}

// keepEnded has a Job stay once it has ended: one that went would be awaited in
// vain, and made and run anew by the next start. What a CronJob makes is awaited
// by nobody.
func keepEnded(u *unstructured.Unstructured, spec map[string]any) {
	if u.GetKind() == kindJob {
		delete(spec, "ttlSecondsAfterFinished")
	}
}

// child is the mapping under the key, made where there is none.
func child(m map[string]any, key string) map[string]any {
	if c, ok := m[key].(map[string]any); ok {
		return c
	}
	c := map[string]any{}
	m[key] = c
	return c
}

// bare has a Pod that no controller makes run what is put in the place of its
// images.
func (a *adoption) bare(u *unstructured.Unstructured) error {
	if kindOf(u) != "Pod" {
		return nil
	}
	return a.containers(child(u.Object, "spec"), &Workload{})
}

// containers substitutes the images and notes what the workload takes.
func (a *adoption) containers(pod map[string]any, w *Workload) error {
	for _, list := range []string{"containers", "initContainers"} {
		items, _ := pod[list].([]any)
		for _, item := range items {
			c, ok := item.(map[string]any)
			if !ok {
				continue
			}
			requested, _ := c["image"].(string)
			image := requested
			if requested != autoImage {
				var err error
				if image, err = a.r.image(requested); err != nil {
					return err
				}
			}
			c["image"] = image
			if _, said := c["imagePullPolicy"]; !said {
				c["imagePullPolicy"] = string(corev1.PullIfNotPresent)
			}
			a.rewriteTexts(c)
			if list == "containers" {
				if w.Image == "" {
					w.Image, w.Requested = image, requested
				}
				w.Memory += requestedMemory(c) * int64(w.Replicas)
				w.GPUs += requestedGPUs(c) * int64(w.Replicas)
			}
		}
	}
	return nil
}

// rewriteTexts has what the container is told follow services that are called
// otherwise in the cluster.
func (a *adoption) rewriteTexts(c map[string]any) {
	variables, _ := c["env"].([]any)
	for _, item := range variables {
		if v, ok := item.(map[string]any); ok {
			name, _ := v["name"].(string)
			if text, ok := v["value"].(string); ok {
				v["value"] = a.r.refs.rewrite(name, text)
			}
		}
	}
	for _, key := range []string{"command", "args"} {
		words, _ := c[key].([]any)
		for i, word := range words {
			if text, ok := word.(string); ok {
				words[i] = a.r.refs.rewrite("", text)
			}
		}
	}
}

func requestedMemory(container map[string]any) int64 {
	resources := child(container, "resources")
	for _, key := range []string{"requests", "limits"} {
		amounts, _ := resources[key].(map[string]any)
		text, _ := amounts["memory"].(string)
		if amount, err := resource.ParseQuantity(text); err == nil {
			return amount.Value()
		}
	}
	return 0
}

// requestedGPUs are the devices that the container asks for, which it says as a
// limit.
func requestedGPUs(container map[string]any) int64 {
	limits, _ := child(container, "resources")["limits"].(map[string]any)
	var total int64
	for _, name := range []corev1.ResourceName{GPUResource, GPUResource + ".shared"} {
		if amount, err := resource.ParseQuantity(fmt.Sprint(limits[string(name)])); err == nil {
			total += amount.Value()
		}
	}
	return min(total, 1024)
}

// describe labels the Pods, and annotates them with a hash of the ConfigMaps
// and Secrets of the stack that they refer to.
func (a *adoption) describe(meta map[string]any, service string, pod map[string]any) {
	labels := child(meta, "labels")
	for key, value := range a.r.labels(service) {
		labels[key] = value
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(a.hashes)) {
		if mentions(pod, name) {
			parts = append(parts, name, a.hashes[name])
		}
	}
	if len(parts) > 0 {
		child(meta, "annotations")[AnnotationConfig] = hash(parts...)[:16]
	}
}

// mentions reports whether the text is one of the values below.
func mentions(value any, text string) bool {
	switch v := value.(type) {
	case string:
		return v == text
	case []any:
		return slices.ContainsFunc(v, func(item any) bool { return mentions(item, text) })
	case map[string]any:
		for _, item := range v {
			if mentions(item, text) {
				return true
			}
		}
	}
	return false
}

// settle has a Pod that nobody asks whether it is ready run for a while first,
// as with services of a Compose file.
func (a *adoption) settle(spec, pod map[string]any) {
	if _, said := spec["minReadySeconds"]; said {
		return
	}
	containers, _ := pod["containers"].([]any)
	for _, item := range containers {
		if c, ok := item.(map[string]any); ok && c["readinessProbe"] == nil {
			spec["minReadySeconds"] = int64(settleSeconds)
		}
	}
}

// publishOwn makes the Services by which host ports reach the workloads of
// manifests.
func (r *renderer) publishOwn() error {
	names := r.own.workloads()
	for _, own := range slices.Sorted(maps.Keys(names)) {
		published := r.publishedBy(own)
		if len(published) == 0 {
			continue
		}
		if err := r.add(0, r.hostService(names[own], published)); err != nil {
			return err
		}
	}
	return nil
}
