package theme_test

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/theme"
)

func TestSignsAreOneCellAndDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range []string{theme.SignWell, theme.SignWorking, theme.SignUnwell, theme.SignWaiting} {
		if ansi.StringWidth(s) != 1 || seen[s] {
			t.Errorf("%q", s)
		}
		seen[s] = true
	}
}

func TestPlainHasNoColours(t *testing.T) {
	p := theme.New(theme.Plain)
	styles := []theme.Style{p.Text, p.Strong, p.Muted, p.Faint, p.Accent, p.Well, p.Working, p.Unwell, p.Hit}
	for i, s := range styles {
		if painted := s.Paint("x"); strings.Contains(painted, "38;") || strings.Contains(painted, "48;") {
			t.Errorf("style %d paints %q", i, painted)
		}
	}
}

func TestStatesAreToldApartWithoutColour(t *testing.T) {
	p := theme.New(theme.Plain)
	for phase, want := range map[env.Phase]string{
		env.PhaseReady: "●", env.PhaseStarting: "◐", env.PhaseDegraded: "✗", env.PhaseFailed: "✗", env.PhasePlanned: "○", env.PhaseStopped: "○", "odd": "○",
	} {
		if got := ansi.Strip(p.Phase(phase)); got != want {
			t.Errorf("%s: %s", phase, got)
		}
	}
	for phase, want := range map[env.StepPhase]string{
		env.StepDone: "●", env.StepUnchanged: "●", env.StepRunning: "◐", env.StepFailed: "✗", env.StepPending: "○", env.StepCancelled: "○",
	} {
		if got := ansi.Strip(p.Step(phase)); got != want {
			t.Errorf("%s: %s", phase, got)
		}
	}
}
