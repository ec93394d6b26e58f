package stacks

import (
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/go-units"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// TestComposeAndStackAgree sees that every built-in stack runs under docker
// compose by itself, and as it does here: each variable of compose.yaml has a
// default, the one that stack.yaml gives.
func TestComposeAndStackAgree(t *testing.T) {
	for _, stack := range builtinStacks(t) {
		t.Run(stack.Name, func(t *testing.T) {
			workload, err := readWorkload(stack.Folder.FS, stack.Folder.Path)
			if err != nil {
				t.Fatal(err)
			}
			used := map[string]bool{}
			for _, v := range workload.variables {
				used[v.name] = true
				if !v.hasFallback {
					t.Errorf("%s: ${%s} has no default", v.Position, v.name)
					continue
				}
				agree(t, stack, v)
			}
			for _, name := range partsUse(stack) {
				used[name] = true
			}
			for name := range stack.Parameters {
				if !used[name] {
					t.Errorf("nothing uses the parameter %s", name)
				}
			}
			for name := range stack.Credentials {
				if !used[name] {
					t.Errorf("nothing uses the credential %s", name)
				}
			}
			for name, endpoint := range stack.Endpoints {
				if !stack.Composed() {
					break
				}
				if workload.services[endpoint.Service] && !used[EndpointVariable(name)+"_PORT"] || !used[EndpointVariable(name)+"_HOST"] {
					t.Errorf("the endpoint %s is published on a port that nobody planned", name)
				}
			}
		})
	}
}

// partsUse are the parameters and credentials that stack.yaml itself puts to use.
func partsUse(stack Stack) []string {
	var names []string
	for _, requirement := range stack.Requires {
		names = slices.AppendSeq(names, maps.Keys(requirement.When))
	}
	for _, when := range stack.Optional {
		names = slices.AppendSeq(names, maps.Keys(when))
	}
	for _, m := range stack.Manifests {
		names = slices.AppendSeq(names, maps.Keys(m.When))
		for _, a := range m.Set {
			names = append(names, placeholders(a.Value)...)
		}
	}
	for _, c := range stack.Charts {
		names = slices.Concat(names, c.Merge, placeholders(c.Source+c.Namespace+c.Version), placeholdersOf(c.Values.node))
		names = slices.AppendSeq(names, maps.Keys(c.When))
		for _, v := range c.Variants {
			names = slices.AppendSeq(append(names, placeholdersOf(v.Values.node)...), maps.Keys(v.When))
		}
	}
	return names
}

func placeholdersOf(n *yamlpos.Node) []string {
	if n == nil {
		return nil
	}
	names := placeholders(n.Text)
	for _, e := range n.Entries {
		names = append(names, placeholdersOf(e.Value)...)
	}
	for _, item := range n.Items {
		names = append(names, placeholdersOf(item)...)
	}
	return names
}

// agree compares a variable's default with what stack.yaml says.
func agree(t *testing.T, stack Stack, v variable) {
	t.Helper()
	if parameter, ok := stack.Parameters[v.name]; ok {
		want, err := parameter.text(parameter.Default)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(readings(parameter.Type, v.fallback), want) {
			t.Errorf("%s: the default of %s is %q here and %v in stack.yaml", v.Position, v.name, v.fallback, parameter.Default)
		}
		return
	}
	for name, endpoint := range stack.Endpoints {
		want := map[string]string{
			EndpointVariable(name) + "_HOST": "127.0.0.1",
			EndpointVariable(name) + "_PORT": fmt.Sprint(endpoint.HostPort),
		}
		if value, ok := want[v.name]; ok && v.fallback != value {
			t.Errorf("%s: the default of %s is %q here and %s in stack.yaml", v.Position, v.name, v.fallback, value)
		}
	}
}

// readings are the ways in which a default may be meant: as a quantity, or, in
// Compose's own settings, as its sizes in bytes, where M is MiB.
func readings(kind ParameterType, text string) []string {
	if kind != QuantityParameter {
		return []string{text}
	}
	var all []string
	if plain, err := plainQuantity(text); err == nil {
		all = append(all, plain)
	}
	if size, err := units.RAMInBytes(text); err == nil {
		all = append(all, fmt.Sprint(size))
	}
	return all
}

// TestCompose sees that Compose itself takes each file, with the defaults of
// the file and with the values of the stack, and that the rules for every
// service hold.
func TestCompose(t *testing.T) {
	for _, stack := range builtinStacks(t) {
		t.Run(stack.Name, func(t *testing.T) {
			if !stack.Composed() {
				t.Skip("it has no Compose file")
			}
			data, err := fs.ReadFile(stack.Folder.FS, composeFile)
			if err != nil {
				t.Fatal(err)
			}
			variables, err := stack.Resolve(nil)
			if err != nil {
				t.Fatal(err)
			}
			for name := range stack.Credentials {
				variables[name] = "dontShowMe"
			}
			alone := compose(t, stack.Name, data, nil)
			project := compose(t, stack.Name, data, variables)
			for _, service := range project.Services {
				checkService(t, stack, service)
				checkAwaited(t, project, service)
				if image := alone.Services[service.Name].Image; image != service.Image {
					t.Errorf("%s alone runs %s and here %s", service.Name, image, service.Image)
				}
			}
		})
	}
}

var pinned = regexp.MustCompile(`:[0-9]+\.[0-9]+[^:]*$`)

func checkService(t *testing.T, stack Stack, service types.ServiceConfig) {
	t.Helper()
	built := slices.ContainsFunc(stack.Builds, func(b Build) bool { return b.Image == service.Image })
	if !built && !pinned.MatchString(service.Image) {
		t.Errorf("%s: the image %s is not pinned", service.Name, service.Image)
	}
	for _, argument := range slices.Concat(service.Command, service.Entrypoint) {
		if strings.Contains(argument, "dontShowMe") {
			t.Errorf("%s: a credential stands in the arguments: %q", service.Name, service.Command)
		}
	}
	if service.Deploy == nil || service.Deploy.Resources.Limits == nil || service.Deploy.Resources.Limits.MemoryBytes == 0 ||
		service.Deploy.Resources.Reservations == nil || service.Deploy.Resources.Reservations.MemoryBytes == 0 {
		t.Errorf("%s: no limit or reservation of memory", service.Name)
	}
	if service.StopGracePeriod == nil {
		t.Errorf("%s: no stop_grace_period", service.Name)
	}
	if _, ok := stack.Probes[service.Name]; !ok && !oneShot(service) {
		t.Errorf("%s: no probe", service.Name)
	}
	for _, port := range service.Ports {
		if port.HostIP != "127.0.0.1" {
			t.Errorf("%s: port %s is published at %q", service.Name, port.Published, port.HostIP)
		}
	}
}

// checkAwaited sees that Compose can find out about what a service waits for.
func checkAwaited(t *testing.T, project *types.Project, service types.ServiceConfig) {
	t.Helper()
	for name, dependency := range service.DependsOn {
		check := project.Services[name].HealthCheck
		if dependency.Condition == types.ServiceConditionHealthy && (check == nil || len(check.Test) == 0 || check.Disable) {
			t.Errorf("%s waits until %s is healthy, which has no healthcheck", service.Name, name)
		}
	}
}

// oneShot reports whether a service ends well instead of becoming ready.
func oneShot(service types.ServiceConfig) bool {
	return service.Restart == types.RestartPolicyNo || strings.HasPrefix(service.Restart, types.RestartPolicyOnFailure)
}

func compose(t *testing.T, name string, data []byte, variables map[string]string) *types.Project {
	t.Helper()
	project, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  t.TempDir(),
		Environment: variables,
		ConfigFiles: []types.ConfigFile{{Filename: name + "/" + composeFile, Content: data}},
	}, func(o *loader.Options) {
		o.SetProjectName(name, true)
		o.Profiles = []string{"*"}
	})
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func builtinStacks(t *testing.T) []Stack {
	t.Helper()
	catalogue, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return catalogue.All()
}
