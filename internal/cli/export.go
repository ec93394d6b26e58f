package cli

import (
	"context"
	"path/filepath"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
)

// sayEvery is how often progress is told where it is told in lines.
const sayEvery = time.Second

type exportOptions struct {
	name, since string
	services    []string
}

func newExport(s *streams) *cobra.Command {
	o := &exportOptions{}
	c := &cobra.Command{
		Use: "export [FOLDER]", GroupID: groupLook, Args: args(0, 1),
		Short: "Write an environment's log lines and status into a folder",
		Long: `Write an environment's log lines and status into a folder: to keep them, or to
hand them to somebody. Passwords are not in the status; what programs wrote
into their logs is there as they wrote it.

` + "`diorama logs --from FOLDER`" + ` reads the lines again, anywhere.`,
		Example: `  diorama export                  # into diorama-NAME-DATE
  diorama export ./for-the-report --since 1h
  diorama logs --from ./for-the-report --level error`,
		RunE: func(c *cobra.Command, given []string) error {
			folder := ""
			if len(given) > 0 {
				folder = given[0]
			}
			return export(c.Context(), s, o, folder)
		},
	}
	nameFlag(c, &o.name)
	f := c.Flags()
	f.StringVar(&o.since, "since", "", "only lines of this long ago and newer (10m), or from a time on (14:05)")
	f.StringSliceVar(&o.services, "service", nil, "only lines of these services")
	_ = c.RegisterFlagCompletionFunc("service", completeOf(&o.name, -1, diorama.Services))
	return c
}

func export(ctx context.Context, s *streams, o *exportOptions, folder string) error {
	name, err := diorama.Only(o.name)
	if err != nil {
		return err
	}
	query, err := (&logsOptions{since: o.since, services: o.services}).query(time.Now())
	if err != nil {
		return err
	}
	if folder == "" {
		folder = "diorama-" + name + "-" + time.Now().Format("2006-01-02-150405")
	}
	done, err := diorama.Export(ctx, name, folder, query, s.countLines())
	if err != nil {
		return err
	}
	s.say("%d lines, %s: %s", done.Lines, units.BytesSize(float64(done.Bytes)), filepath.Clean(done.Folder))
	s.say("diorama logs --from %s reads them", filepath.Clean(done.Folder))
	return nil
}

// countLines tells of lines as they are copied, once a second.
func (s *streams) countLines() func(int64) {
	next := time.Now().Add(sayEvery)
	return func(lines int64) {
		if now := time.Now(); now.After(next) {
			next = now.Add(sayEvery)
			s.say("%d lines", lines)
		}
	}
}
