package image

import (
	"context"
	"fmt"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"

	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/env"
)

// Outcome says what had to be done to have an image where it is wanted.
type Outcome string

// The outcomes.
const (
	Unchanged Outcome = "unchanged" // it was there
	Pulled    Outcome = "pulled"
	Built     Outcome = "built"
	Loaded    Outcome = "loaded" // into a node
)

// Info is what the host's cache knows of an image.
type Info struct {
	Ref string // by which it is kept, see [Reference.Local]
	// ID is the digest of the image's configuration; with Docker's containerd
	// store, that of its manifest or index.
	ID string
	// Digest is the one that a registry gave; empty for an image that was
	// built or loaded here.
	Digest string
	// Size in bytes, unpacked.
	Size         int64
	Architecture string
	OS           string

	// pinned is the name by which a Pod asks for the image where the reference
	// has a digest; empty where it has none.
	pinned    string
	manifests []string // digests of the platform's manifests, with Docker's containerd store
}

// Host is the image cache of the local Docker engine.
type Host struct {
	docker *client.Client
	engine *docker.Engine
	// offline forbids everything that would dial out.
	offline bool
	// held is what nodes hold.
	held nodeLists
}

// names are those that the image has in a node.
func (i Info) names() []string {
	if i.pinned == "" {
		return []string{i.Ref}
	}
	return []string{i.Ref, i.pinned}
}

// HostOptions say how the host's cache may be filled.
type HostOptions struct {
	Offline bool // never pull
}

// NewHost is the cache of the engine.
func NewHost(engine *docker.Engine, options HostOptions) *Host {
	return &Host{docker: engine.Client, engine: engine, offline: options.Offline}
}

// Inspect looks an image up in the cache. That it is not there is an [*Error]
// with [NotFound].
func (h *Host) Inspect(ctx context.Context, ref string) (Info, error) {
	parsed, err := Parse(ref)
	if err != nil {
		return Info{}, err
	}
	found, err := h.inspect(ctx, parsed.Local().Familiar())
	if cerrdefs.IsNotFound(err) && parsed.Digest != "" {
		parsed.Tag = "" // Docker finds what it pulled by digest, without the tag
		found, err = h.inspect(ctx, parsed.Familiar())
	}
	switch {
	case cerrdefs.IsNotFound(err):
		return Info{}, &Error{Ref: ref, Problem: NotFound, Detail: "it is not in the host's cache"}
	case err != nil:
		return Info{}, fmt.Errorf("inspect image %s: %w", ref, err)
	}
	return infoOf(found, ref), nil
}

func (h *Host) inspect(ctx context.Context, ref string) (image.InspectResponse, error) {
	if h.engine.Supports("1.48") {
		return h.docker.ImageInspect(ctx, ref, client.ImageInspectWithManifests(true))
	}
	return h.docker.ImageInspect(ctx, ref)
}

func infoOf(found image.InspectResponse, ref string) Info {
	info := Info{Ref: ref, ID: found.ID, Size: found.Size, Architecture: found.Architecture, OS: found.Os}
	parsed, err := Parse(ref)
	if err != nil {
		return info
	}
	info.Ref = parsed.Local().String()
	if parsed.Digest != "" {
		// The kubelet leaves a tag beside a digest out.
		info.pinned = Reference{Domain: parsed.Domain, Path: parsed.Path, Digest: parsed.Digest}.String()
	}
	for _, digest := range found.RepoDigests {
		name, hash, _ := strings.Cut(digest, "@")
		if other, err := Parse(name); err != nil || other.Repository() != parsed.Repository() {
			continue
		}
		if info.Digest == "" || hash == parsed.Digest {
			info.Digest = hash
		}
	}
	for _, manifest := range found.Manifests {
		if manifest.Kind != image.ManifestKindImage || manifest.ImageData == nil {
			continue
		}
		if manifest.ImageData.Platform.Architecture == found.Architecture {
			info.manifests = append(info.manifests, manifest.ID)
		}
	}
	return info
}

// Missing are those of the references that the cache lacks.
func (h *Host) Missing(ctx context.Context, refs []string) ([]string, error) {
	var missing []string
	for _, ref := range refs {
		_, err := h.Inspect(ctx, ref)
		switch {
		case err == nil:
		case absent(err):
			missing = append(missing, ref)
		default:
			return nil, err
		}
	}
	return missing, nil
}

// Fetch has the image in the cache, pulling it where it is not there. The
// platform, for example "linux/arm64", is what it must be built for. An image
// that cannot be had is an [*Error]. Progress counts the bytes downloaded; its
// total is unknown until every layer's size is known.
func (h *Host) Fetch(ctx context.Context, ref, platform string, progress func(env.Progress)) (Info, Outcome, error) {
	parsed, err := Parse(ref)
	if err != nil {
		return Info{}, "", err
	}
	outcome := Unchanged
	info, err := h.Inspect(ctx, ref)
	if absent(err) {
		if h.offline {
			return Info{}, "", &Error{Ref: parsed.Familiar(), Problem: Offline}
		}
		outcome = Pulled
		if err := h.pull(ctx, parsed, platform, progress); err != nil {
			return Info{}, "", err
		}
		info, err = h.Inspect(ctx, ref)
	}
	if err != nil {
		return Info{}, "", err
	}
	if err := fits(info, parsed, platform); err != nil {
		return Info{}, "", err
	}
	return info, outcome, h.name(ctx, info, parsed)
}

func absent(err error) bool {
	problem, ok := problemOf(err)
	return ok && problem == NotFound
}

// fits checks what the cache holds against what was asked for.
func fits(info Info, ref Reference, platform string) error {
	if ref.Digest != "" && info.Digest != ref.Digest && info.ID != ref.Digest {
		return &Error{Ref: ref.Familiar(), Problem: DigestMismatch, Detail: "the cache holds " + orNone(info.Digest)}
	}
	if os, arch, _ := strings.Cut(platform, "/"); platform != "" {
		arch, _, _ = strings.Cut(arch, "/")
		if info.OS != os || info.Architecture != arch {
			return &Error{
				Ref: ref.Familiar(), Problem: WrongArchitecture,
				Detail: fmt.Sprintf("the cache holds %s/%s, and the nodes are %s", info.OS, info.Architecture, platform),
			}
		}
	}
	return nil
}

func orNone(digest string) string {
	if digest == "" {
		return "no digest of a registry"
	}
	return digest
}

// name gives an image that is known by digest the tag that Pods name it by.
func (h *Host) name(ctx context.Context, info Info, ref Reference) error {
	if ref.Digest == "" {
		return nil
	}
	if err := h.docker.ImageTag(ctx, info.ID, ref.Local().Familiar()); err != nil {
		return fmt.Errorf("name image %s: %w", ref.Familiar(), err)
	}
	return nil
}
