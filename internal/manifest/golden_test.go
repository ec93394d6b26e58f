package manifest

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	"github.com/diorama-dev/diorama/internal/compose"
	"github.com/diorama-dev/diorama/stacks"
)

var update = flag.Bool("update", false, "write golden files anew")

// text is a result as the goldens hold it: the waves' objects as YAML, the
// workloads, the losses.
func text(t *testing.T, result Result) []byte {
	t.Helper()
	var b bytes.Buffer
	for i, wave := range result.Waves {
		for _, object := range wave {
			data, err := yaml.Marshal(object.Object)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "--- # wave %d\n%s", i, data)
		}
	}
	workloads, err := yaml.Marshal(result.Workloads)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "--- # workloads\n%s--- # losses\n", workloads)
	for _, loss := range result.Losses {
		fmt.Fprintf(&b, "# %s\n", loss)
	}
	return b.Bytes()
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden.yaml")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./internal/manifest -update writes it)", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s differs (-want +got), -update accepts it:\n%s", path, diff)
	}
}

// TestStacks renders every built-in stack that comes from a Compose file, with
// its defaults and with credentials, none of which may stand in the open.
func TestStacks(t *testing.T) {
	catalogue, err := stacks.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, stack := range catalogue.All() {
		if _, err := fs.Stat(stack.Folder.FS, "compose.yaml"); err != nil {
			continue
		}
		t.Run(stack.Name, func(t *testing.T) {
			in := stackInput(t, stack)
			result := render(t, in)
			if len(result.Losses) > 0 {
				t.Errorf("a stack of ours must say nothing that a cluster cannot do: %v", result.Losses)
			}
			for _, wave := range result.Waves {
				for _, object := range wave {
					data, err := yaml.Marshal(object.Object)
					if err != nil {
						t.Fatal(err)
					}
					if object.GetKind() != "Secret" && bytes.Contains(data, []byte("credential-")) {
						t.Errorf("a credential stands in the open:\n%s", data)
					}
				}
			}
			golden(t, "stacks/"+stack.Name, text(t, result))
		})
	}
}

// stackInput is what a plan would render a stack with.
func stackInput(t *testing.T, stack stacks.Stack) Input {
	t.Helper()
	variables, err := stack.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Environment: "golden", Namespace: "diorama", Stack: stack.Name, Probes: stack.Probes}
	for name := range stack.Credentials {
		variables[name] = "credential-" + name
		in.Secrets = append(in.Secrets, variables[name])
	}
	for i, name := range slices.Sorted(maps.Keys(stack.Endpoints)) {
		e := stack.Endpoints[name]
		in.HostPorts = append(in.HostPorts, HostPort{Service: e.Service, Name: name, Port: e.Port, NodePort: 30000 + i})
	}
	if in.Project, err = compose.LoadStack(t.Context(), stack.Folder.FS, stack.Folder.Path, variables); err != nil {
		t.Fatal(err)
	}
	return in
}

// TestCorpus renders the shapes that are met in real projects.
func TestCorpus(t *testing.T) {
	root, err := filepath.Abs("../../testdata/compose")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "*", "compose.yaml"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d shapes found: %v", len(files), err)
	}
	t.Setenv("COMPOSE_PROFILES", "")
	t.Setenv("COMPOSE_DISABLE_ENV_FILE", "false")
	t.Setenv("LEVEL", "from-the-process")
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file))
		t.Run(name, func(t *testing.T) {
			project, err := compose.LoadApp(t.Context(), name, []string{file}, nil)
			if err != nil {
				t.Fatal(err)
			}
			in := Input{Environment: "golden", Namespace: "diorama", Stack: name, Project: project}
			first := bytes.ReplaceAll(text(t, render(t, in)), []byte(root+"/"), nil)
			second := bytes.ReplaceAll(text(t, render(t, in)), []byte(root+"/"), nil)
			if !bytes.Equal(first, second) {
				t.Error("the same input gave two outputs")
			}
			golden(t, "corpus/"+name, first)
		})
	}
}

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
			checkObject(t, id, object)
		}
	}
	for _, loss := range result.Losses {
		if loss.Position.Line == 0 || loss.Reason == "" {
			t.Errorf("loss without a place or a reason: %+v", loss)
		}
	}
	return result
}

// checkObject decodes an object strictly into its type, so that no misspelt
// field passes, and checks names and labels as the API server would.
func checkObject(t *testing.T, id string, object *unstructured.Unstructured) {
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
	case "Service":
		typed = &corev1.Service{}
	case "ConfigMap":
		typed = &corev1.ConfigMap{}
	case "Secret":
		typed = &corev1.Secret{}
	case "PersistentVolumeClaim":
		typed = &corev1.PersistentVolumeClaim{}
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
	if pod != nil {
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
	for _, c := range append(spec.Containers, spec.InitContainers...) {
		if c.ImagePullPolicy != corev1.PullIfNotPresent || c.Image == "" {
			t.Errorf("%s: container %s: image %q, pulled %q", id, c.Name, c.Image, c.ImagePullPolicy)
		}
		targets := map[string]bool{}
		for _, mount := range c.VolumeMounts {
			if !volumes[mount.Name] || targets[mount.MountPath] {
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
