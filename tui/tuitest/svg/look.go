package svg

import (
	"fmt"
	"image/color"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
)

// look is how a cell's text is drawn.
type look struct {
	fill                                   string
	bold, faint, italic, underline, strike bool
}

// lookOf is the look that a terminal gives a style.
func lookOf(s uv.Style) look {
	fill := hex(s.Fg, ink)
	if s.Attrs&uv.AttrReverse != 0 {
		fill = hex(s.Bg, ground)
	}
	return look{
		fill: fill, underline: s.Underline != uv.UnderlineNone,
		bold: s.Attrs&uv.AttrBold != 0, faint: s.Attrs&uv.AttrFaint != 0,
		italic: s.Attrs&uv.AttrItalic != 0, strike: s.Attrs&uv.AttrStrikethrough != 0,
	}
}

// groundOf is the colour behind a cell; empty where that is the window's own.
func groundOf(s uv.Style) string {
	if s.Attrs&uv.AttrReverse != 0 {
		return hex(s.Fg, ink)
	}
	return hex(s.Bg, "")
}

// css is the look in the words of a style sheet.
func (l look) css() string {
	var rules []string
	for _, r := range []struct {
		on   bool
		rule string
	}{
		{l.fill != ink, "fill:" + l.fill},
		{l.bold, "font-weight:700"},
		{l.faint, "opacity:.6"},
		{l.italic, "font-style:italic"},
		{l.underline && !l.strike, "text-decoration:underline"},
		{l.strike && !l.underline, "text-decoration:line-through"},
		{l.underline && l.strike, "text-decoration:underline line-through"},
	} {
		if r.on {
			rules = append(rules, r.rule)
		}
	}
	return strings.Join(rules, ";")
}

// className is the name of the i-th look.
func className(i int) string { return fmt.Sprintf("c%d", i) }

// hex is a colour, or what stands for none.
func hex(c color.Color, none string) string {
	if c == nil {
		return none
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
