package diagnose

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/doctor"
)

const pageFile = "../../docs/troubleshooting.md"

// TestPage holds the troubleshooting page against what findings and checks
// take their words from.
func TestPage(t *testing.T) {
	page := troubleshooting()
	if *update {
		if err := os.WriteFile(pageFile, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(written), page); diff != "" {
		t.Errorf("%s is out of date: make docs\n%s", pageFile, diff)
	}
}

func troubleshooting() string {
	var b strings.Builder
	b.WriteString("# Troubleshooting\n\n<!-- Made by `make docs` from internal/diagnose and internal/doctor. Change it there. -->\n\n" +
		"`diorama explain`, `diorama status` and the key `w` in the UI say why something is not well, with the evidence and what to try. " +
		"This page says of each kind of trouble what it means; its heading is the id that the UI and `-o json` show. Names in capitals stand for yours; for `kubectl`, `diorama up --merge-kubeconfig` adds the cluster to your kubeconfig.\n")
	b.WriteString("\n## Before the start\n\n" +
		"What `diorama doctor` looks at. It changes nothing, says what it found, and what to do about it; with exit code 3 something must be mended first.\n")
	for _, doc := range doctor.Catalogue() {
		fmt.Fprintf(&b, "\n### %s\n\n**%s.** %s\n", doc.ID, doc.Title, doc.Meaning)
		bullets(&b, doc.Remedies)
	}
	last := Sign(0xff)
	for _, doc := range Catalogue() {
		if doc.Sign != last {
			last = doc.Sign
			title, seen := heading(last)
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", title, seen)
		}
		fmt.Fprintf(&b, "\n### %s\n\n**%s.** %s\n\nLook %s.\n", doc.ID, doc.Title, doc.Meaning, doc.Look)
		bullets(&b, doc.Patterns())
		fmt.Fprintf(&b, "\nDoes waiting help? %s\n", doc.Waiting)
	}
	return b.String()
}

func bullets(b *strings.Builder, lines []string) {
	b.WriteString("\n")
	for _, line := range lines {
		fmt.Fprintf(b, "- %s\n", line)
	}
}

// heading is what a person sees of a sign.
func heading(s Sign) (title, seen string) {
	switch s {
	case NoStart:
		return "Nothing starts", "`up` ends before the cluster is there, or what it says is about this machine."
	case NoImage:
		return "An image does not come", "A service stays at “loading its image”."
	case NoNode:
		return "A Pod finds no node", "A service stays at “waiting for a node”. The cluster's scheduler has refused every node, and says why."
	case NoPod:
		return "A Pod cannot be made", "A service has a node, and stays at “container starting” or “waiting for its volume”."
	case Ends:
		return "A container starts and ends", "The number under RESTARTS grows."
	case NotReady:
		return "A container runs and is not ready", "A service stays at “started, not ready yet”, or at what its kind does when it starts."
	case Refused:
		return "All is well, and an address does not answer", "The service is ready, and connections to its address end at once."
	case NoPlatform:
	}
	return "A node or the cluster is not well", "Many services are unwell at once, and what is said stands above them all."
}
