package theme

// Marker stands before the selected line.
const Marker = "▸"

// Mark is what stands before a line, in one cell: where the cursor is on it, the
// marker.
func (t Theme) Mark(at bool) string {
	if at {
		return t.Accent.Paint(Marker)
	}
	return " "
}

// Name is how the name in a line is painted.
func (t Theme) Name(at bool) Style {
	if at {
		return t.Strong
	}
	return t.Text
}

// Loudness is how much a text wants to be seen.
type Loudness uint8

// The degrees of loudness.
const (
	Quiet Loudness = iota
	Usual
	Strong
	Working
	Unwell
)

// Loud is how a text of a loudness is painted.
func (t Theme) Loud(l Loudness) Style {
	switch l {
	case Usual:
		return t.Text
	case Strong:
		return t.Strong
	case Working:
		return t.Working
	case Unwell:
		return t.Unwell
	case Quiet:
	}
	return t.Muted
}
