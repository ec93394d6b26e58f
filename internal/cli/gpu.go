package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/internal/report"
)

func newGPU(s *streams) *cobra.Command {
	var name, output string
	var watch bool
	c := &cobra.Command{
		Use: "gpu", GroupID: groupLook, Args: args(0, 0),
		Short: "Show the GPUs, what they do and which Pod holds which",
		Long: `Shows the GPUs of the environment: what each is and does, which Pod and process
holds it, why one is lost, and which Pods wait for some. Simulated devices say so:
they schedule and do not compute, and what only hardware could know is – (null in
JSON). Without an environment it shows the machine's own.`,
		Example: `  diorama gpu
  diorama gpu --watch
  diorama up PROFILE --set gpu.simulate=2xA100
  diorama gpu -o json | jq '.devices[] | {uuid, phase, holders}'`,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := validOutput(output); err != nil {
				return err
			}
			return showGPUs(c.Context(), s, name, output, watch)
		},
	}
	nameFlag(c, &name)
	outputFlag(c, &output)
	c.Flags().BoolVarP(&watch, "watch", "w", false, "go on with every reading")
	return c
}

func showGPUs(ctx context.Context, s *streams, name, output string, watch bool) error {
	session, err := session(ctx, name)
	if _, none := errors.AsType[*diorama.NoEnvironmentError](err); none && name == "" && !watch {
		return writeGPUs(s, "", diorama.MachineGPUs(ctx), output)
	}
	if err != nil {
		return err
	}
	if !watch {
		state, err := session.GPUs(ctx)
		if err != nil {
			return err
		}
		return writeGPUs(s, session.Name(), state, output)
	}
	var failed error
	err = session.WatchGPUs(ctx, func(state gpu.State) bool {
		if s.interactive && output == "text" {
			fmt.Fprint(s.out, "\x1b[H\x1b[2J")
		}
		failed = writeGPUs(s, session.Name(), state, output)
		return failed == nil
	})
	return errors.Join(failed, err)
}

// writeGPUs writes a state as text or as JSON, a line for each.
func writeGPUs(s *streams, environment string, state gpu.State, output string) error {
	if output == "text" {
		return report.GPUs(s.out, environment, state, s.at(time.Now()))
	}
	data, err := report.GPUsJSON(environment, state)
	if err != nil {
		return err
	}
	_, err = s.out.Write(data)
	return err
}
