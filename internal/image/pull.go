package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/diorama-dev/diorama/internal/env"
)

// problemOf is the problem of an image's error.
func problemOf(err error) (Problem, bool) {
	var known *Error
	if errors.As(err, &known) {
		return known.Problem, true
	}
	return "", false
}

func (h *Host) pull(ctx context.Context, ref Reference, platform string, progress func(env.Progress)) error {
	auth, err := registryAuth(ctx, ref)
	if err != nil {
		return err
	}
	stream, err := h.docker.ImagePull(ctx, ref.String(), image.PullOptions{RegistryAuth: auth, Platform: platform})
	if err != nil {
		return pullError(ctx, ref, err)
	}
	err = follow(stream, progress)
	if closing := stream.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return pullError(ctx, ref, err)
	}
	return nil
}

// pullError keeps an interrupt an interrupt and makes everything else an
// [*Error].
func pullError(ctx context.Context, ref Reference, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("pull %s: %w", ref.Familiar(), context.Cause(ctx))
	}
	return &Error{Ref: ref.Familiar(), Problem: Classify(err.Error()), Detail: err.Error()}
}

// registryAuth is what the user's docker configuration holds for the
// reference's registry, as the engine wants it; empty for none.
func registryAuth(ctx context.Context, ref Reference) (string, error) {
	registryName, err := name.NewRegistry(ref.Domain)
	if err != nil {
		return "", fmt.Errorf("registry of %s: %w", ref.Familiar(), err)
	}
	found, err := authn.Resolve(ctx, authn.DefaultKeychain, registryName)
	if err != nil {
		// A credential helper that fails must not keep public images away.
		return "", nil //nolint:nilerr // the registry says so when credentials are needed
	}
	config, err := authn.Authorization(ctx, found)
	if err != nil || *config == (authn.AuthConfig{}) {
		return "", nil //nolint:nilerr // as above
	}
	encoded, err := registry.EncodeAuthConfig(registry.AuthConfig{
		Username: config.Username, Password: config.Password, Auth: config.Auth,
		IdentityToken: config.IdentityToken, RegistryToken: config.RegistryToken,
		ServerAddress: ref.Domain,
	})
	if err != nil {
		return "", fmt.Errorf("credentials of %s: %w", ref.Domain, err)
	}
	return encoded, nil
}

// message is a line of the engine's answer to a pull, build or load.
type message struct {
	ID             string         `json:"id"`
	Status         string         `json:"status"`
	Stream         string         `json:"stream"`
	ProgressDetail progressDetail `json:"progressDetail"`
	ErrorDetail    *struct {
		Message string `json:"message"`
	} `json:"errorDetail"`
	Error string `json:"error"`
}

type progressDetail struct {
	Current int64 `json:"current"`
	Total   int64 `json:"total"`
}

func (m message) failure() error {
	switch {
	case m.ErrorDetail != nil && m.ErrorDetail.Message != "":
		return errors.New(m.ErrorDetail.Message)
	case m.Error != "":
		return errors.New(m.Error)
	default:
		return nil
	}
}

// follow reads a pull's stream to its end.
func follow(stream io.Reader, progress func(env.Progress)) error {
	layers := make(layers)
	decoder := json.NewDecoder(stream)
	for {
		var m message
		switch err := decoder.Decode(&m); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read the engine's answer: %w", err)
		}
		if err := m.failure(); err != nil {
			return err
		}
		if layers.note(m) && progress != nil {
			progress(layers.sum())
		}
	}
}

// layer is how far one layer's download has come; total is 0 until the engine
// says it.
type layer struct {
	done, total int64
	complete    bool
}

// layers are those of one pull that must be downloaded.
type layers map[string]layer

// note takes a message in and reports whether the sum changed.
func (l layers) note(m message) bool {
	before, known := l[m.ID]
	at := before
	switch m.Status {
	case "Pulling fs layer", "Waiting":
	case "Downloading":
		// A download that starts again must not count backwards.
		at.done = max(at.done, m.ProgressDetail.Current)
		at.total = max(at.total, m.ProgressDetail.Total)
	case "Verifying Checksum", "Download complete", "Pull complete", "Extracting":
		at.done, at.complete = max(at.done, at.total), true
	default: // "Already exists", and what is about the whole image
		return false
	}
	l[m.ID] = at
	return !known || before != at
}

// sum has no total until every layer's size is known: a bar that grows with
// each layer found would mislead.
func (l layers) sum() env.Progress {
	var out env.Progress
	known := true
	for _, at := range l {
		out.Done += at.done
		out.Total += at.total
		known = known && (at.total > 0 || at.complete)
	}
	if !known {
		out.Total = 0
	}
	return out
}
