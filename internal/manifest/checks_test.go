package manifest

import (
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	"github.com/diorama-dev/diorama/stacks"
)

// render renders and checks what holds of every result.
func render(t *testing.T, in Input) Result {
	t.Helper()
	result, err := Render(in)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, wave := range result.Waves {
		for _, object := range wave {
			id := object.GetKind() + "/" + object.GetName()
			if seen[id] {
				t.Errorf("%s is there twice", id)
			}
			seen[id] = true
			checkObject(t, id, object, adoptedFrom(in, object))
		}
	}
	for _, loss := range result.Losses {
		if loss.Position.Line == 0 || loss.Reason == "" {
			t.Errorf("loss without a place or a reason: %+v", loss)
		}
	}
	return result
}

// adoptedFrom reports whether the object was one of the input's own.
func adoptedFrom(in Input, object *unstructured.Unstructured) bool {
	return slices.ContainsFunc(in.Objects, func(o stacks.Object) bool {
		own := unstructured.Unstructured{Object: o.Body}
		return own.GetKind() == object.GetKind() && strings.Contains(object.GetName(), own.GetName())
	})
}

// checkObject decodes an object strictly into its type, so that no misspelt
// field passes, and checks names and labels as the API server would.
func checkObject(t *testing.T, id string, object *unstructured.Unstructured, adopted bool) {
	t.Helper()
	var typed any
	var pod *corev1.PodTemplateSpec
	switch object.GetKind() {
	case "Deployment":
		d := &appsv1.Deployment{}
		typed, pod = d, &d.Spec.Template
	case "StatefulSet":
		s := &appsv1.StatefulSet{}
		typed, pod = s, &s.Spec.Template
	case "DaemonSet":
		s := &appsv1.DaemonSet{}
		typed, pod = s, &s.Spec.Template
	case "Job":
		j := &batchv1.Job{}
		typed, pod = j, &j.Spec.Template
	case "CronJob":
		j := &batchv1.CronJob{}
		typed, pod = j, &j.Spec.JobTemplate.Spec.Template
	case "ServiceAccount":
		typed = &corev1.ServiceAccount{}
	case "ClusterRole":
		typed = &rbacv1.ClusterRole{}
	case "ClusterRoleBinding":
		typed = &rbacv1.ClusterRoleBinding{}
	case "Service":
		typed = &corev1.Service{}
	case "ConfigMap":
		typed = &corev1.ConfigMap{}
	case "Secret":
		typed = &corev1.Secret{}
	case "PersistentVolumeClaim":
		typed = &corev1.PersistentVolumeClaim{}
	case "Gateway", "VirtualService", "DestinationRule":
		typed = &unstructured.Unstructured{} // Istio's; what a mesh says of them is tried in one
	default:
		t.Fatalf("%s: a kind that nobody expects", id)
	}
	data, err := yaml.Marshal(object.Object)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(data, typed); err != nil {
		t.Errorf("%s: %v", id, err)
	}
	names := validation.IsDNS1123Subdomain(object.GetName())
	if object.GetKind() == "Service" {
		names = validation.IsDNS1035Label(object.GetName())
	}
	for _, problem := range names {
		t.Errorf("%s: name: %s", id, problem)
	}
	for key, value := range object.GetLabels() {
		for _, problem := range validation.IsValidLabelValue(value) {
			t.Errorf("%s: label %s: %s", id, key, problem)
		}
	}
	for key := range object.GetAnnotations() {
		for _, problem := range validation.IsQualifiedName(strings.ToLower(key)) {
			t.Errorf("%s: annotation %s: %s", id, key, problem)
		}
	}
	switch o := typed.(type) {
	case *corev1.Service:
		checkService(t, id, o)
	case *corev1.ConfigMap:
		checkFiles(t, id, o)
	}
	if pod != nil && !adopted {
		checkPod(t, id, pod.Spec)
	}
}

func checkPod(t *testing.T, id string, spec corev1.PodSpec) {
	t.Helper()
	if spec.EnableServiceLinks == nil || *spec.EnableServiceLinks {
		t.Errorf("%s: service links are on", id)
	}
	if spec.AutomountServiceAccountToken == nil || *spec.AutomountServiceAccountToken {
		t.Errorf("%s: a service account token is mounted", id)
	}
	volumes := map[string]bool{}
	for _, volume := range spec.Volumes {
		for _, problem := range validation.IsDNS1123Label(volume.Name) {
			t.Errorf("%s: volume %s: %s", id, volume.Name, problem)
		}
		volumes[volume.Name] = true
	}
	if spec.TerminationGracePeriodSeconds == nil || *spec.TerminationGracePeriodSeconds < 0 {
		t.Errorf("%s: grace period %v", id, spec.TerminationGracePeriodSeconds)
	}
	for _, c := range append(spec.Containers, spec.InitContainers...) {
		checkContainer(t, id+" "+c.Name, c)
		if c.ImagePullPolicy != corev1.PullIfNotPresent || c.Image == "" {
			t.Errorf("%s: container %s: image %q, pulled %q", id, c.Name, c.Image, c.ImagePullPolicy)
		}
		targets := map[string]bool{}
		for _, mount := range c.VolumeMounts {
			if !volumes[mount.Name] || targets[mount.MountPath] || strings.Contains(mount.MountPath, ":") || strings.HasPrefix(mount.SubPath, "/") || strings.Contains(mount.SubPath, "..") {
				t.Errorf("%s: mount %+v has no volume, or its path is taken", id, mount)
			}
			targets[mount.MountPath] = true
		}
		for _, port := range c.Ports {
			for _, problem := range validation.IsValidPortName(port.Name) {
				t.Errorf("%s: port %s: %s", id, port.Name, problem)
			}
		}
	}
}

// checkContainer holds a container against what the API server refuses.
func checkContainer(t *testing.T, id string, c corev1.Container) {
	t.Helper()
	variables := map[string]bool{}
	for _, e := range c.Env {
		if variables[e.Name] || len(validation.IsRelaxedEnvVarName(e.Name)) > 0 {
			t.Errorf("%s: variable %q is there twice or no name", id, e.Name)
		}
		variables[e.Name] = true
		if ref := e.ValueFrom; ref != nil && len(validation.IsConfigMapKey(ref.SecretKeyRef.Key)) > 0 {
			t.Errorf("%s: variable %q refers to the key %q", id, e.Name, ref.SecretKeyRef.Key)
		}
	}
	names := map[string]bool{}
	for _, p := range c.Ports {
		if names[p.Name] || p.ContainerPort < 1 || p.ContainerPort > 65535 {
			t.Errorf("%s: port %+v", id, p)
		}
		names[p.Name] = true
	}
	for name, request := range c.Resources.Requests {
		if limit, ok := c.Resources.Limits[name]; ok && request.Cmp(limit) > 0 || request.Sign() <= 0 {
			t.Errorf("%s: %s is requested, %s the limit of %s", id, request.String(), limit.String(), name)
		}
	}
	for _, probe := range []*corev1.Probe{c.StartupProbe, c.ReadinessProbe} {
		if probe == nil {
			continue
		}
		if probe.PeriodSeconds < 1 || probe.TimeoutSeconds < 1 || probe.FailureThreshold < 1 || probe.Exec != nil && len(probe.Exec.Command) == 0 {
			t.Errorf("%s: probe %+v", id, probe)
		}
	}
	if s := c.SecurityContext; s != nil && s.AllowPrivilegeEscalation != nil && !*s.AllowPrivilegeEscalation && s.Privileged != nil {
		t.Errorf("%s: privileged without escalation is refused", id)
	}
}

// checkService holds a Service against what the API server refuses.
func checkService(t *testing.T, id string, s *corev1.Service) {
	t.Helper()
	if len(s.Spec.Ports) == 0 && s.Spec.ClusterIP != corev1.ClusterIPNone {
		t.Errorf("%s: no ports and not headless", id)
	}
	names, ports := map[string]bool{}, map[string]bool{}
	for _, p := range s.Spec.Ports {
		number := string(p.Protocol) + p.TargetPort.String()
		if names[p.Name] || ports[number] || len(validation.IsDNS1123Label(p.Name)) > 0 || p.Port < 1 || p.Port > 65535 {
			t.Errorf("%s: port %+v", id, p)
		}
		names[p.Name], ports[number] = true, true
	}
}

// checkFiles holds a ConfigMap against what the API server refuses.
func checkFiles(t *testing.T, id string, c *corev1.ConfigMap) {
	t.Helper()
	size := 0
	for key, value := range c.Data {
		size += len(value)
		if _, twice := c.BinaryData[key]; twice || len(validation.IsConfigMapKey(key)) > 0 {
			t.Errorf("%s: key %q", id, key)
		}
	}
	for key, value := range c.BinaryData {
		size += len(value)
		if len(validation.IsConfigMapKey(key)) > 0 {
			t.Errorf("%s: key %q", id, key)
		}
	}
	if size > 1<<20 {
		t.Errorf("%s: %d bytes", id, size)
	}
}
