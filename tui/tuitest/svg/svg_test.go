package svg_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/tui/tuitest/svg"
)

func TestCellsStandWhereTheyStandOnATerminal(t *testing.T) {
	for name, c := range map[string]struct{ frame, want string }{
		"text":            {"ab cd", `<text x="0" y="14" textLength="42">ab cd</text>`},
		"a second line":   {"a\n  b", `<text x="16.8" y="33" textLength="8.4">b</text>`},
		"columns":         {"a  b", `<text x="25.2" y="14" textLength="8.4">b</text>`},
		"a blank behind":  {"a  ", `<text x="0" y="14" textLength="8.4">a</text>`},
		"wide":            {"支b", `<text x="8.4" y="14" class="o">支</text>` + "\n" + `<text x="16.8" y="14" textLength="8.4">b</text>`},
		"an emoji":        {"👩‍🚀", `<text x="8.4" y="14" class="o">👩‍🚀</text>`},
		"a sign":          {"a ●", `<text x="21" y="14" class="o">●</text>`},
		"a sparkline":     {"▁█", `<path d="M0 16h7.4v2h-7.4zM8.4 2h7.4v16h-7.4z"/>`},
		"a rule":          {"────", `<path d="M0 9h33.6v1h-33.6z"/>`},
		"a colour":        {"a\x1b[1;38;2;255;0;16mb", `class="c0">b</text>`},
		"its words":       {"\x1b[1;38;2;255;0;16mb", `.c0{fill:#ff0010;font-weight:700}`},
		"underlined":      {"\x1b[4ma b\x1b[m", `.c0{text-decoration:underline}`},
		"faint":           {"\x1b[2;3;9mx", `.c0{opacity:.6;font-style:italic;text-decoration:line-through}`},
		"a ground":        {" \x1b[48;2;1;2;3m支x", `<path d="M8.4 0h25.2v19h-25.2z" style="fill:#010203"/>`},
		"reversed":        {"\x1b[7mx", `.c0{fill:#16181d}`},
		"reversed ground": {"\x1b[38;2;1;2;3;7m  ", `<path d="M0 0h16.8v19h-16.8z" style="fill:#010203"/>`},
		"markup":          {"<&>", `>&lt;&amp;&gt;</text>`},
		"nothing":         {"", `<g transform="translate(14,44)">` + "\n</g>"},
	} {
		t.Run(name, func(t *testing.T) {
			got := string(svg.Draw(svg.Window{Title: "a & b", Description: "<c>"}, c.frame))
			if !strings.Contains(got, c.want) {
				t.Errorf("want %s in\n%s", c.want, got)
			}
			wellFormed(t, got)
		})
	}
}

func wellFormed(t *testing.T, document string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(document)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
	}
}
