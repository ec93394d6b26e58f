package plan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/internal/gpu/pass"
	"github.com/diorama-dev/diorama/internal/yamlpos"
	"github.com/diorama-dev/diorama/profiles"
)

// simulatedStack advertises devices that are not there.
const simulatedStack = "gpu-simulated"

// GPUs are those of the cluster, and who asks for them.
type GPUs struct {
	Wish profiles.GPUWish `json:"wish"`
	// Simulated is true where the devices are only advertised, in the shape.
	Simulated bool   `json:"simulated,omitempty"`
	Shape     string `json:"shape,omitempty"`
	// Share is how many Pods take turns on each device; 0 and 1: not.
	Share int `json:"share,omitempty"`
	// Renamed is true where shares are advertised as [gpu.SharedResource].
	Renamed bool `json:"renamed,omitempty"`
	// Nodes have PerNode devices each.
	Nodes   int `json:"nodes,omitempty"`
	PerNode int `json:"perNode,omitempty"`
	// Passing is which of the machine's devices its nodes get.
	Passing pass.Plan `json:"passing,omitzero"`
	// Unasked is how many of the machine's devices stay out of the nodes since
	// nobody asks for one.
	Unasked int `json:"unasked,omitempty"`
	// Asked is what the services ask for together.
	Asked  int64   `json:"asked,omitempty"`
	Askers []Asker `json:"askers,omitempty"`
}

// Asker is a service whose Pods ask for devices.
type Asker struct {
	Stack   string `json:"stack"`
	Service string `json:"service"`
	GPUs    int64  `json:"gpus"` // of all replicas together
	Pods    int    `json:"pods"`
}

// Advertised is how many devices Pods can be given, shares counted singly.
func (g GPUs) Advertised() int64 {
	total := int64(g.Nodes) * int64(g.PerNode)
	if len(g.Passing.Nodes) > 0 {
		total = 0
		for _, node := range g.Passing.Nodes {
			total += int64(node.Count(g.Passing.MIG))
		}
	}
	return total * int64(max(1, g.Share))
}

// String says what there will be and who asks for some: "2xA100, simulated;
// one asks for 1, two for 2".
func (g GPUs) String() string {
	text := devices(g.Advertised())
	switch {
	case g.Unasked > 0:
		text = fmt.Sprintf("none: no service asks for one, so that the machine's (%d) stay out of the nodes; --set gpu=require passes them on all the same", g.Unasked)
	case g.Advertised() == 0:
		text = "none"
	case g.Simulated:
		text = g.Shape + ", simulated: they schedule and do not compute"
	}
	if g.Nodes > 1 {
		text += fmt.Sprintf(", on each of %d nodes", g.Nodes)
	}
	if g.Share > 1 {
		text += fmt.Sprintf(", each shared by up to %d Pods", g.Share)
	}
	for i, a := range g.Askers {
		text += map[bool]string{true: "; ", false: ", "}[i == 0] + fmt.Sprintf("%s asks for %d", a.Service, a.GPUs)
	}
	return text
}

// withGPUs is the profile with the stack that its wish for GPUs adds, which
// comes first, since it requires nothing and others wait for what it gives.
// Passing is what nodes get of the machine's own.
func withGPUs(p profiles.Profile, passing pass.Plan) (profiles.Profile, error) {
	named, err := simulatedIn(p)
	if err != nil {
		return p, err
	}
	if err := contradiction(p, named, realIn(p)); err != nil {
		return p, err
	}
	if named != nil || p.GPU.Wish == profiles.GPUSimulate {
		return withSimulated(p, named)
	}
	if len(passing.Nodes) > 0 {
		return withReal(p, passing), nil
	}
	return p, nil
}

// contradiction is the error of a stack that the profile names against its
// wish, or of both: two plugins would advertise under one name.
func contradiction(p profiles.Profile, simulated, own *profiles.Selection) error {
	against := func(s *profiles.Selection) error {
		return fmt.Errorf("%s: found the stack %s, and the wish gpu: %s; take one of them away", s.Position, s.Stack, p.GPU.Wish)
	}
	wish := p.GPU.Wish
	switch {
	case simulated != nil && (wish == profiles.GPUOff || wish == profiles.GPURequire):
		return against(simulated)
	case own != nil && (wish == profiles.GPUOff || wish == profiles.GPUSimulate):
		return against(own)
	case simulated != nil && own != nil:
		return fmt.Errorf("%s: found the stack %s beside %s, and both advertise nvidia.com/gpu; take one of them away", own.Position, own.Stack, simulated.Stack)
	}
	return nil
}

// realIn is where the profile itself names what advertises the machine's own
// devices; nil: nowhere.
func realIn(p profiles.Profile) *profiles.Selection {
	i := slices.IndexFunc(p.Stacks, func(s profiles.Selection) bool { return s.Stack == realStack })
	if i < 0 {
		return nil
	}
	return &p.Stacks[i]
}

// simulatedIn is where the profile itself names the stack; nil: nowhere.
func simulatedIn(p profiles.Profile) (*profiles.Selection, error) {
	var named *profiles.Selection
	for i, selection := range p.Stacks {
		switch {
		case selection.Stack != simulatedStack:
		case named != nil:
			return nil, fmt.Errorf("%s: found another %s; the kubelet of a node takes one: ask for a larger shape", selection.Position, simulatedStack)
		default:
			named = &p.Stacks[i]
		}
	}
	return named, nil
}

// withSimulated has the stack come first, with the shape of the wish unless the
// stack's own parameters say another.
func withSimulated(p profiles.Profile, named *profiles.Selection) (profiles.Profile, error) {
	selection := profiles.Selection{Stack: simulatedStack, As: simulatedStack}
	if named != nil {
		selection = *named
	}
	rest := slices.DeleteFunc(slices.Clone(p.Stacks), func(s profiles.Selection) bool { return s.Stack == simulatedStack })
	p.Stacks = append([]profiles.Selection{selection}, rest...)
	parameters := maps.Clone(p.Parameters[selection.As])
	if parameters == nil {
		parameters = make(map[string]any)
	}
	if _, said := parameters["shape"]; !said && p.GPU.Simulate != "" {
		parameters["shape"] = p.GPU.Simulate
	}
	if _, said := parameters["share"]; !said && p.GPU.Share > 0 {
		parameters["share"] = p.GPU.Share
	}
	p.Parameters = maps.Clone(p.Parameters)
	if p.Parameters == nil {
		p.Parameters = make(map[string]map[string]any)
	}
	p.Parameters[selection.As] = parameters
	text, ok := parameters["shape"].(string)
	if !ok {
		return p, nil // the stack's own default, or a type that it refuses
	}
	_, err := shapeOf(text)
	return p, err
}

// shapeOf reads a shape; the error of an unknown model names the nearest.
func shapeOf(text string) (gpu.Shape, error) {
	shape, err := gpu.ParseShape(text)
	if unknown, ok := errors.AsType[*gpu.UnknownModelError](err); ok {
		return shape, errors.New("gpu.simulate: " + yamlpos.Unknown("model", unknown.Model, gpu.ModelNames()))
	}
	if err != nil {
		return shape, fmt.Errorf("gpu.simulate: %w", err)
	}
	return shape, nil
}

// resolveGPUs says what devices there will be, has those that ask for some come
// after what advertises them, and warns of who will wait in vain.
func (r *resolver) resolveGPUs(context.Context) error {
	g := GPUs{Wish: r.in.Profile.GPU.Wish}
	advertiser := ""
	if i := slices.IndexFunc(r.all, func(i instance) bool { return i.Stack == simulatedStack }); i >= 0 {
		advertiser = r.all[i].As
		if err := g.simulate(r.parameters[advertiser], r.plan.Cluster.Nodes); err != nil {
			return err
		}
	}
	r.countAskers(&g)
	r.leaveUnasked(&g)
	if i := slices.IndexFunc(r.all, func(i instance) bool { return i.Stack == realStack }); i >= 0 {
		advertiser = r.all[i].As
		if err := g.pass(r.passed, r.parameters[advertiser]); err != nil {
			return err
		}
	}
	for i, stack := range r.plan.Stacks {
		asks := slices.ContainsFunc(g.Askers, func(a Asker) bool { return a.Stack == stack.Name })
		if advertiser != "" && asks && !slices.Contains(stack.Requires, advertiser) {
			r.plan.Stacks[i].Requires = append(slices.Clone(stack.Requires), advertiser)
		}
	}
	if g.Advertised() > 0 || g.Asked > 0 || g.Unasked > 0 || len(g.Passing.Nodes) > 0 {
		r.plan.Cluster.GPU = g
	}
	r.plan.Warnings = append(r.plan.Warnings, g.warnings()...)
	r.misnamed(g, advertiser)
	return nil
}

// simulate takes in what the stack will advertise. A control plane works only
// where it is the only node.
func (g *GPUs) simulate(parameters map[string]string, nodes int) error {
	shape, err := shapeOf(parameters["shape"])
	if err != nil {
		return err
	}
	if err := g.takeShare(simulatedStack, 1, parameters); err != nil {
		return err
	}
	g.Simulated, g.Shape, g.PerNode, g.Nodes = true, shape.String(), shape.Count, max(1, nodes-1)
	return nil
}

// wanting says of which services each Pod asks for more than so many devices.
func (g GPUs) wanting(most int64) string {
	text := ""
	for _, a := range g.Askers {
		switch each := a.GPUs / int64(a.Pods); {
		case each <= most:
		case text == "":
			text = fmt.Sprintf("a Pod of %s asks for %s", a.Service, devices(each))
		default:
			text += fmt.Sprintf(", one of %s for %s", a.Service, devices(each))
		}
	}
	return text
}

// warnings are what a person should know of GPUs before the start.
func (g GPUs) warnings() []string {
	if g.Asked == 0 {
		return nil
	}
	var names []string
	var largest int64
	for _, a := range g.Askers {
		names = append(names, a.Service)
		largest = max(largest, a.GPUs/int64(a.Pods))
	}
	who := strings.Join(names, ", ")
	advertised := g.Advertised()
	node := int64(g.PerNode) * int64(max(1, g.Share))
	switch {
	case advertised == 0:
		return []string{fmt.Sprintf("%s asks for %s, there are none; --set gpu.simulate=%dxA100 advertises some that schedule and do not compute",
			who, devices(g.Asked), min(max(g.Asked, largest), 64))}
	case largest > 1 && g.Share > 1 && !g.Simulated:
		// stacks/gpu-nvidia, failRequestsGreaterThanOne: several shares may be of
		// one device, and give no more of it.
		return []string{fmt.Sprintf("%s, and each is shared: its node refuses a container that asks for more than one share; ask for 1 each, or take gpu.share away",
			g.wanting(1))}
	case largest > node:
		return []string{fmt.Sprintf("%s, no node has more than %d; ask for fewer, or for a larger shape with --set gpu.simulate",
			g.wanting(node), node)}
	case g.Asked > advertised:
		return []string{fmt.Sprintf("%s ask for %s together, there %s: some Pods will wait until others end; ask for fewer, or for a larger shape with --set gpu.simulate",
			who, devices(g.Asked), cmp.Or(map[bool]string{true: "is 1"}[advertised == 1], "are "+strconv.FormatInt(advertised, 10)))}
	}
	return nil
}

func devices(n int64) string {
	if n == 1 {
		return "1 GPU"
	}
	return strconv.FormatInt(n, 10) + " GPUs"
}
