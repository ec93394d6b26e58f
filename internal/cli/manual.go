package cli

import (
	"bytes"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// Manual returns the man pages of all commands that people see, by file name.
func Manual(version string, date time.Time) (map[string][]byte, error) {
	cobra.EnableCommandSorting = false
	root := newRoot(&streams{})
	root.DisableAutoGenTag = true // the date of a release is not that of its making
	return manualOf(root, doc.GenManHeader{Section: "1", Date: &date, Source: "diorama " + version, Manual: "Diorama"})
}

func manualOf(c *cobra.Command, header doc.GenManHeader) (map[string][]byte, error) {
	var page bytes.Buffer
	filled := header // what the generator fills in is for this page
	if err := doc.GenMan(c, &filled, &page); err != nil {
		return nil, fmt.Errorf("write the man page of %s: %w", c.CommandPath(), err)
	}
	pages := map[string][]byte{strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1": page.Bytes()}
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() {
			continue
		}
		below, err := manualOf(sub, header)
		if err != nil {
			return nil, err
		}
		maps.Copy(pages, below)
	}
	return pages, nil
}

// Completions returns the completion scripts of all shells, by the file name
// that each of them looks for.
func Completions() (map[string][]byte, error) {
	root := newRoot(&streams{})
	scripts := make(map[string][]byte)
	for name, write := range map[string]func(*bytes.Buffer) error{
		"diorama.bash": func(b *bytes.Buffer) error { return root.GenBashCompletionV2(b, true) },
		"_diorama":     func(b *bytes.Buffer) error { return root.GenZshCompletion(b) },
		"diorama.fish": func(b *bytes.Buffer) error { return root.GenFishCompletion(b, true) },
		"diorama.ps1":  func(b *bytes.Buffer) error { return root.GenPowerShellCompletionWithDesc(b) },
	} {
		var script bytes.Buffer
		if err := write(&script); err != nil {
			return nil, fmt.Errorf("write the completions %s: %w", name, err)
		}
		scripts[name] = script.Bytes()
	}
	return scripts, nil
}
