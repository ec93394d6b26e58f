package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/logs"
)

// logsOptions say which lines are shown, and how.
type logsOptions struct {
	name, output  string
	from          string // a folder, in place of an environment
	level, grep   string
	pattern       string
	fields        []string
	since, until  string
	expression    string // in a query language
	tail          int
	around        around
	follow, local bool
	services      []string
}

// around is how many lines are shown about each that is found.
type around struct{ before, after, both int }

func (a around) lines() (before, after int) {
	return max(a.before, a.both), max(a.after, a.both)
}

func newLogs(s *streams) *cobra.Command {
	o := &logsOptions{}
	c := &cobra.Command{
		Use: "logs [SERVICE…]", GroupID: groupLook, Args: args(0, -1),
		Short: "Show the log lines of all services, or of some",
		Long: `Show the log lines of all services, or of some: the last 200, unless told otherwise.

Lines are kept within a bound for as long as the environment lives, and beyond
it with ` + "`diorama down --keep-logs`" + `; ` + "`--from`" + ` reads those that were exported.

A query in LogQL is answered by the environment's Loki, one in KQL by its
Elasticsearch; where there is none, or with --local, the lines kept here answer
the part of the language that they can.`,
		Example: `  diorama logs                          # the last 200 lines of everything
  diorama logs gateway billing -f       # two services, and what comes
  diorama logs --level warn --since 10m
  diorama logs --grep refused -C 3      # with three lines before and after each
  diorama logs --field model=resnet50 --since 14:00 --until 14:05
  diorama logs --query '{app="demo-gateway"}|json|latency_ms>100'
  diorama logs --from ./export --tail -1 -o json`,
		RunE: func(c *cobra.Command, given []string) error {
			o.services = given
			return showLogs(c.Context(), s, o)
		},
		ValidArgsFunction: completeOf(&o.name, -1, diorama.Services),
	}
	nameFlag(c, &o.name)
	outputFlag(c, &o.output)
	o.flags(c)
	return c
}

func (o *logsOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.BoolVarP(&o.follow, "follow", "f", false, "go on with new lines")
	f.IntVar(&o.tail, "tail", 200, "how many of the last lines; -1: all")
	f.StringVar(&o.since, "since", "", "only lines of this long ago and newer (10m), or from a time on (14:05)")
	f.StringVar(&o.until, "until", "", "only lines up to this long ago (5m), or up to a time (14:10)")
	f.StringVar(&o.level, "level", "", "only this level and worse: debug, info, warn, error")
	_ = c.RegisterFlagCompletionFunc("level", cobra.FixedCompletions([]string{"debug", "info", "warn", "error"}, cobra.ShellCompDirectiveNoFileComp))
	f.StringVar(&o.grep, "grep", "", "only lines with this text, in any case")
	f.StringVar(&o.pattern, "regexp", "", "only lines in which this regular expression is found (RE2)")
	f.StringArrayVar(&o.fields, "field", nil, "only lines whose field has this value: key=value, or key!=value; repeatable")
	f.IntVarP(&o.around.before, "before-context", "B", 0, "lines to show before each that is found")
	f.IntVarP(&o.around.after, "after-context", "A", 0, "lines to show after each that is found")
	f.IntVarP(&o.around.both, "context", "C", 0, "lines to show before and after each that is found")
	f.StringVar(&o.expression, "query", "", "only lines that this query in LogQL or KQL finds")
	f.BoolVar(&o.local, "local", false, "answer --query from the lines kept here, also where a log system is installed")
	f.StringVar(&o.from, "from", "", "read the lines in this folder, as `diorama export` wrote it")
	_ = c.MarkFlagDirname("from")
}

// query is what is asked of the store.
func (o *logsOptions) query(now time.Time) (logs.Query, error) {
	q := logs.Query{Services: o.services, Text: o.grep}
	fail := func(err error) (logs.Query, error) { return q, &exitError{ExitUsage, err} }
	var err error
	for _, bound := range []struct {
		flag, text string
		at         *time.Time
	}{{"since", o.since, &q.Since}, {"until", o.until, &q.Until}} {
		if bound.text == "" {
			continue
		}
		if *bound.at, err = logs.ParseMoment(bound.text, now); err != nil {
			return fail(fmt.Errorf("--%s: %w", bound.flag, err))
		}
	}
	if o.level != "" {
		if q.MinLevel = logs.LevelNamed(o.level); q.MinLevel == logs.LevelUnknown {
			return fail(fmt.Errorf("there is no level %q; use trace, debug, info, warn, error or fatal", o.level))
		}
	}
	if o.pattern != "" {
		if q.Pattern, err = regexp.Compile(o.pattern); err != nil {
			return fail(fmt.Errorf("--regexp: %w", err))
		}
	}
	for _, text := range o.fields {
		field, err := logs.ParseFieldFilter(text)
		if err != nil {
			return fail(fmt.Errorf("--field: %w", err))
		}
		q.Fields = append(q.Fields, field)
	}
	if o.from != "" && (o.name != "" || o.follow) {
		return fail(errors.New("--from reads a folder: leave out --name and --follow, which are of an environment that runs"))
	}
	if min(o.around.before, o.around.after, o.around.both) < 0 {
		return fail(errors.New("there are no fewer lines around a line than 0"))
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
	if o.from == "" {
		if o.name, err = diorama.Only(o.name); err != nil {
			return err
		}
	}
	source, err := o.source(query)
	if err != nil {
		return err
	}
	p := &linePrinter{out: s.out, json: o.output == "json", color: s.color}
	shower := newShower(source, o.around, p)
	end, err := shower.stored(ctx, o.tail)
	if err != nil || !o.follow {
		return err
	}
	session, err := diorama.Attach(ctx, o.name)
	if err != nil {
		return err
	}
	var failed error
	err = session.Watch(ctx, func(env.Snapshot) bool {
		end, failed = shower.from(ctx, end)
		return failed == nil
	})
	return errors.Join(failed, err)
}

// logSource is who is asked, and what.
type logSource struct {
	reader logs.Reader
	query  logs.Query
	all    logs.Reader // of the lines around those that are found
}

func (o *logsOptions) source(q logs.Query) (logSource, error) {
	switch {
	case o.expression != "" && o.from == "":
		answer, err := diorama.LogQuery(o.name, o.expression, o.local)
		return logSource{reader: answer.Reader, query: q.And(answer.Query), all: answer.All}, err
	case o.expression != "":
		more, err := diorama.CompileLogQuery(o.expression)
		if err != nil {
			return logSource{}, err
		}
		q = q.And(more)
	}
	var reader logs.Reader
	var err error
	if o.from != "" {
		reader, err = diorama.ExportedLogs(o.from)
	} else {
		reader, err = diorama.Logs(o.name)
	}
	return logSource{reader: reader, query: q, all: reader}, err
}
