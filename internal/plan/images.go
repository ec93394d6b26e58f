package plan

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/go-units"

	"github.com/diorama-dev/diorama/internal/manifest"
)

// ProgramImage is the image that a package of this module becomes.
type ProgramImage struct {
	Reference string
	// Binary is the file that it is made of; empty: it is compiled first.
	Binary string
}

// program is an image made from a package of this module.
type program struct {
	pkg string
	ProgramImage
}

// resolvePrograms names the images that stacks make from this module, and
// leaves out the stacks whose images cannot be made here.
func (r *resolver) resolvePrograms(all []instance) []instance {
	return slices.DeleteFunc(all, func(i instance) bool {
		for _, build := range i.stack.Builds {
			made, err := r.in.Program(build.Image, build.Package)
			if err != nil {
				r.leaveOut(i.As, err.Error())
				return true
			}
			r.programs[build.Image] = program{pkg: build.Package, ProgramImage: made}
		}
		return false
	})
}

// image names the image to use for one that a stack asks for.
func (r *resolver) image(requested string) (string, error) {
	if program, ok := r.programs[repository(requested)]; ok {
		return program.Reference, nil
	}
	return r.in.Substitute(requested)
}

// resolveImages gathers what Pods run, and how images that no registry has are
// made.
func (r *resolver) resolveImages(context.Context) error {
	for _, stack := range r.urgent() {
		for _, reference := range stack.Images {
			if !slices.ContainsFunc(r.plan.Images, func(o Image) bool { return o.Reference == reference }) {
				r.plan.Images = append(r.plan.Images, r.imageOf(stack, reference))
			}
		}
	}
	return nil
}

// urgent are the stacks, those first that most others wait for, and of equal
// ones those with the largest images: the longest chain begins first.
func (r *resolver) urgent() []Stack {
	waiting := make(map[string]int)
	for _, stack := range r.plan.Stacks {
		for _, required := range stack.Requires {
			waiting[required]++
		}
	}
	size := make(map[string]int64)
	for _, i := range r.all {
		size[i.As] = i.stack.Footprint.Image
	}
	list := slices.Clone(r.plan.Stacks)
	slices.SortStableFunc(list, func(a, b Stack) int {
		return cmp.Or(waiting[b.Name]-waiting[a.Name], cmp.Compare(size[b.Name], size[a.Name]))
	})
	return list
}

// imageOf says where an image of the stack comes from.
func (r *resolver) imageOf(stack Stack, reference string) Image {
	image := Image{Reference: reference}
	i := slices.IndexFunc(stack.Workloads, func(w manifest.Workload) bool { return w.Image == reference })
	if i < 0 {
		return image // a hook's
	}
	workload := stack.Workloads[i]
	image.Requested = different(workload.Requested, reference)
	if workload.Build != nil {
		image.Build = &Build{App: workload.Build, Service: workload.Service}
	} else if program, ok := r.programs[repository(workload.Requested)]; ok {
		image.Build = &Build{Package: program.pkg, Binary: program.Binary}
	}
	return image
}

// repository is a reference without its tag and digest.
func repository(reference string) string {
	name, _, _ := strings.Cut(reference, "@")
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		name = name[:colon]
	}
	return name
}

const (
	// clusterMemory is what a cluster of one node takes before any stack is
	// there: measured at 600 to 800 MiB.
	clusterMemory = 700 << 20
	// nodeMemory is what each further node takes.
	nodeMemory = 250 << 20
)

// MemoryError says that the stacks do not fit the machine, and which to leave
// out.
type MemoryError struct {
	Memory
	LeaveOut string
}

func (e *MemoryError) Error() string {
	message := fmt.Sprintf("the profile needs about %s of memory, the machine that runs it has %s",
		units.BytesSize(float64(e.Needed)), units.BytesSize(float64(e.Available)))
	if e.LeaveOut != "" {
		message += "; leave out " + e.LeaveOut + ", or give the machine (with Docker: its virtual machine) more memory"
	}
	return message
}

// resolveDisk warns of images that may not fit: each lies in Docker's cache
// and, unpacked, in the nodes.
func (r *resolver) resolveDisk(context.Context) error {
	var needed int64
	for _, i := range r.all {
		needed += i.stack.Footprint.Image * int64(1+r.plan.Cluster.Nodes)
	}
	if free := r.in.Host.Disk; free > 0 && needed > free {
		r.plan.Warnings = append(r.plan.Warnings, fmt.Sprintf(
			"the images take about %s on disk and %s is free; make room with `docker system prune`",
			units.BytesSize(float64(needed)), units.BytesSize(float64(free))))
	}
	return nil
}

func (r *resolver) resolveMemory(context.Context) error {
	return r.fits(clusterMemory + int64(r.plan.Cluster.Nodes-1)*nodeMemory)
}

// fits holds the stacks, and what is needed beside them, against the machine.
func (r *resolver) fits(beside int64) error {
	m := Memory{Available: r.in.Host.Memory, Budget: r.in.Profile.Budget.Memory, Needed: beside}
	largest := Stack{}
	for _, s := range r.plan.Stacks {
		m.Needed += s.Memory
		if s.Memory > largest.Memory {
			largest = s
		}
	}
	r.plan.Memory = m
	if m.Available > 0 && m.Needed > m.Available {
		return &MemoryError{Memory: m, LeaveOut: largest.Name}
	}
	if m.Budget > 0 && m.Needed > m.Budget {
		r.plan.Warnings = append(r.plan.Warnings, fmt.Sprintf(
			"about %s of memory will be needed, more than the budget of %s; %s takes the most (%s)",
			units.BytesSize(float64(m.Needed)), units.BytesSize(float64(m.Budget)), largest.Name, units.BytesSize(float64(largest.Memory))))
	}
	return nil
}
