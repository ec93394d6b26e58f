package image

import (
	"fmt"
	"strings"

	"github.com/distribution/reference"
)

// Reference is an image reference taken apart.
type Reference struct {
	Domain string // for example "docker.io"
	Path   string // for example "library/redis"
	Tag    string // empty where the reference has only a digest
	Digest string // for example "sha256:…"; empty where there is none
}

// Parse reads a reference as the docker command would: "redis" means
// "docker.io/library/redis:latest".
func Parse(ref string) (Reference, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return Reference{}, fmt.Errorf("image reference %q: %w; write it as [registry/]repository[:tag]", ref, err)
	}
	named = reference.TagNameOnly(named)
	out := Reference{Domain: reference.Domain(named), Path: reference.Path(named)}
	if tagged, ok := named.(reference.Tagged); ok {
		out.Tag = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		out.Digest = digested.Digest().String()
	}
	return out, nil
}

// Normalise is the canonical form of a reference, for example
// "docker.io/library/redis:8" for "redis:8".
func Normalise(ref string) (string, error) {
	parsed, err := Parse(ref)
	if err != nil {
		return "", err
	}
	return parsed.String(), nil
}

// Repository is the reference without tag and digest.
func (r Reference) Repository() string { return r.Domain + "/" + r.Path }

// String is the reference in full.
func (r Reference) String() string { return r.with(r.Repository()) }

// Familiar is the reference as people write it, for example "redis:8".
func (r Reference) Familiar() string {
	if r.Domain != "docker.io" {
		return r.String()
	}
	path := strings.TrimPrefix(r.Path, "library/")
	// A first component that reads as a registry has to stay distinguishable.
	if first, _, found := strings.Cut(path, "/"); found && (strings.ContainsAny(first, ".:") || first == "localhost") {
		return r.String()
	}
	return r.with(path)
}

func (r Reference) with(repository string) string {
	if r.Tag != "" {
		repository += ":" + r.Tag
	}
	if r.Digest != "" {
		repository += "@" + r.Digest
	}
	return repository
}

// Local is the reference by which an image is kept in the host's cache and in
// the nodes. A reference by tag is its own; one with a digest gets a tag made
// of it, because neither `docker save` nor an import into a node keeps the
// digest that a registry gave. (In nodes, [Host.Load] gives the image its name
// by digest as well, so that Pods may name either.)
func (r Reference) Local() Reference {
	if r.Digest == "" {
		return r
	}
	algorithm, hex, _ := strings.Cut(r.Digest, ":")
	prefix := r.Tag
	if prefix == "" {
		prefix = algorithm
	}
	// A tag has at most 128 characters.
	prefix = prefix[:min(len(prefix), 100)]
	r.Tag, r.Digest = prefix+"-"+hex[:min(len(hex), 12)], ""
	return r
}

// Local is [Reference.Local] of a reference in text, normalised.
func Local(ref string) (string, error) {
	parsed, err := Parse(ref)
	if err != nil {
		return "", err
	}
	return parsed.Local().String(), nil
}
