package image

import (
	"context"
	"fmt"
	"strings"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
)

// RemoveBuilt takes the images that were built for an environment out of the
// host's cache and returns their references. One that a container still uses
// stays, and is not named.
func (h *Host) RemoveBuilt(ctx context.Context, environment string) ([]string, error) {
	prefix := strings.ToLower(BuiltDomain+"/"+environment) + "/"
	found, err := h.docker.ImageList(ctx, image.ListOptions{Filters: filters.NewArgs(filters.Arg("reference", prefix+"*"))})
	if err != nil {
		return nil, fmt.Errorf("list the images built for %s: %w", environment, err)
	}
	var removed []string
	for _, summary := range found {
		for _, tag := range summary.RepoTags {
			if !strings.HasPrefix(tag, prefix) {
				continue // another name of the same content, and somebody else's
			}
			if _, err := h.docker.ImageRemove(ctx, tag, image.RemoveOptions{PruneChildren: true}); err != nil {
				if ctx.Err() != nil {
					return removed, fmt.Errorf("remove image %s: %w", tag, context.Cause(ctx))
				}
				continue
			}
			removed = append(removed, tag)
		}
	}
	return removed, nil
}
