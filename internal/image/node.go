package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/docker"
)

// ctr is how to speak to a node's containerd about the images that Kubernetes
// sees. Not crictl: a node image need not have it.
func ctr(args ...string) []string {
	return append([]string{"ctr", "--namespace=k8s.io"}, args...)
}

// NodeImage is an image in a node.
type NodeImage struct {
	Name string // normalised, for example "docker.io/library/redis:8"
	// ID is the digest of its configuration, as the kubelet reports it; empty
	// where that cannot be told.
	ID string
	// Digest is that of its manifest or index.
	Digest string
	// Managed is true once the node's kubelet can see the image.
	Managed bool
}

// managedLabel is what the Kubernetes side of containerd, 1.6 as 2, puts on
// the images that it has taken in.
const managedLabel = "io.cri-containerd.image=managed"

// NodeImages lists the images in a node that have a name.
func (h *Host) NodeImages(ctx context.Context, node string) ([]NodeImage, error) {
	out, err := h.listImages(ctx, node)
	if err != nil {
		return nil, fmt.Errorf("list the images of node %s: %w", node, err)
	}
	images := parseImages(string(out))
	for i := range images {
		if images[i].ID != "" {
			continue
		}
		if images[i].ID, err = h.configOf(ctx, node, images[i].Digest); err != nil {
			return nil, fmt.Errorf("list the images of node %s: %w", node, err)
		}
	}
	return images, nil
}

// Bounds of the wait for a node's containerd, which comes up some time after
// the node: on a busy machine later than ctr waits by itself.
const (
	containerdWithin = 2 * time.Minute
	containerdEvery  = 250 * time.Millisecond
)

// listImages asks a node's containerd, once that answers.
func (h *Host) listImages(ctx context.Context, node string) ([]byte, error) {
	deadline := time.Now().Add(containerdWithin)
	for {
		out, err := h.engine.Exec(ctx, node, nil, ctr("images", "list")...)
		if err == nil || !starting(err) || time.Now().After(deadline) {
			return out, err
		}
		timer := time.NewTimer(containerdEvery)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, errors.Join(context.Cause(ctx), err)
		}
	}
}

// starting reports whether ctr found nobody behind containerd's socket.
func starting(err error) bool {
	failed, ok := errors.AsType[*docker.CommandError](err)
	return ok && strings.Contains(failed.Output, "containerd.sock") && strings.Contains(failed.Output, "dial")
}

// configOf reads an image's ID out of its manifest; empty where the manifest
// is an index or is gone.
func (h *Host) configOf(ctx context.Context, node, digest string) (string, error) {
	out, err := h.engine.Exec(ctx, node, nil, ctr("content", "get", digest)...)
	var gone *docker.CommandError
	if errors.As(err, &gone) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var manifest struct {
		Config struct {
			Digest string `json:"digest"`
		} `json:"config"`
	}
	if err := json.Unmarshal(out, &manifest); err != nil {
		return "", nil //nolint:nilerr // not a manifest: then it has no ID
	}
	return manifest.Config.Digest, nil
}

// parseImages reads `ctr images list`. Beside the names it has a line for each
// image's ID, with the same digest: that is how a name is tied to its ID.
func parseImages(out string) []NodeImage {
	ids := make(map[string]string) // by digest
	var named []NodeImage
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) < 3 || !strings.HasPrefix(fields[2], "sha256:") {
			continue // the heading, or not of this list
		}
		name, digest := fields[0], fields[2]
		if strings.HasPrefix(name, "sha256:") {
			ids[digest] = name
			continue
		}
		managed := strings.Contains(fields[len(fields)-1], managedLabel)
		named = append(named, NodeImage{Name: name, Digest: digest, Managed: managed})
	}
	for i := range named {
		named[i].ID = ids[named[i].Digest]
	}
	return named
}

// holds reports whether the node's images contain this one under all of its
// names.
func holds(images []NodeImage, info Info) bool {
	for _, name := range info.names() {
		if !slices.ContainsFunc(images, func(i NodeImage) bool { return i.Name == name && i.is(info) }) {
			return false
		}
	}
	return true
}

// is reports whether the node's image has the content of the host's.
func (n NodeImage) is(info Info) bool {
	return n.ID == info.ID || n.Digest == info.ID || slices.Contains(info.manifests, n.Digest)
}

// settleWithin bounds how long a node may take to notice an image that was
// imported. Waiting longer cannot help, and nothing is lost by going on: a
// kubelet that looks too early tries again.
const settleWithin = 5 * time.Second

// settle waits until the node's kubelet can see the images: containerd tells
// its Kubernetes side of an import a moment after the import has ended, and a
// Pod that starts in between would try to pull.
func (h *Host) settle(ctx context.Context, node string, infos []Info) error {
	bounded, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	ticker := time.NewTicker(nodePoll)
	defer ticker.Stop()
	for {
		out, err := h.engine.Exec(bounded, node, nil, ctr("images", "list")...)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case bounded.Err() != nil:
			return nil
		case err != nil:
			return err
		case noticed(parseImages(string(out)), infos):
			return nil
		}
		select {
		case <-bounded.Done():
		case <-ticker.C:
		}
	}
}

// noticed reports whether the kubelet can see all of the images.
func noticed(images []NodeImage, infos []Info) bool {
	managed := make(map[string]bool, len(images))
	for _, image := range images {
		managed[image.Name] = image.Managed
	}
	for _, info := range infos {
		for _, name := range info.names() {
			if !managed[name] {
				return false
			}
		}
	}
	return true
}

// nodePoll is how often a node that is coming up is asked. Docker tells of
// containers, not of what runs inside them, so that this cannot be watched.
const nodePoll = 100 * time.Millisecond

// WaitNode waits until images can be loaded into the node: its container runs
// and its containerd answers, which is well before Kubernetes does. When ctx
// ends first, the error has what was seen last.
func (h *Host) WaitNode(ctx context.Context, node string) error {
	ticker := time.NewTicker(nodePoll)
	defer ticker.Stop()
	for {
		_, err := h.engine.Exec(ctx, node, nil, ctr("version")...)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the containerd of node %s: %w (last: %w)", node, context.Cause(ctx), err)
		case <-ticker.C:
		}
	}
}
