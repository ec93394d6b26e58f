// Package svg owns pictures of the terminal UI: the cells that a terminal
// would show for a frame, in a window, as SVG. A picture is made from a frame
// and from nothing else, so that it cannot show what the UI does not.
package svg

import (
	"bytes"
	"fmt"
	"html"
	"strconv"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// What a cell measures. The width is that of most monospaced fonts at this
// size, so that letters hardly have to move to stand in their cells.
const (
	fontSize   = 14
	cellWidth  = 8.4
	cellHeight = 19
	baseline   = 14 // from the top of a line
)

// What is around the cells.
const (
	margin   = 14
	titleBar = 34
	radius   = 10
)

// The colours of the window; those of the text are the frame's own.
const (
	ground  = "#16181d"
	bar     = "#1f2229"
	edge    = "#343a46"
	buttons = "#454c5a"
	quiet   = "#8b93a3"
	ink     = "#d9dde5" // text that asks for no colour
)

// Window is what stands around a frame.
type Window struct {
	Title string
	// Description is for those who cannot see the picture.
	Description string
}

// Draw returns the picture of a frame: lines of text with the terminal's
// control sequences for colours and attributes.
func Draw(w Window, frame string) []byte {
	styled := uv.NewStyledString(frame)
	area := styled.Bounds()
	screen := uv.NewScreenBuffer(area.Dx(), area.Dy())
	screen.Method = ansi.GraphemeWidth
	styled.Draw(screen, area)
	cells := &sheet{}
	for y, line := range screen.Lines {
		cells.line(y*cellHeight, line)
	}
	var out bytes.Buffer
	w.open(&out, at(area.Dx())+2*margin, area.Dy()*cellHeight+titleBar+2*margin-4, cells.looks)
	fmt.Fprintf(&out, "<g transform=\"translate(%d,%d)\">\n", margin, titleBar+margin-4)
	out.Write(cells.body.Bytes())
	out.WriteString("</g>\n</svg>\n")
	return out.Bytes()
}

// open begins the picture: its styles, the window and its title.
func (w Window) open(out *bytes.Buffer, width float64, height int, looks []look) {
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="%[1]s" height="%[2]d" viewBox="0 0 %[1]s %[2]d">
<title>%[3]s</title>
<style>
text{font:%[4]dpx ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;fill:%[5]s}
path{fill:%[5]s;shape-rendering:crispEdges}
.o{text-anchor:middle}
`, number(width), height, html.EscapeString(w.Description), fontSize, ink)
	for i, l := range looks {
		fmt.Fprintf(out, ".%s{%s}\n", className(i), l.css())
	}
	inner := number(width - 1)
	fmt.Fprintf(out, `</style>
<rect x=".5" y=".5" width="%[1]s" height="%[2]d" rx="%[3]d" fill="%[4]s"/>
<path d="M.5 %[5]dV%[6]sa%[3]d %[3]d 0 0 1 %[3]d-%[3]dH%[7]sa%[3]d %[3]d 0 0 1 %[3]d %[3]dV%[5]dz" style="fill:%[8]s;shape-rendering:auto"/>
<rect x=".5" y=".5" width="%[1]s" height="%[2]d" rx="%[3]d" fill="none" stroke="%[9]s"/>
`, inner, height-1, radius, ground, titleBar, number(radius+.5), number(width-.5-radius), bar, edge)
	for i := range 3 {
		fmt.Fprintf(out, "<circle cx=\"%d\" cy=\"%d\" r=\"5.5\" fill=\"%s\"/>\n", margin+7+i*19, titleBar/2, buttons)
	}
	fmt.Fprintf(out, "<text x=\"%s\" y=\"%d\" class=\"o\" style=\"fill:%s;font-size:13px\">%s</text>\n",
		number(width/2), titleBar/2+5, quiet, html.EscapeString(w.Title))
}

// at is where a column begins.
func at(column int) float64 { return float64(column) * cellWidth }

// number writes a length as short as it can be said.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 32) }
