package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/doctor"
	"github.com/diorama-dev/diorama/internal/terminal"
)

func newDoctor(s *streams) *cobra.Command {
	var o diorama.Options
	var output string
	c := &cobra.Command{
		Use: "doctor [PROFILE]", GroupID: groupLearn, Args: args(0, 1),
		Short: "Check whether this machine can carry a profile",
		Long: `Checks Docker, memory, disk, ports and what else a profile needs of this machine, and
says what to do about each trouble. It changes nothing. The exit code is 3 when
something is missing.`,
		Example:           "  diorama doctor\n  diorama doctor backend -o json",
		ValidArgsFunction: completeProfiles,
		RunE: func(c *cobra.Command, given []string) error {
			if err := validOutput(output); err != nil {
				return err
			}
			if len(given) > 0 {
				o.Profile = given[0]
			}
			checks, err := diorama.Doctor(c.Context(), o)
			if err != nil {
				return err
			}
			if err := showChecks(s, checks, output); err != nil {
				return err
			}
			if doctor.Worst(checks) == doctor.Fail {
				return &exitError{code: ExitHost}
			}
			return nil
		},
	}
	planFlags(c, &o)
	outputFlag(c, &output)
	return c
}

func showChecks(s *streams, checks []doctor.Check, output string) error {
	if output == "json" {
		return printJSON(s, struct {
			Schema int            `json:"schema"`
			Status doctor.Status  `json:"status"`
			Checks []doctor.Check `json:"checks"`
		}{1, doctor.Worst(checks), checks})
	}
	width := 0
	for _, check := range checks {
		width = max(width, terminal.Width(check.Title))
	}
	var text strings.Builder
	for _, check := range checks {
		sign, sgr := checkSign(check.Status)
		fmt.Fprintf(&text, "%s %s  %s\n", s.paint(sgr, sign), terminal.Pad(check.Title, width), harmless(check.Found))
		if check.Remedy != "" {
			fmt.Fprintf(&text, "  %s→ %s\n", strings.Repeat(" ", width+2), harmless(check.Remedy))
		}
	}
	text.WriteString("\n" + verdict(checks) + "\n")
	_, err := fmt.Fprint(s.out, text.String())
	return err
}

func checkSign(status doctor.Status) (sign, sgr string) {
	switch status {
	case doctor.Fail:
		return "✗", "31"
	case doctor.Warn:
		return "!", "33"
	case doctor.OK:
	}
	return "●", "32"
}

func verdict(checks []doctor.Check) string {
	switch doctor.Worst(checks) {
	case doctor.Fail:
		return "This will not work until what is marked ✗ is mended."
	case doctor.Warn:
		return "This will work; what is marked ! may surprise."
	case doctor.OK:
	}
	return "All is well."
}
