package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
)

func newImages(s *streams) *cobra.Command {
	var o diorama.Options
	var output string
	c := &cobra.Command{
		Use: "images [PROFILE]", GroupID: groupLearn, Args: args(0, 1),
		Short: "List the images that a profile would use, and whether the host has them",
		Long: `Lists the images that a profile would use, after substitution, and whether Docker on
this machine has them. It asks nobody else, so it needs no network.`,
		Example: `  diorama images streaming
  diorama images streaming -o json | jq -r '.images[] | select(.present | not) | .reference'`,
		ValidArgsFunction: completeProfiles,
		RunE: func(c *cobra.Command, given []string) error {
			if err := validOutput(output); err != nil {
				return err
			}
			if len(given) > 0 {
				o.Profile = given[0]
			}
			images, err := diorama.Images(c.Context(), o)
			if err != nil {
				return err
			}
			return showImages(s, images, output)
		},
	}
	planFlags(c, &o)
	outputFlag(c, &output)
	return c
}

func showImages(s *streams, images []diorama.ImageState, output string) error {
	if output == "json" {
		return printJSON(s, struct {
			Schema int                  `json:"schema"`
			Images []diorama.ImageState `json:"images"`
		}{1, images})
	}
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "IMAGE\tHOST\tSIZE\tUSED BY\tIN PLACE OF")
	missing := 0
	for _, image := range images {
		state, size := "present", units.BytesSize(float64(image.Size))
		if !image.Present {
			state, size = "missing", "–"
			if image.Made {
				state = "made here"
			} else {
				missing++
			}
		}
		instead := image.Requested
		if instead == "" {
			instead = "–"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", harmless(image.Reference), state, size, harmless(joined(image.UsedBy)), harmless(instead))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if missing > 0 {
		s.say("%d of %d will be pulled by `diorama up`", missing, len(images))
	}
	return nil
}
