package kind

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"

	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/engine"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/gpu/pass"
	"github.com/diorama-dev/diorama/internal/image"
	"github.com/diorama-dev/diorama/internal/plan"
)

// passOn gives the node of that index the devices that the plan says: by
// mounts of nothing to places that say something to NVIDIA's toolkit.
func passOn(node *v1alpha4.Node, passing pass.Plan, index int, gpuImage string) {
	given, ok := passing.Of(index)
	if !ok {
		return
	}
	for _, mount := range passing.Mounts(given) {
		node.ExtraMounts = append(node.ExtraMounts, v1alpha4.Mount{HostPath: mount.Host, ContainerPath: mount.Container})
	}
	node.Labels = map[string]string{pass.PresentLabel: "true"}
	if gpuImage != "" {
		node.Image = gpuImage
	}
}

// gpuImage has the image in Docker's cache that nodes with GPUs run: the
// plan's, with NVIDIA's toolkit in it. It is built once; that needs the
// network, the nodes do not. It returns "" where no node gets GPUs.
func (r *Runtime) gpuImage(ctx context.Context, report engine.Report) (string, error) {
	p := r.current()
	if len(p.Cluster.GPU.Passing.Nodes) == 0 {
		return "", nil
	}
	empty, err := os.MkdirTemp("", "diorama-node-") // the build needs a folder, and nothing from it
	if err != nil {
		return "", fmt.Errorf("build the node image for GPUs: %w", err)
	}
	defer os.RemoveAll(empty)
	build := gpuNodeBuild(p.Cluster.Image, r.options.Engine.Platform(), empty)
	report("building the node image with NVIDIA's container toolkit", env.Progress{})
	_, _, err = r.images.BuildApp(ctx, build, func(line string) { report(line, env.Progress{}) })
	if err != nil {
		return "", fmt.Errorf("nodes with GPUs need an image of their own, which is built once with the network: %w; without GPUs: --set gpu=off", err)
	}
	return build.Reference(ctx)
}

// gpuNodeBuild is the build of that image; its tag is a hash of the base and
// of what is done to it. No environment can have a name with that sign in it.
func gpuNodeBuild(base, platform, folder string) image.Build {
	return image.Build{
		Environment: "node_images", Service: "nvidia", Context: folder, Inline: gpuDockerfile,
		Args: map[string]string{"BASE": base}, Platform: platform,
	}
}

// mendGPUs has every node with GPUs in the state that they need there: what
// Docker does not keep over a restart of the node is done again. It goes by
// what is found, not by versions of the toolkit, which differ in what they do
// by themselves.
func (r *Runtime) mendGPUs(ctx context.Context, report engine.Report) (mended bool, err error) {
	p := r.current()
	if len(p.Cluster.GPU.Passing.Nodes) == 0 {
		return false, nil
	}
	nodes, err := Nodes(ctx, r.options.Engine, p.Cluster.Name)
	if err != nil {
		return false, err
	}
	for i, node := range nodes {
		given, ok := p.Cluster.GPU.Passing.Of(i)
		if !ok {
			continue
		}
		report("preparing the GPUs of "+node.Name, env.Progress{})
		changed, err := mendNode(ctx, execer(r.options.Engine, node.Name), repairs(given))
		mended = mended || changed
		if err != nil {
			return mended, fmt.Errorf("prepare the GPUs of node %s: %w; without GPUs: --set gpu=off", node.Name, err)
		}
	}
	return mended, nil
}

// ofGPUs is the error of passing GPUs on as the host's, where the plan requires
// them; a run that was given up is not the host's fault.
func ofGPUs(ctx context.Context, p plan.Plan, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return p.Cluster.GPU.Required(err)
}

// explainGPUs adds to why a node does not start that it was made with GPUs:
// NVIDIA's toolkit refuses to start a container whose device is gone.
func explainGPUs(err error, made env.GPURecord) error {
	if len(made.Nodes) == 0 {
		return err
	}
	var devices []string
	for _, node := range made.Nodes {
		for _, d := range node.Devices {
			devices = append(devices, d.UUID)
		}
	}
	return fmt.Errorf("%w; the nodes were made with the GPUs %s: where the machine has one of them no more, see diorama doctor, and make the cluster anew with --recreate",
		err, strings.Join(devices, ", "))
}

// shell runs a script and returns what it printed.
type shell func(ctx context.Context, script string) (string, error)

func execer(engine *docker.Engine, node string) shell {
	return func(ctx context.Context, script string) (string, error) {
		out, err := engine.Exec(ctx, node, nil, "sh", "-c", script)
		return string(out), err
	}
}

// mendNode runs the repairs whose checks say that they are needed, and sees
// whether they helped.
func mendNode(ctx context.Context, run shell, list []repair) (mended bool, err error) {
	needed, err := examine(ctx, run, list)
	if err != nil || len(needed) == 0 {
		return false, err
	}
	for _, r := range needed {
		if r.Mend == "" {
			continue
		}
		if _, err := run(ctx, r.Mend); err != nil {
			return true, fmt.Errorf("%s: %w", r.Title, err)
		}
	}
	left, err := examine(ctx, run, needed)
	if err != nil {
		return true, err
	}
	var errs []error
	for _, r := range left {
		errs = append(errs, fmt.Errorf("%s, and that could not be mended; %s", r.Title, r.Remedy))
	}
	return true, errors.Join(errs...)
}

// examine runs all checks at once, and returns what needs repair.
func examine(ctx context.Context, run shell, list []repair) ([]repair, error) {
	var script strings.Builder
	for _, r := range list {
		fmt.Fprintf(&script, "(\n%s\n) >/dev/null 2>&1 || echo %s\n", r.Check, r.Name)
	}
	out, err := run(ctx, script.String())
	if err != nil {
		return nil, err
	}
	said := strings.Fields(out)
	var needed []repair
	for _, r := range list {
		for _, name := range said {
			if name == r.Name {
				needed = append(needed, r)
			}
		}
	}
	return needed, nil
}
