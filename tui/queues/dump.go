package queues

import (
	"fmt"
	"strings"

	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// dumped is how many bytes a dump shows at most.
const dumped = 16 << 10

// dump draws bytes as numbers and, where there is room, as characters.
func dump(t theme.Theme, v []byte, width int) []string {
	per := 16
	if width < 76 {
		per = 8
	}
	cut := v[:min(len(v), dumped)]
	var lines []string
	for at := 0; at < len(cut); at += per {
		row := cut[at:min(at+per, len(cut))]
		var hex, text strings.Builder
		for i, b := range row {
			if i > 0 && i%8 == 0 {
				hex.WriteByte(' ')
			}
			fmt.Fprintf(&hex, "%02x ", b)
			if b < 0x20 || b > 0x7e {
				b = '.'
			}
			text.WriteByte(b)
		}
		line := "  " + t.Faint.Paint(fmt.Sprintf("%06x", at)) + "  " + t.Text.Paint(layout.Fit(hex.String(), per*3+(per-1)/8))
		if layout.Width(line)+per < width {
			line += " " + t.Muted.Paint(text.String())
		}
		lines = append(lines, line)
	}
	if len(v) > len(cut) {
		lines = append(lines, "  "+t.Working.Paint(fmt.Sprintf("… the first %s are shown", layout.Bytes(int64(len(cut))))))
	}
	return lines
}
