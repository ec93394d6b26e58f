package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/internal/gpu/pass"
)

// mostShares bounds among how many Pods a device is shared, as a profile's
// wish and the simulating plugin do.
const mostShares = 64

// takeShare takes in among how many Pods the stack shares each device, and
// whether shares have a name of their own.
func (g *GPUs) takeShare(stack string, least int, parameters map[string]string) error {
	share, err := strconv.Atoi(parameters["share"])
	if err != nil || share < least || share > mostShares {
		return fmt.Errorf("parameter share of %s: found %s, expected %d to %d Pods for each device", stack, parameters["share"], least, mostShares)
	}
	g.Share, g.Renamed = share, share > 1 && parameters["rename"] == "true"
	return nil
}

// names are those by which Pods ask for devices, sorted; complete is false where
// there are MIG devices of profiles that nobody knows.
func (g GPUs) names(there gpu.Inventory) (names []string, complete bool) {
	complete = true
	if g.Advertised() > 0 {
		names = append(names, gpu.Resource)
		if g.Renamed {
			names[0] = gpu.SharedResource
		}
	}
	if g.Passing.MIG != "mixed" {
		return names, complete
	}
	profile := func(p pass.Part) string {
		for _, d := range there.Devices {
			for _, now := range d.MIG.Instances {
				if now.UUID == p.UUID {
					return now.Profile
				}
			}
		}
		return p.Profile
	}
	for _, node := range g.Passing.Nodes {
		for _, d := range node.Devices {
			for _, part := range d.Parts {
				if p := profile(part); p != "" {
					names = append(names, gpu.MIGResource(p))
				} else {
					complete = false
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), complete
}

// misnamed warns of whoever asks for devices under a name that they do not have
// here: their Pods are never given any.
func (r *resolver) misnamed(g GPUs, advertiser string) {
	names, complete := g.names(r.in.Host.GPU.Inventory)
	if advertiser == "" || len(names) == 0 {
		return
	}
	askers := make(map[string][]string)
	for _, stack := range r.plan.Stacks {
		for _, object := range stack.Objects() {
			for _, asked := range askedResources(object.Object) {
				known := asked == gpu.Resource || asked == gpu.SharedResource || complete
				if known && !slices.Contains(names, asked) {
					askers[asked] = append(askers[asked], object.GetName())
				}
			}
		}
	}
	right := strings.Join(names, ", ")
	for _, wrong := range slices.Sorted(maps.Keys(askers)) {
		remedy := "ask for " + right
		switch {
		case len(names) > 1:
			remedy = "ask for one of those"
		case wrong == gpu.Resource && g.Renamed:
			remedy += fmt.Sprintf(", or --set %s.rename=false", advertiser)
		case wrong == gpu.SharedResource && right == gpu.Resource:
			remedy += fmt.Sprintf(", or share devices and --set %s.rename=true", advertiser)
		}
		r.warn("Pods of %s ask for %s, and GPUs are advertised as %s: they will find none; %s", strings.Join(askers[wrong], ", "), wrong, right, remedy)
	}
}

// askedResources are the names by which an object's Pods ask for devices.
func askedResources(object any) (names []string) {
	anyField(object, func(key string, value any) bool {
		if amounts, ok := value.(map[string]any); ok && (key == "limits" || key == "requests") {
			for name, amount := range amounts {
				if gpu.IsResource(name) && fmt.Sprint(amount) != "0" {
					names = append(names, name)
				}
			}
		}
		return false
	})
	slices.Sort(names)
	return slices.Compact(names)
}
