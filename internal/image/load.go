package image

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/docker/docker/client"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/diorama-dev/diorama/internal/env"
)

// Load has the images, which must be in the host's cache, in every one of the
// nodes under the names that Pods may use, see [Reference.Local]. Nodes that hold
// them already are left alone. Progress counts the bytes of the archive, which
// is read out of the cache once for all nodes. When ctx ends, so does the
// import; a half-imported image is not visible in the node.
func (h *Host) Load(ctx context.Context, nodes, refs []string, progress func(env.Progress)) (Outcome, error) {
	infos := make([]Info, 0, len(refs))
	for _, ref := range refs {
		info, err := h.Inspect(ctx, ref)
		if err != nil {
			return "", err
		}
		infos = append(infos, info)
	}
	lacking, err := h.lacking(ctx, nodes, infos)
	if err != nil || len(lacking.nodes) == 0 {
		return Unchanged, err
	}
	if err := h.transfer(ctx, lacking, progress); err != nil {
		return "", err
	}
	return Loaded, nil
}

// transfer is what has to go into nodes: all of the images into each of them.
type transfer struct {
	nodes  []string
	images []Info
}

// lacking finds the nodes that lack any of the images, and the images that
// any of these nodes lacks.
func (h *Host) lacking(ctx context.Context, nodes []string, infos []Info) (transfer, error) {
	var out transfer
	wanted := make([]bool, len(infos))
	for _, node := range nodes {
		images, err := h.held.of(node, func() ([]NodeImage, error) { return h.NodeImages(ctx, node) })
		if err != nil {
			return transfer{}, err
		}
		complete := true
		for i, info := range infos {
			if !holds(images, info) {
				complete, wanted[i] = false, true
			}
		}
		if !complete {
			out.nodes = append(out.nodes, node)
		}
	}
	for i, info := range infos {
		if wanted[i] {
			out.images = append(out.images, info)
		}
	}
	return out, nil
}

func (h *Host) transfer(ctx context.Context, t transfer, progress func(env.Progress)) error {
	defer h.held.forget(t.nodes)
	archive, err := h.save(ctx, t.images)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	pipes := make([]io.Writer, len(t.nodes))
	closers := make([]*io.PipeWriter, len(t.nodes))
	for i, node := range t.nodes {
		reader, writer := io.Pipe()
		pipes[i], closers[i] = writer, writer
		group.Go(func() error {
			err := h.importArchive(ctx, node, reader)
			if err == nil { // what follows the archive's end is the other nodes' too
				_, err = io.Copy(io.Discard, reader)
			}
			reader.CloseWithError(err) // the others end with the same error
			if err != nil {
				return err
			}
			if err := h.pin(ctx, node, t.images); err != nil {
				return err
			}
			return h.settle(ctx, node, t.images)
		})
	}
	group.Go(func() error {
		counted := &counter{source: archive, total: size(t.images), report: progress}
		_, err := io.CopyBuffer(io.MultiWriter(pipes...), counted, make([]byte, chunk))
		for _, writer := range closers {
			writer.CloseWithError(err)
		}
		if counted.err != nil {
			return fmt.Errorf("read images out of Docker's cache: %w", counted.err)
		}
		return nil // a node that stopped reading has its own error
	})
	err = group.Wait()
	if closing := archive.Close(); err == nil && closing != nil {
		return fmt.Errorf("read images out of Docker's cache: %w", closing)
	}
	return err
}

// save opens an archive of the images. Docker's containerd store knows several
// platforms of an image and has the content of one: only that is asked for.
func (h *Host) save(ctx context.Context, infos []Info) (io.ReadCloser, error) {
	names := make([]string, 0, len(infos))
	for _, info := range infos {
		names = append(names, info.Ref)
	}
	var options []client.ImageSaveOption
	if h.engine.Supports("1.48") && len(infos) > 0 {
		platform := ocispec.Platform{OS: infos[0].OS, Architecture: infos[0].Architecture}
		options = append(options, client.ImageSaveWithPlatforms(platform))
	}
	archive, err := h.docker.ImageSave(ctx, names, options...)
	if err != nil {
		return nil, fmt.Errorf("read images out of Docker's cache: %w", err)
	}
	return archive, nil
}

// importArchive feeds an archive to the node's containerd, which takes the
// node's own platform out of it. (kind's loader asks for all platforms, which
// archives of Docker's containerd store do not have.)
func (h *Host) importArchive(ctx context.Context, node string, archive io.Reader) error {
	command := ctr("images", "import", "--snapshotter="+snapshotter, "-")
	if _, err := h.engine.Exec(ctx, node, archive, command...); err != nil {
		return fmt.Errorf("load images into node %s: %w", node, err)
	}
	return nil
}

// pin gives images that were asked for by digest the name that has it. An
// import cannot: an archive does not have the digest that a registry gave.
func (h *Host) pin(ctx context.Context, node string, infos []Info) error {
	for _, info := range infos {
		if info.pinned == "" {
			continue
		}
		if _, err := h.engine.Exec(ctx, node, nil, ctr("images", "tag", "--force", info.Ref, info.pinned)...); err != nil {
			return fmt.Errorf("name image %s in node %s: %w", info.pinned, node, err)
		}
	}
	return nil
}

// snapshotter is the one that kind's node images are set up with when Docker
// makes them.
const snapshotter = "overlayfs"

func size(infos []Info) int64 {
	var sum int64
	for _, info := range infos {
		sum += info.Size
	}
	return sum
}

// chunk is how much of an archive moves at once, and at most how often that is
// reported.
const chunk = 1 << 20

// counter reports how much of a source was read. The total is an estimate: an
// archive is a little larger than the images in it.
type counter struct {
	source      io.Reader
	done, total int64
	reported    int64
	report      func(env.Progress)
	err         error // why reading ended, other than at the end
}

// Read reads on and reports.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.source.Read(p)
	c.done += int64(n)
	if c.report != nil && (c.done-c.reported >= chunk || err != nil) {
		c.reported = c.done
		c.report(env.Progress{Done: c.done, Total: max(c.total, c.done)})
	}
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}
