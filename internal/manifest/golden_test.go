package manifest

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

// TestStacks renders every built-in stack with its defaults and with credentials, none of which may stand in the open.
func TestStacks(t *testing.T) {
	catalogue, err := stacks.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, stack := range catalogue.All() {
		if len(stack.Charts) > 0 {
			continue // whoever makes plans renders charts
		}
		t.Run(stack.Name, func(t *testing.T) {
			in := stackInput(t, stack, nil)
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
			for _, m := range stack.Manifests {
				chosen(t, stack, m.When)
			}
		})
	}
}

// chosen renders the manifests of a stack that are not there by default.
func chosen(t *testing.T, stack stacks.Stack, when stacks.Condition) {
	t.Helper()
	defaults, err := stack.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	if when.Met(defaults) {
		return
	}
	values, name := map[string]any{}, stack.Name
	for _, parameter := range slices.Sorted(maps.Keys(when)) {
		values[parameter] = when[parameter]
		if stack.Parameters[parameter].Type == stacks.BoolParameter {
			values[parameter] = when[parameter] == "true"
		}
		name += "-" + when[parameter]
	}
	in := stackInput(t, stack, values)
	in.Project, in.HostPorts, in.Probes = compose.Project{}, nil, nil // they are in the default's
	golden(t, "stacks/"+name, text(t, render(t, in)))
}

// stackInput is what a plan would render a stack with.
func stackInput(t *testing.T, stack stacks.Stack, values map[string]any) Input {
	t.Helper()
	variables, err := stack.Resolve(values)
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
	if in.Objects, err = stack.Objects(stack.Name, variables); err != nil {
		t.Fatal(err)
	}
	if !stack.Composed() {
		return in
	}
	variables[compose.ProfilesVariable] = "*"
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
