package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/internal/gpu/pass"
)

// lost warns of devices that nodes were made with and the machine has no more,
// and of those that are divided otherwise. A machine that has not been asked
// has lost none.
func (r *resolver) lost(made pass.Plan, there gpu.Inventory) (gone []string) {
	if len(there.Devices) == 0 && there.Absence == "" {
		return nil
	}
	for _, node := range made.Nodes {
		for _, d := range node.Devices {
			i := slices.IndexFunc(there.Devices, func(o gpu.Device) bool { return o.UUID == d.UUID })
			why := there.Absence
			if i >= 0 {
				why = there.Devices[i].Error
			}
			if i >= 0 && why == "" {
				if r.redivided(node, d, there.Devices[i].MIG) {
					gone = append(gone, d.UUID)
				}
				continue
			}
			gone = append(gone, d.UUID)
			r.warn("the GPU %s, which node %d was made with, is lost: %s; Pods that use it end, and --recreate makes the cluster without it (this deletes its data)",
				d.UUID, node.Node, cmp.Or(why, "the driver does not know it any more"))
		}
	}
	return gone
}

// renumber gives the devices the numbers that their files have now: another card,
// or one that is dead, shifts those of the others. The node keeps the files of
// its numbers and loses the rest. A device that the driver does not know keeps
// its number as long as no other has it.
func renumber(made pass.Plan, there gpu.Inventory) {
	for _, node := range made.Nodes {
		for i, d := range node.Devices {
			now := slices.IndexFunc(there.Devices, func(o gpu.Device) bool { return o.UUID == d.UUID })
			switch {
			case now >= 0 && there.Devices[now].Minor >= 0:
				node.Devices[i].Minor = there.Devices[now].Minor
			case slices.ContainsFunc(there.Devices, func(o gpu.Device) bool { return o.Minor == d.Minor && o.UUID != d.UUID }):
				node.Devices[i].Minor = -1
			}
		}
	}
}

// redivided warns of a device that has other MIG devices than when the node was
// made, whose mounts and plugin are for those. It reports whether nothing is
// left of what the node was made with.
func (r *resolver) redivided(node pass.Node, d pass.Device, now gpu.MIG) bool {
	gone, left := []string(nil), 0
	for _, part := range d.Parts {
		if slices.ContainsFunc(now.Instances, func(p gpu.Partition) bool { return p.UUID == part.UUID }) {
			left++
		} else {
			gone = append(gone, part.UUID)
		}
	}
	added := len(now.Instances) - left
	if len(gone) == 0 && added == 0 && now.Enabled == (len(d.Parts) > 0) {
		return false
	}
	var change []string
	switch {
	case len(d.Parts) == 0:
		change = append(change, "it was whole, and is in MIG mode now")
	case !now.Enabled:
		change = append(change, "it is whole now")
	default:
		if len(gone) > 0 {
			change = append(change, strings.Join(gone, ", ")+" gone")
		}
		if added > 0 {
			change = append(change, fmt.Sprintf("%d new", added))
		}
	}
	r.warn("the GPU %s, which node %d was made with, has been divided anew since: %s; --recreate makes the cluster with what there is now (this deletes its data)",
		d.UUID, node.Node, strings.Join(change, ", "))
	return left == 0
}
