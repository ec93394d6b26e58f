package mesh

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// columns says which columns there is room for. As the width shrinks the bars
// get shorter, then errors go, then the number of requests.
type columns struct {
	name, bar        int
	errors, requests bool
}

const (
	widthLead     = 5  // before the name
	widthSet      = 14 // as wide as "100 → 100 %"
	widthSeen     = 10
	widthRequests = 11
	widthErrors   = 9
	widthP99      = 10
	leastBar      = 12
	mostBar       = 60
)

// fitColumns chooses the columns for a width and the longest name.
func fitColumns(width, longest int) columns {
	c := columns{name: layout.Clamp(longest, 4, max(width/5, 8)), errors: true, requests: true}
	for _, drop := range []*bool{&c.errors, &c.requests} {
		if width-c.taken() >= leastBar {
			break
		}
		*drop = false
	}
	c.bar = layout.Clamp(width-c.taken(), 0, mostBar)
	return c
}

// taken is how many cells all takes but the bar.
func (c columns) taken() int {
	w := widthLead + c.name + 2 + widthSet + widthSeen + widthP99 + 1
	if c.requests {
		w += widthRequests
	}
	if c.errors {
		w += widthErrors
	}
	return w
}

// title is the line of column names.
func (c columns) title(width int) string {
	line := layout.Fit("   SERVICE", widthLead+c.name+2+c.bar) + layout.FitRight("SET", widthSet) + layout.FitRight("SEEN", widthSeen)
	if c.requests {
		line += layout.FitRight("REQUESTS", widthRequests)
	}
	if c.errors {
		line += layout.FitRight("ERRORS", widthErrors)
	}
	return layout.Fit(line+layout.FitRight("P99", widthP99), width)
}

// bar draws what was seen filled, and the rest of what is set lightly.
func bar(t theme.Theme, set int, seen *float64, w int) string {
	cells := func(v float64) int {
		if math.IsNaN(v) {
			return 0
		}
		return int(math.Round(layout.Clamp(v, 0, 100) / 100 * float64(w)))
	}
	full := 0
	if seen != nil {
		full = cells(*seen)
	}
	light := max(cells(float64(set))-full, 0)
	return t.Accent.Paint(strings.Repeat("█", full)) + t.Faint.Paint(strings.Repeat("░", light)) + layout.Space(w-full-light)
}

func seenText(s mesh.Seen) string {
	if s.Share == nil {
		return theme.Unknown
	}
	return fmt.Sprintf("%.1f %%", layout.Clamp(*s.Share, -999, 999))
}

// requestsText is how many requests were seen; those of a route whose
// destination others have too are not known.
func requestsText(s mesh.Seen) string {
	if s.Shared && s.Share == nil {
		return theme.Unknown
	}
	return layout.Count(s.Requests)
}

// errorsText is how many of them failed.
func errorsText(s mesh.Seen) string {
	if s.Shared && s.Share == nil {
		return theme.Unknown
	}
	return layout.Count(s.Errors)
}

// astray is by how many points a split may differ from what is set before that
// is worth a look, once enough requests were seen.
const (
	astray       = 5.0
	enoughToTell = 200
)

// seenStyle is how loud the share is that was seen.
func (m Model) seenStyle(d mesh.Destination, total int64) theme.Style {
	if d.Seen.Share != nil && !d.Seen.Shared && total >= enoughToTell && math.Abs(*d.Seen.Share-float64(d.Weight)) > astray {
		return m.theme.Working
	}
	return m.theme.Text
}

func p99Text(d *time.Duration) string {
	switch {
	case d == nil:
		return theme.Unknown
	case *d >= time.Minute:
		return layout.Age(*d)
	case *d >= 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case *d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

// longest is the longest name of a destination, in cells.
func (m Model) longest() int {
	w := 0
	for i := range m.state.Services {
		for j := range m.state.Services[i].Routes {
			r := &m.state.Services[i].Routes[j]
			if alone(r) || bare(&m.state.Services[i]) {
				continue
			}
			for _, d := range r.Destinations {
				w = max(w, layout.Width(d.Name))
			}
		}
	}
	return w
}

// total is how many requests were seen on a route.
func total(r *mesh.Route) int64 {
	var n int64
	for _, d := range r.Destinations {
		n += d.Seen.Requests
	}
	return n
}
