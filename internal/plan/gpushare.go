package plan

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/gpu"
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

// misnamed warns of whoever asks for devices under the name that they do not
// have here: their Pods are never given any.
func (r *resolver) misnamed(g GPUs, advertiser string) {
	if advertiser == "" || g.Advertised() == 0 {
		return
	}
	wrong, right := gpu.SharedResource, gpu.Resource
	if g.Renamed {
		wrong, right = right, wrong
	}
	var names []string
	for _, stack := range r.plan.Stacks {
		for _, object := range stack.Objects() {
			if anyField(object.Object, func(key string, value any) bool { return key == wrong && fmt.Sprint(value) != "0" }) {
				names = append(names, object.GetName())
			}
		}
	}
	if len(names) > 0 {
		remedy := fmt.Sprintf("ask for %s, or --set %s.rename=false", right, advertiser)
		if !g.Renamed {
			remedy = fmt.Sprintf("ask for %s, or share devices and --set %s.rename=true", right, advertiser)
		}
		r.warn("Pods of %s ask for %s, and GPUs are advertised as %s: they will find none; %s", strings.Join(names, ", "), wrong, right, remedy)
	}
}
