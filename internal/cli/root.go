package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
)

// newRoot makes the command tree.
func newRoot(s *streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "diorama",
		Short: "Your AI platform in miniature",
		Long: `Diorama brings the platform that an AI application lives on about on this machine:
a Kubernetes cluster in containers, and in it the queues, caches and databases
that a profile names. One command starts it, one takes it all down again.`,
		Example: `  diorama                     # what there is, to choose from
  diorama up streaming        # Kafka, Redis, PostgreSQL and a demo on them
  diorama status              # what runs, and why something does not
  eval "$(diorama env)"       # connection strings for your own programs
  diorama down                # take it all down again`,
		Version:      diorama.Version(),
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetVersionTemplate("diorama {{.Version}}\n")
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	groupOnly(root)
	commonFlags(root, s)
	root.AddGroup(
		&cobra.Group{ID: groupRun, Title: "Bring about and take down:"},
		&cobra.Group{ID: groupLook, Title: "Look:"},
		&cobra.Group{ID: groupUse, Title: "Use:"},
		&cobra.Group{ID: groupLearn, Title: "Before the start:"},
		&cobra.Group{ID: groupHelp, Title: "Help:"},
	)
	for _, add := range commands() {
		root.AddCommand(add(s))
	}
	noFiles(root)
	root.SetHelpCommand(newHelp(root))
	addCompletion(root)
	return root
}

// addCompletion adds cobra's own command, with what it lacks of ours.
func addCompletion(root *cobra.Command) {
	root.SetCompletionCommandGroupID(groupHelp)
	root.InitDefaultCompletionCmd()
	completion, _, err := root.Find([]string{"completion"})
	if err != nil {
		return
	}
	groupOnly(completion)
	examples := map[string]string{
		"bash":       "  source <(diorama completion bash)",
		"zsh":        "  source <(diorama completion zsh)",
		"fish":       "  diorama completion fish | source",
		"powershell": "  diorama completion powershell | Out-String | Invoke-Expression",
	}
	completion.Example = examples["bash"] + "      # for this shell\n  diorama completion zsh --help          # for every new one"
	for _, shell := range completion.Commands() {
		shell.Example = examples[shell.Name()]
	}
}

// commonFlags are those of every command.
func commonFlags(root *cobra.Command, s *streams) {
	var noColor bool
	root.PersistentFlags().BoolVar(&noColor, "no-color", false, "no colours, as with NO_COLOR")
	root.PersistentFlags().BoolVarP(&s.quiet, "quiet", "q", false, "results and errors only, no progress")
	root.PersistentPreRun = func(*cobra.Command, []string) {
		s.color, s.errColor = s.color && !noColor, s.errColor && !noColor
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &exitError{ExitUsage, fmt.Errorf("%w; see `%s --help`", err, c.CommandPath())}
	})
}

// groupOnly makes a command that only holds others show its help, and refuse
// what it does not hold.
func groupOnly(c *cobra.Command) {
	c.SuggestionsMinimumDistance = 2
	c.Args = func(c *cobra.Command, given []string) error {
		if len(given) == 0 {
			return nil
		}
		return noCommand(c, given[0])
	}
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
}

func noCommand(c *cobra.Command, name string) error {
	message := fmt.Sprintf("there is no command %q", c.CommandPath()+" "+name)
	if near := c.SuggestionsFor(name); len(near) > 0 {
		message += fmt.Sprintf(": did you mean %q?", near[0])
	}
	return &exitError{ExitUsage, fmt.Errorf("%s (`%s --help` lists them)", message, c.CommandPath())}
}

// newHelp shows the help of a command, and refuses where there is none.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", GroupID: groupHelp,
		Short:   "Show the help of a command",
		Example: "  diorama help up\n  diorama help demo add",
		RunE: func(_ *cobra.Command, given []string) error {
			c, rest, err := root.Find(given)
			if err != nil || len(rest) > 0 {
				return noCommand(c, rest[0])
			}
			c.InitDefaultHelpFlag()
			return c.Help()
		},
		ValidArgsFunction: func(_ *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
			c, _, err := root.Find(given)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, sub := range c.Commands() {
				if sub.IsAvailableCommand() {
					names = append(names, sub.Name())
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

const (
	groupRun   = "run"
	groupLook  = "look"
	groupUse   = "use"
	groupLearn = "learn"
	groupHelp  = "help"
)

// commands are all commands, in the order of the help.
func commands() []func(*streams) *cobra.Command {
	return []func(*streams) *cobra.Command{
		newUp, newWait, newStop, newStart, newDown,
		newStatus, newUI, newQueues, newMesh, newGPU, newLogs, newExport, newEvents, newExplain,
		newEnv, newRun, newConnect, newSeed, newDemo,
		newDoctor, newPlan, newImages, newInit, newProfiles, newStacks, newVersion,
		newInternal,
	}
}
