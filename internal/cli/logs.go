package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/terminal"
)

type logsOptions struct {
	name, output, level, grep string
	since                     time.Duration
	tail                      int
	follow                    bool
	services                  []string
}

func newLogs(s *streams) *cobra.Command {
	o := &logsOptions{}
	c := &cobra.Command{
		Use: "logs [SERVICE…]", GroupID: groupLook, Args: args(0, -1),
		Short: "Show the log lines of all services, or of some",
		Example: `  diorama logs                          # the last 200 lines of everything
  diorama logs gateway billing -f       # two services, and what comes
  diorama logs --level warn --since 10m
  diorama logs --grep "connection refused" -o json`,
		RunE: func(c *cobra.Command, given []string) error {
			o.services = given
			return showLogs(c.Context(), s, o)
		},
		ValidArgsFunction: completeOf(&o.name, -1, diorama.Services),
	}
	nameFlag(c, &o.name)
	outputFlag(c, &o.output)
	f := c.Flags()
	f.BoolVarP(&o.follow, "follow", "f", false, "go on with new lines")
	f.IntVar(&o.tail, "tail", 200, "how many of the last lines; -1: all")
	f.DurationVar(&o.since, "since", 0, "only lines of this long ago and newer")
	f.StringVar(&o.level, "level", "", "only this level and worse: debug, info, warn, error")
	_ = c.RegisterFlagCompletionFunc("level", cobra.FixedCompletions([]string{"debug", "info", "warn", "error"}, cobra.ShellCompDirectiveNoFileComp))
	f.StringVar(&o.grep, "grep", "", "only lines with this text, in any case")
	return c
}

func (o *logsOptions) query(now time.Time) (logs.Query, error) {
	q := logs.Query{Services: o.services, Text: o.grep}
	if o.since > 0 {
		q.Since = now.Add(-o.since)
	}
	if o.level != "" {
		q.MinLevel = logs.LevelNamed(o.level)
		if q.MinLevel == logs.LevelUnknown {
			return q, &exitError{ExitUsage, fmt.Errorf("there is no level %q; use trace, debug, info, warn, error or fatal", o.level)}
		}
	}
	return q, nil
}

func showLogs(ctx context.Context, s *streams, o *logsOptions) error {
	if err := validOutput(o.output); err != nil {
		return err
	}
	query, err := o.query(time.Now())
	if err != nil {
		return err
	}
	name, err := diorama.Only(o.name)
	if err != nil {
		return err
	}
	reader, err := diorama.Logs(name)
	if err != nil {
		return err
	}
	p := &linePrinter{out: s.out, json: o.output == "json", color: s.color}
	end, err := printStored(ctx, reader, query, o.tail, p)
	if err != nil || !o.follow {
		return err
	}
	session, err := diorama.Attach(ctx, name)
	if err != nil {
		return err
	}
	return followLogs(ctx, session, reader, query, end, p)
}

// pageSize is how many lines are read at once.
const pageSize = 1000

// printStored prints the last lines, or all where tail is below zero, and
// returns the place after them.
func printStored(ctx context.Context, reader logs.Reader, query logs.Query, tail int, p *linePrinter) (logs.Cursor, error) {
	end, err := reader.End(ctx)
	if err != nil {
		return end, err
	}
	if tail >= 0 {
		page, err := reader.Backward(ctx, end, query, tail)
		if err != nil {
			return end, err
		}
		return end, p.print(page.Lines)
	}
	return printFrom(ctx, reader, query, logs.Cursor{}, p)
}

func printFrom(ctx context.Context, reader logs.Reader, query logs.Query, from logs.Cursor, p *linePrinter) (logs.Cursor, error) {
	for {
		page, err := reader.Forward(ctx, from, query, pageSize)
		if err != nil {
			return from, err
		}
		if err := p.print(page.Lines); err != nil {
			return from, err
		}
		from = page.End
		if !page.More {
			return from, nil
		}
	}
}

// followLogs prints what comes, whenever the keeper says that there is more.
func followLogs(ctx context.Context, session *diorama.Session, reader logs.Reader, query logs.Query, from logs.Cursor, p *linePrinter) error {
	var failed error
	err := session.Watch(ctx, func(env.Snapshot) bool {
		from, failed = printFrom(ctx, reader, query, from, p)
		return failed == nil
	})
	return errors.Join(failed, err)
}

// linePrinter writes log lines as text for people or as JSON for programs.
type linePrinter struct {
	out   io.Writer
	json  bool
	color bool
	width int // of the longest service name so far
}

func (p *linePrinter) print(lines []logs.Line) error {
	var text strings.Builder
	for _, line := range lines {
		if p.json {
			data, err := json.Marshal(line)
			if err != nil {
				return fmt.Errorf("write a log line as JSON: %w", err)
			}
			text.Write(data)
		} else {
			service := harmless(line.Service)
			p.width = max(p.width, terminal.Width(service))
			fmt.Fprintf(&text, "%s %s %s", p.paint("2", line.Time.Local().Format("15:04:05.000")),
				p.paint(tone(line.Level), terminal.Pad(service, p.width)), terminal.Harmless(line.Message))
		}
		text.WriteByte('\n')
	}
	_, err := io.WriteString(p.out, text.String())
	return err
}

// paint puts text into a colour, an SGR parameter; "" leaves it as it is.
func (p *linePrinter) paint(sgr, text string) string {
	if !p.color || sgr == "" {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

// tone is the colour of a level: only what is unwell stands out.
func tone(level logs.Level) string {
	switch level.Counted() {
	case logs.LevelWarn:
		return "33"
	case logs.LevelError, logs.LevelFatal:
		return "31"
	case logs.LevelTrace, logs.LevelDebug:
		return "2"
	case logs.LevelInfo, logs.LevelUnknown:
	}
	return ""
}
