// Package theme owns the colours of the terminal UI and the signs that go with
// them. Colour never carries a meaning alone: each state has a sign of its own.
package theme

import (
	"github.com/charmbracelet/x/ansi"

	"charm.land/lipgloss/v2"
)

// Variant is the ground that a theme is made for.
type Variant string

// The variants. Plain has attributes but no colours.
const (
	Auto  Variant = "auto"
	Dark  Variant = "dark"
	Light Variant = "light"
	Plain Variant = "plain"
)

// Style paints text. The zero value leaves it as it is.
type Style struct{ on string }

// Paint returns the text in the style. The text must not be styled already.
func (s Style) Paint(text string) string {
	if s.on == "" || text == "" {
		return text
	}
	return s.on + text + ansi.ResetStyle
}

// Theme is a set of styles: one accent, three states, and three grades of
// loudness.
type Theme struct {
	Variant Variant
	Text    Style // what is read
	Strong  Style // what is looked for
	Muted   Style // labels and what is well
	Faint   Style // rules, what is stale or disabled
	Accent  Style
	Well    Style
	Working Style
	Unwell  Style
	Hit     Style // a match of a search
}

// New returns the theme of a variant; Auto is taken for dark until the
// terminal has told its background.
func New(v Variant) Theme {
	switch v {
	case Plain:
		return Theme{
			Variant: Plain,
			Strong:  style(ansi.Style{}.Bold()),
			Faint:   style(ansi.Style{}.Faint()),
			Accent:  style(ansi.Style{}.Bold()),
			Working: Style{},
			Unwell:  style(ansi.Style{}.Bold()),
			Hit:     style(ansi.Style{}.Reverse(true)),
		}
	case Light:
		return Theme{
			Variant: Light,
			Strong:  style(ansi.Style{}.Bold()),
			Muted:   colour("#5b6270"),
			Faint:   colour("#a3a9b5"),
			Accent:  bold("#3457c9"),
			Well:    colour("#2f7d43"),
			Working: colour("#9a6700"),
			Unwell:  bold("#c4262e"),
			Hit:     style(ansi.Style{}.Reverse(true)),
		}
	case Dark, Auto:
	}
	return Theme{
		Variant: Dark,
		Strong:  style(ansi.Style{}.Bold()),
		Muted:   colour("#9aa3b2"),
		Faint:   colour("#5c6575"),
		Accent:  bold("#7aa2f7"),
		Well:    colour("#73b582"),
		Working: colour("#e0af68"),
		Unwell:  bold("#ff6b74"),
		Hit:     style(ansi.Style{}.Reverse(true)),
	}
}

func style(s ansi.Style) Style { return Style{on: s.String()} }

func colour(hex string) Style {
	return style(ansi.Style{}.ForegroundColor(lipgloss.Color(hex)))
}

func bold(hex string) Style {
	return style(ansi.Style{}.Bold().ForegroundColor(lipgloss.Color(hex)))
}
