// Package plugin owns simulated GPUs: a device plugin that advertises devices
// which are not there to the kubelet of its node, and the look-alike of
// nvidia-smi that the Pods find which are given some. Both are one static
// program; what it is called by decides which of the two it is.
package plugin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// Environment variables by which the stack's manifest says what is wanted.
const (
	shapeVariable       = "DIORAMA_GPU_SHAPE"
	shareVariable       = "DIORAMA_GPU_SHARE"
	renameVariable      = "DIORAMA_GPU_RENAME"
	nodeVariable        = "DIORAMA_GPU_NODE"
	environmentVariable = "DIORAMA_GPU_ENVIRONMENT"
)

const (
	// maxShare bounds among how many Pods a device is shared.
	maxShare = 64
	// pace is how often the kubelet's socket and our own are looked at.
	pace = 500 * time.Millisecond
	// endWithin bounds what is put right at the end.
	endWithin = 2 * time.Second
)

// Options say what is advertised, and where. Folders are as the program sees
// them; in Pods the look-alike comes from the node's own path of Programs.
type Options struct {
	Shape       gpu.Shape
	Share       int // 1: devices are not shared
	Rename      bool
	Environment string
	Node        string
	// Plugins is the kubelet's folder of sockets.
	Plugins string
	// Programs is where the look-alike of nvidia-smi is put, on the node and in
	// the program's own container alike.
	Programs string
	// Listen is where GET /ready answers.
	Listen string
}

// read takes the options from the environment that the manifest gives.
func read(getenv func(string) string) (Options, error) {
	o := Options{
		Environment: getenv(environmentVariable), Node: getenv(nodeVariable), Rename: getenv(renameVariable) == "true",
		Plugins: "/var/lib/kubelet/device-plugins", Programs: "/var/lib/diorama/gpu", Listen: ":8090",
	}
	if o.Node == "" {
		return o, fmt.Errorf("%s is empty: it names the node whose kubelet is told of the devices", nodeVariable)
	}
	var err error
	if o.Shape, err = gpu.ParseShape(getenv(shapeVariable)); err != nil {
		return o, fmt.Errorf("%s: %w", shapeVariable, err)
	}
	if o.Share, err = strconv.Atoi(cmp.Or(getenv(shareVariable), "1")); err != nil || o.Share < 0 || o.Share > maxShare {
		return o, fmt.Errorf("%s: %q is not 1 to %d Pods for each device", shareVariable, getenv(shareVariable), maxShare)
	}
	o.Share = max(1, o.Share)
	return o, nil
}

// resource is what the devices are advertised as. NVIDIA's plugin keeps the
// name for shares unless it is told renameByDefault, and so do we.
func (o Options) resource() string {
	if o.Share > 1 && o.Rename {
		return gpu.SharedResource
	}
	return gpu.Resource
}

// Run advertises until the context ends.
func Run(ctx context.Context, getenv func(string) string, out io.Writer) error {
	o, err := read(getenv)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(out, nil))
	if err := installSMI(o.Programs); err != nil {
		return err
	}
	node, err := inCluster(o.Node, getenv)
	if err != nil {
		return err
	}
	p := newPlugin(o, log)
	stop, err := p.answerProbes(ctx, node)
	if err != nil {
		return err
	}
	defer stop()
	log.Info("simulated devices: they schedule and do not compute", "shape", o.Shape.String(), "resource", o.resource(), "share", o.Share)
	marked := make(chan struct{})
	go func() {
		defer close(marked)
		node.keepLabels(ctx, labels(o), log)
	}()
	p.serve(ctx)
	<-marked
	// Whoever looks for nodes with GPUs is not to find this one any more.
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
	defer cancel()
	return node.unmark(end, labels(o))
}

// installSMI puts the program where the node can give it to Pods. A file that
// Pods run already stays theirs: the new one takes its name only.
func installSMI(folder string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program: %w", err)
	}
	content, err := os.ReadFile(self)
	if err != nil {
		return fmt.Errorf("read the program: %w", err)
	}
	place := filepath.Join(folder, smiName)
	if there, err := os.ReadFile(place); err == nil && string(there) == string(content) {
		return nil
	}
	next := place + ".new"
	if err := os.WriteFile(next, content, 0o755); err != nil { //nolint:gosec // Pods of any user run it
		return fmt.Errorf("put %s onto the node: %w", smiName, err)
	}
	if err := errors.Join(os.Chmod(next, 0o755), os.Rename(next, place)); err != nil {
		return fmt.Errorf("put %s onto the node: %w", smiName, err)
	}
	return nil
}
