package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/terminal"
)

// linePrinter writes log lines as text for people or as JSON for programs.
type linePrinter struct {
	out   io.Writer
	json  bool
	color bool
	width int // of the longest service name so far
}

// jsonLine is a line as JSON: its own fields, and whether it is there only for
// another one's sake.
type jsonLine struct {
	logs.Line
	Context bool `json:"context,omitempty"`
}

func (p *linePrinter) print(lines []logs.Line) error {
	var text strings.Builder
	for _, line := range lines {
		if err := p.write(&text, line, false); err != nil {
			return err
		}
	}
	_, err := io.WriteString(p.out, text.String())
	return err
}

// write adds a line; one that stands there for another one's sake is quiet.
func (p *linePrinter) write(text *strings.Builder, line logs.Line, context bool) error {
	if p.json {
		data, err := json.Marshal(jsonLine{line, context})
		if err != nil {
			return fmt.Errorf("write a log line as JSON: %w", err)
		}
		text.WriteString(escaped(data))
		text.WriteByte('\n')
		return nil
	}
	service := harmless(line.Service)
	p.width = max(p.width, terminal.Width(service))
	quiet := ""
	if context {
		quiet = "2"
	}
	first, rest, more := strings.Cut(line.Message, "\n")
	fmt.Fprintf(text, "%s %s %s\n", p.paint("2", line.Time.Local().Format("15:04:05.000")),
		p.paint(tone(line.Level), terminal.Pad(service, p.width)), p.paint(quiet, terminal.Harmless(first)))
	for more {
		first, rest, more = strings.Cut(rest, "\n")
		fmt.Fprintf(text, "%s %s\n", strings.Repeat(" ", len("15:04:05.000 ")+p.width), p.paint(quiet, terminal.Harmless(first)))
	}
	return nil
}

// escaped writes those control characters and marks of direction as escapes
// that JSON may leave as they are, so that no terminal obeys them.
func escaped(data []byte) string {
	if !slices.ContainsFunc(data, func(c byte) bool { return c >= 0x7f }) {
		return string(data)
	}
	var b strings.Builder
	for _, r := range string(data) {
		if (r >= 0x7f && r <= 0x9f) || unicode.Is(unicode.Bidi_Control, r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// gap stands where lines are left out.
func (p *linePrinter) gap(text *strings.Builder) {
	if !p.json {
		text.WriteString(p.paint("2", "--") + "\n")
	}
}

// paint puts text into a colour, an SGR parameter; "" leaves it as it is.
func (p *linePrinter) paint(sgr, text string) string {
	if !p.color || sgr == "" {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

// tone is the colour of a level: only what is unwell stands out.
func tone(level logs.Level) string {
	switch level.Counted() {
	case logs.LevelWarn:
		return "33"
	case logs.LevelError, logs.LevelFatal:
		return "31"
	case logs.LevelTrace, logs.LevelDebug:
		return "2"
	case logs.LevelInfo, logs.LevelUnknown:
	}
	return ""
}
