package cursor

import "testing"

type line struct{ id, about string }

func (l line) ID() string    { return l.id }
func (l line) About() string { return l.about }

// list has a heading, a row with two lines below it, a heading and two rows.
func list() []line {
	return []line{{}, {id: "a"}, {about: "a"}, {about: "a"}, {}, {id: "b"}, {id: "c"}}
}

func TestMoved(t *testing.T) {
	const far = 1 << 30
	tests := []struct {
		name       string
		from       string
		by, height int
		want       string
		at, offset int
	}{
		{"to the first", "", 0, 3, "a", 1, 1}, // its lines before its heading
		{"all of it fits", "", 0, 4, "a", 1, 0},
		{"down", "a", 1, 3, "b", 5, 3},
		{"far down", "a", far, 3, "c", 6, 4},
		{"down at the end", "c", 1, 3, "c", 6, 4},
		{"up", "c", -1, 3, "b", 5, 4},
		{"far up", "c", -far, 4, "a", 1, 0},
		{"no room", "a", 1, 0, "b", 5, 6},
	}
	for _, tt := range tests {
		c := Moved(Kept(Cursor{ID: tt.from}, list(), tt.height), list(), tt.by, tt.height)
		if c.ID != tt.want || c.At != tt.at {
			t.Errorf("%s: %+v", tt.name, c)
		}
		if tt.height > 0 && (c.Offset > c.At || c.Offset+tt.height <= c.At) {
			t.Errorf("%s: the row does not show: %+v", tt.name, c)
		}
	}
}

func TestKept(t *testing.T) {
	c := Kept(Cursor{ID: "b", At: 5}, list()[4:], 3)
	if c.ID != "b" || c.At != 1 {
		t.Errorf("with fewer rows above: %+v", c)
	}
	if c = Kept(c, []line{{id: "x"}, {}}, 3); c.ID != "x" {
		t.Errorf("without its row: %+v", c)
	}
	if c = Kept(c, []line{{}, {}}, 3); c.ID != "" {
		t.Errorf("without any to choose: %+v", c)
	}
	if c = Kept[line](c, nil, 3); c.ID != "" || c.At != 0 || c.Offset != 0 {
		t.Errorf("without any: %+v", c)
	}
	twice := []line{{id: "a"}, {id: "a"}, {id: "b"}}
	if c = Kept(Cursor{ID: "a", At: 1}, twice, 3); c.At != 1 {
		t.Errorf("of two of a name: %+v", c)
	}
}

func TestAt(t *testing.T) {
	c := Kept(Cursor{}, list(), 10)
	for at, want := range map[int]int{1: 1, 2: 1, 3: 1, 5: 5, 6: 6, 0: -1, 4: -1, 7: -1, -1: -1} {
		got, ok := At(c, list(), at)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("line %d: %d, %t", at, got, ok)
		}
	}
}
