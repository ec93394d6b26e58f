package diorama

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/image"
	"github.com/diorama-dev/diorama/internal/plan"
)

// ImageState is an image that a profile would use, and whether the host has it.
type ImageState struct {
	Reference string `json:"reference"` // after substitution
	// Requested is the reference before substitution, where it differs.
	Requested string `json:"requested,omitempty"`
	// UsedBy are the instances of stacks that run it; the cluster's nodes are
	// "nodes".
	UsedBy []string `json:"usedBy"`
	// Made is true of an image that is built here and pulled from nowhere.
	Made    bool `json:"made"`
	Present bool `json:"present"`
	// Size is in bytes, unpacked; 0 where the image is not present.
	Size int64 `json:"size"`
	// Architecture is in Go's words; empty where the image is not present.
	Architecture string `json:"architecture,omitempty"`
}

// Images lists the images that the options' profile would use. It asks the
// local Docker and dials out for nothing.
func Images(ctx context.Context, o Options) (states []ImageState, err error) {
	r, err := resolve(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if r.choice.engine == nil {
		return []ImageState{}, nil
	}
	return imageStates(ctx, r)
}

func imageStates(ctx context.Context, r resolved) ([]ImageState, error) {
	var states []ImageState
	cache := image.NewHost(r.choice.engine, image.HostOptions{Offline: true})
	for _, wanted := range r.plan.Images {
		state := ImageState{
			Reference: wanted.Reference, Requested: wanted.Requested, Made: wanted.Build != nil,
			UsedBy: usersOf(r.plan, wanted),
		}
		found, err := cache.Inspect(ctx, wanted.Reference)
		missing, isMissing := errors.AsType[*image.Error](err)
		switch {
		case err == nil:
			state.Present, state.Size, state.Architecture = true, found.Size, found.Architecture
		case !isMissing || missing.Problem != image.NotFound:
			return nil, err
		}
		states = append(states, state)
	}
	return states, nil
}

// MissingImagesError names the images that the host lacks and that may not be
// pulled.
type MissingImagesError struct{ References []string }

func (e *MissingImagesError) Error() string {
	return fmt.Sprintf("offline, and the host has not: %s; fetch them where there is a network (docker pull), put others in their place with --images, or leave out --offline",
		strings.Join(e.References, ", "))
}

// present checks that nothing needs to be pulled.
func present(ctx context.Context, r resolved) error {
	states, err := imageStates(ctx, r)
	if err != nil {
		return err
	}
	var missing []string
	for _, state := range states {
		if !state.Present && !state.Made {
			missing = append(missing, state.Reference)
		}
	}
	if len(missing) > 0 {
		return &MissingImagesError{References: missing}
	}
	return nil
}

func usersOf(p plan.Plan, wanted plan.Image) []string {
	if wanted.Node {
		return []string{"nodes"}
	}
	users := []string{}
	for _, stack := range p.Stacks {
		if slices.Contains(stack.Images, wanted.Reference) {
			users = append(users, stack.Name)
		}
	}
	return users
}
