package image

import (
	"context"
	"fmt"
	"strings"
	"time"
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
	// until the node's containerd has noticed the image.
	ID string
	// Digest is that of its manifest or index.
	Digest string
}

// NodeImages lists the images in a node that have a name.
func (h *Host) NodeImages(ctx context.Context, node string) ([]NodeImage, error) {
	out, err := h.run(ctx, node, nil, ctr("images", "list")...)
	if err != nil {
		return nil, fmt.Errorf("list the images of node %s: %w", node, err)
	}
	return parseImages(string(out)), nil
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
		named = append(named, NodeImage{Name: name, Digest: digest})
	}
	for i := range named {
		named[i].ID = ids[named[i].Digest]
	}
	return named
}

// holds reports whether the node's images contain this one under its name.
func holds(images []NodeImage, info Info) bool {
	for _, image := range images {
		if image.Name != info.Ref {
			continue
		}
		if image.ID == info.ID || image.Digest == info.ID {
			return true
		}
		for _, manifest := range info.manifests {
			if image.Digest == manifest {
				return true
			}
		}
	}
	return false
}

// nodePoll is how often a node that is coming up is asked. Docker tells of
// containers, not of what runs inside them, so that this cannot be watched.
const nodePoll = 250 * time.Millisecond

// WaitNode waits until images can be loaded into the node: its container runs
// and its containerd answers, which is well before Kubernetes does. When ctx
// ends first, the error has what was seen last.
func (h *Host) WaitNode(ctx context.Context, node string) error {
	ticker := time.NewTicker(nodePoll)
	defer ticker.Stop()
	for {
		_, err := h.run(ctx, node, nil, ctr("version")...)
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
