package manifest

import (
	"cmp"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Labels of Pods that a mesh knows; these names are Istio's.
const (
	// LabelSidecar has Istio's webhook give the Pod a proxy.
	LabelSidecar = "sidecar.istio.io/inject"
	// LabelApp and LabelVersion tell versions of a program apart, for routes.
	LabelApp     = "app"
	LabelVersion = "version"
)

// firstVersion is that of a service that says none.
const firstVersion = "v1"

// enrol labels Pods for the mesh, where the stack is in it: the service's own
// labels app and version count, else it is its first version. Jobs stay
// outside: where the proxy is a plain container, as before Kubernetes 1.29, it
// would run on after the work and the Job would never be done.
func (r *renderer) enrol(labels map[string]string, kind, service string, own map[string]string) {
	if !r.in.Mesh || kind == kindJob || kind == kindCronJob {
		return
	}
	labels[LabelSidecar] = "true"
	for key, usual := range map[string]string{LabelApp: service, LabelVersion: firstVersion} {
		if value := own[key]; value != "" && len(validation.IsValidLabelValue(value)) == 0 {
			usual = value
		}
		labels[key] = cmp.Or(labels[key], usual)
	}
}

// enrol labels the Pods of the stack's own manifests for the mesh.
func (a *adoption) enrol(labels map[string]any, kind, service string) {
	texts := map[string]string{}
	for key, value := range labels {
		if text, ok := value.(string); ok {
			texts[key] = text
		}
	}
	a.r.enrol(texts, kind, service, nil)
	for key, value := range texts {
		labels[key] = value
	}
}
