package profiles

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/seed"
	"github.com/diorama-dev/diorama/internal/yamlpos"
	"github.com/diorama-dev/diorama/stacks"
)

var (
	kubernetesVersion = regexp.MustCompile(`^1\.[0-9]{1,3}$`)
	// credentialForm is what a URL takes without escaping.
	credentialForm = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,256}$`)
)

// mostNodes bounds a cluster on one machine; each node takes about 600 MiB.
const mostNodes = 9

// validator turns a merged tree into a profile, collecting all that is wrong.
type validator struct {
	root          *yamlpos.Node
	catalogue     stacks.Catalogue
	workingFolder string
	problems      yamlpos.Problems
	decoded       yamlpos.Problems        // those that decoding found
	instances     map[string]stacks.Stack // those of the list, by instance
}

func (v *validator) report(message string, path ...string) {
	shown := ""
	for _, key := range path {
		shown = yamlpos.Join(shown, key)
	}
	if !v.decoded.Touch(shown) { // else it is only a consequence
		v.problems = append(v.problems, yamlpos.Problem{Position: v.root.At(path...), Path: shown, Message: message})
	}
}

func (v *validator) profile() Profile {
	file := profileFile{Runtime: RuntimeAuto, GPU: GPU{Wish: GPUAuto}}
	v.decoded = yamlpos.Decode(v.root, &file, "")
	v.problems = slices.Clone(v.decoded)
	p := Profile{
		Name: file.Name, Title: file.Title, Runtime: file.Runtime, GPU: file.GPU,
		Cluster: v.cluster(file.Cluster), Budget: file.Budget.budget(),
		Ports: file.Ports,
	}
	if !stacks.ValidName(p.Name) {
		v.report(fmt.Sprintf("found %s, expected small letters, digits and dashes", yamlpos.Quote(p.Name)), "name")
	}
	p.Stacks = v.stacks(file.Stacks)
	p.Apps = v.apps(file.Apps)
	if len(file.Stacks)+len(file.Apps) == 0 && len(v.problems) == 0 {
		v.report("nothing to run: expected stacks or apps, such as stacks: [redis]", "stacks")
	}
	p.Mesh = v.mesh(file.Mesh, p.Apps)
	p.Parameters = v.parameters(file.Parameters)
	v.ports(file.Ports)
	var passwords map[string]map[string]string
	p.Seeds, passwords = v.seeds(file.Seeds)
	p.Credentials = v.credentials(file.Credentials, p.Seeds)
	for instance, fixed := range passwords {
		if p.Credentials[instance] == nil {
			p.Credentials[instance] = make(map[string]string, len(fixed))
		}
		maps.Copy(p.Credentials[instance], fixed)
	}
	return p
}

func (v *validator) cluster(file clusterFile) Cluster {
	cluster := Cluster{Nodes: 1, Kubernetes: file.Kubernetes}
	if file.Nodes != nil {
		if cluster.Nodes = *file.Nodes; cluster.Nodes < 1 || cluster.Nodes > mostNodes {
			v.report(fmt.Sprintf("found %d, expected 1 to %d nodes", cluster.Nodes, mostNodes), "cluster", "nodes")
		}
	}
	if file.Kubernetes != "" && !kubernetesVersion.MatchString(file.Kubernetes) {
		v.report(fmt.Sprintf("found %s, expected major and minor version such as \"1.36\"", yamlpos.Quote(file.Kubernetes)), "cluster", "kubernetes")
	}
	return cluster
}

func (v *validator) stacks(files []selectionFile) []Selection {
	v.instances = map[string]stacks.Stack{}
	first := map[string]yamlpos.Position{}
	var selections []Selection
	for i, file := range files {
		if file.stack == "" {
			continue // reported when it was decoded
		}
		path := yamlpos.Index("stacks", i)
		stack, err := v.catalogue.Lookup(file.stack)
		if err != nil {
			v.problems = append(v.problems, file.node.Problem(path, err.Error()))
			continue
		}
		if !stacks.ValidName(file.instance) {
			v.problems = append(v.problems, file.node.Problem(path, fmt.Sprintf("found the name %s, expected small letters, digits and dashes", yamlpos.Quote(file.instance))))
			continue
		}
		if slices.Contains(profileKeys(), file.instance) {
			v.problems = append(v.problems, file.node.Problem(path, fmt.Sprintf("an instance cannot be called %s: that is a key of profiles, so that --set %s.… would mean the key; name it with {%s: {as: OTHER}}",
				file.instance, file.instance, file.stack)))
			continue
		}
		if at, ok := first[file.instance]; ok {
			v.problems = append(v.problems, file.node.Problem(path, fmt.Sprintf("%s is there already, at %s: remove one, or name it with {%s: {as: OTHER}}", yamlpos.Quote(file.instance), at, file.stack)))
			continue
		}
		first[file.instance] = file.node.Position
		v.instances[file.instance] = stack
		selections = append(selections, Selection{Stack: file.stack, As: file.instance, Position: file.node.String()})
	}
	return selections
}

func (v *validator) apps(files []appFile) []App {
	var apps []App
	seen := map[string]bool{}
	for i, file := range files {
		if len(file.files) == 0 {
			continue // reported when it was decoded
		}
		app := file.app(v.workingFolder)
		_, isStack := v.instances[app.Name]
		switch path := yamlpos.Index("apps", i); {
		case !stacks.ValidName(app.Name):
			v.problems = append(v.problems, file.node.Problem(path, fmt.Sprintf("found the name %s, expected small letters, digits and dashes: give one with {name: NAME, files: [PATH]}", yamlpos.Quote(app.Name))))
		case seen[app.Name] || isStack:
			v.problems = append(v.problems, file.node.Problem(path, fmt.Sprintf("a stack or an app named %s is there already: give another name with {name: NAME, files: [PATH]}", yamlpos.Quote(app.Name))))
		}
		seen[app.Name] = true
		apps = append(apps, app)
	}
	return apps
}

// instance is the stack behind an instance's name. A stack of the catalogue
// that the profile does not name counts too: what is set for it waits until it
// is there.
func (v *validator) instance(name string, path ...string) (stacks.Stack, bool) {
	if stack, ok := v.instances[name]; ok {
		return stack, true
	}
	stack, err := v.catalogue.Lookup(name)
	if err != nil {
		known := slices.Concat(slices.Collect(maps.Keys(v.instances)), v.catalogue.Names())
		slices.Sort(known)
		v.report(yamlpos.Unknown("stack", name, slices.Compact(known)), path...)
		return stacks.Stack{}, false
	}
	return stack, true
}

func (v *validator) parameters(file map[string]map[string]*yamlpos.Node) map[string]map[string]any {
	parameters := make(map[string]map[string]any, len(file))
	for _, instance := range slices.Sorted(maps.Keys(file)) {
		stack, ok := v.instance(instance, "parameters", instance)
		if !ok {
			continue
		}
		values := make(map[string]any, len(file[instance]))
		for _, name := range slices.Sorted(maps.Keys(file[instance])) {
			parameter, ok := stack.Parameters[name]
			if !ok {
				v.report(yamlpos.Unknown("parameter of "+stack.Name, name, slices.Collect(maps.Keys(stack.Parameters))), "parameters", instance, name)
				continue
			}
			value, problems := parameter.Decode(file[instance][name], "parameters."+instance+"."+name)
			v.problems = append(v.problems, problems...)
			values[name] = value
		}
		parameters[instance] = values
	}
	return parameters
}

func (v *validator) ports(ports map[string]int) {
	taken := map[int]string{}
	for _, key := range slices.Sorted(maps.Keys(ports)) {
		port := ports[key]
		name, endpoint, ok := strings.Cut(key, "/")
		if !ok {
			v.report("found "+yamlpos.Quote(key)+", expected STACK/ENDPOINT such as postgres/sql", "ports", key)
			continue
		}
		if stack, ok := v.instance(name, "ports", key); ok {
			if _, ok := stack.Endpoints[endpoint]; !ok {
				v.report(yamlpos.Unknown("endpoint of "+stack.Name, endpoint, slices.Collect(maps.Keys(stack.Endpoints))), "ports", key)
			}
		}
		if port < 1 || port > 65535 {
			v.report(fmt.Sprintf("found %d, expected a port from 1 to 65535", port), "ports", key)
			continue
		}
		if other, ok := taken[port]; ok {
			v.report(fmt.Sprintf("port %d is given to %s already: choose another", port, other), "ports", key)
		}
		taken[port] = key
	}
}

func (v *validator) credentials(file map[string]map[string]secret, seeds []seed.Set) map[string]map[string]string {
	all := make(map[string]map[string]string, len(file))
	for _, instance := range slices.Sorted(maps.Keys(file)) {
		stack, ok := v.instance(instance, "credentials", instance)
		if !ok {
			continue
		}
		all[instance] = make(map[string]string, len(file[instance]))
		known := slices.Concat(slices.Collect(maps.Keys(stack.Credentials)), seededCredentials(seeds, instance))
		for _, name := range slices.Sorted(maps.Keys(file[instance])) {
			if !slices.Contains(known, name) {
				v.report(yamlpos.Unknown("credential of "+stack.Name, name, known), "credentials", instance, name)
			}
			all[instance][name] = string(file[instance][name])
		}
	}
	return all
}
