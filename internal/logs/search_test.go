package logs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// contains is a condition with a literal.
type contains string

func (c contains) Holds(l Line, _ func() Fields) bool { return strings.Contains(l.Message, string(c)) }
func (c contains) Literals() []string                 { return []string{string(c), ""} }

// varied are lines of all forms, with rare ones among them and odd times.
func varied(n int) []Line {
	m := newMill()
	var lines []Line
	for len(lines) < n {
		lines = append(lines, m.batch()...)
	}
	lines = lines[:n]
	for i := range lines {
		switch i % 1000 {
		case 7:
			lines[i].Message = fmt.Sprintf("连接被拒绝: Verbindung zu Größe %d ABGELEHNT\n\tat line 2", i)
		case 8:
			lines[i].Message, lines[i].Level = "aaab aaaab NEEDLE-"+fmt.Sprint(i), LevelUnknown
		case 9:
			lines[i].Time = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
		case 10:
			lines[i].Time = time.Time{}
		case 11:
			lines[i].Time = time.Unix(0, 0).UTC()
		case 12:
			lines[i].Message = ""
		case 13:
			lines[i].Message = `{"level":"error","Kelvin":"K","code":"E-42.x","msg":"needle ſtrange İ"}`
			lines[i].Level = LevelError
		}
	}
	return lines
}

// kept is what a store makes of a line.
func kept(lines []Line) []Line {
	lines = slices.Clone(lines)
	for i := range lines {
		lines[i].Time = fromNanos(nanos(lines[i].Time))
	}
	return lines
}

func queries(lines []Line) map[string]Query {
	third := lines[len(lines)/3].Time
	q := map[string]Query{
		"text":              {Text: "Needle"},
		"one letter":        {Text: "Z"},
		"overlapping":       {Text: "aaab"},
		"chinese":           {Text: "被拒绝"},
		"one character":     {Text: "拒"},
		"wide and narrow":   {Text: "GRÖSSE"},
		"umlaut":            {Text: "größe"},
		"kelvin":            {Text: "İ"},
		"k":                 {Text: "Kelvin"},
		"pattern":           {Pattern: regexp.MustCompile(`attempt":[34].*peer`)},
		"pattern any case":  {Pattern: regexp.MustCompile(`(?i)NEEDLE[ -]`)},
		"pattern of either": {Pattern: regexp.MustCompile(`needle|NEEDLE`)},
		"pattern of kelvin": {Pattern: regexp.MustCompile(`(?i)"k"`)},
		"pattern of ſ":      {Pattern: regexp.MustCompile(`(?i)needle strange`)},
		"pattern of lines":  {Pattern: regexp.MustCompile(`(?s)abgelehnt.*line|(?m)^\tat`)},
		"pattern repeated":  {Pattern: regexp.MustCompile(`(a{3}b ){1,}a+b`)},
		"no such pattern":   {Pattern: regexp.MustCompile(`no such (thing|matter)`)},
		"levels":            {Levels: Levels(LevelWarn, LevelUnknown)},
		"info alone":        {Levels: Levels(LevelInfo)},
		"min level":         {MinLevel: LevelError},
		"service":           {Services: []string{"kafka"}, Text: "retrying"},
		"field":             {Fields: []FieldFilter{{Key: "code", Value: "E-42.x"}}},
		"no field":          {Fields: []FieldFilter{{Key: "code", Value: "E-42.x", Not: true}}, Text: "needle"},
		"own field":         {Fields: []FieldFilter{{Key: "service", Value: "billing"}}, MinLevel: LevelWarn},
		"level field":       {Fields: []FieldFilter{{Key: "level", Value: "warn"}}, Text: "peer"},
		"where":             {Where: contains("NEEDLE-8"), Text: "b a"},
		"since":             {Since: third, Text: "needle"},
		"between":           {Since: third, Until: third.Add(time.Millisecond)},
		"until":             {Until: lines[20].Time},
		"far away":          {Since: time.Date(8000, 1, 1, 0, 0, 0, 0, time.UTC)},
	}
	return q
}

// TestSearchesOfAllKinds holds what a search finds against what each line says
// of itself, in raw and in packed segments.
func TestSearchesOfAllKinds(t *testing.T) {
	lines := kept(varied(3000))
	s := rawStore(t, Options{SegmentBytes: 100 << 10, SyncEvery: -1}, lines)
	for _, form := range []string{"raw", "packed"} {
		if form == "packed" {
			s.packAll()
		}
		r := openReader(t, s.dir)
		for name, q := range queries(lines) {
			var want []Line
			for _, l := range lines {
				if q.Matches(l) {
					want = append(want, l)
				}
			}
			for _, step := range []int{3, 10000} {
				if step == 3 && len(want) > 20 {
					continue
				}
				if diff := cmp.Diff(want, readAll(t, r, q, step)); diff != "" {
					t.Errorf("%s, %s forward by %d: %d lines wanted (-want +got):\n%.600s", form, name, step, len(want), diff)
				}
				if diff := cmp.Diff(want, readBack(t, r, q, step)); diff != "" {
					t.Errorf("%s, %s backward by %d: %d lines wanted (-want +got):\n%.600s", form, name, step, len(want), diff)
				}
			}
			checkCount(t, form+" "+name, r, lines, q)
		}
	}
}

// checkCount counts over several spans, and line by line.
func checkCount(t *testing.T, name string, r Reader, lines []Line, q Query) {
	t.Helper()
	last := lines[len(lines)-1].Time
	for _, s := range []Span{
		{From: noon, To: last, Parts: 7},
		{From: noon.Add(-time.Hour), To: last.Add(time.Hour), Parts: 3},
		{From: time.Unix(0, 0), To: noon.Add(1), Parts: 2},
		{From: noon, To: time.Date(9999, 2, 1, 0, 0, 0, 0, time.UTC), Parts: 5},
		{From: last, To: noon, Parts: 4},
		{From: noon, To: last, Parts: 0},
	} {
		want := make([]LevelCounts, s.Parts)
		from, to := nanos(s.From), nanos(s.To)
		for _, l := range lines {
			if n := nanos(l.Time); q.Matches(l) && n >= from && n < to && s.Parts > 0 {
				part := int(float64(n-from) / float64(to-from) * float64(s.Parts))
				want[min(part, s.Parts-1)][l.Level]++
			}
		}
		got, err := r.Count(t.Context(), q, s)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: counts from %v to %v (-want +got):\n%.600s", name, s.From, s.To, diff)
		}
	}
}

// TestAt looks for times in a store with a small disorder and odd times.
func TestAt(t *testing.T) {
	lines := kept(varied(9000))
	for i := 0; i+3 < len(lines); i += 5 {
		lines[i].Time, lines[i+3].Time = lines[i+3].Time, lines[i].Time
	}
	s := rawStore(t, Options{SegmentBytes: 300 << 10, SyncEvery: -1}, lines)
	now := time.Now()
	for _, form := range []string{"raw", "packed"} {
		if form == "packed" {
			s.packAll()
		}
		r := openReader(t, s.dir)
		for i := 0; i < len(lines); i += 313 {
			wanted := lines[i].Time
			if wanted.IsZero() || wanted.After(now) {
				continue
			}
			first := slices.IndexFunc(lines, func(l Line) bool { return !l.Time.Before(wanted) && l.Time.Before(now) })
			at, err := r.At(t.Context(), wanted)
			if err != nil {
				t.Fatal(err)
			}
			page, err := r.Forward(t.Context(), at, Query{}, 1)
			if err != nil || len(page.Lines) != 1 || !page.Lines[0].Time.Equal(lines[first].Time) {
				t.Fatalf("%s: at %v comes %v, %v; want line %d of %v", form, wanted, page.Lines, err, first, lines[first].Time)
			}
		}
		end, err := r.End(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		at, err := r.At(t.Context(), latestNanos().Add(time.Hour))
		if err != nil || at != end && !(end.Compare(at) > 0) {
			t.Errorf("after all lines: %v, %v; the end is %v", at, err, end)
		}
	}
	if at, err := openReader(t, t.TempDir()).At(t.Context(), noon); err != nil || at != (Cursor{}) {
		t.Errorf("in an empty store: %v, %v", at, err)
	}
}

func latestNanos() time.Time { return fromNanos(latestTime) }

// TestASearchEndsWithItsContext cancels a search that is on its way.
func TestASearchEndsWithItsContext(t *testing.T) {
	s := rawStore(t, Options{SegmentBytes: 300 << 10, SyncEvery: -1}, varied(9000))
	s.packAll()
	r := openReader(t, s.dir)
	ctx, cancel := context.WithCancel(t.Context())
	q := Query{Where: cancelling{cancel}}
	page, err := r.Forward(ctx, Cursor{}, q, 1<<20)
	if !errors.Is(err, context.Canceled) || len(page.Lines) == 9000 {
		t.Errorf("%d lines, %v", len(page.Lines), err)
	}
	next, err := r.Forward(t.Context(), page.End, Query{}, 1<<20)
	if err != nil || len(page.Lines)+len(next.Lines) != 9000 {
		t.Errorf("%d lines before, %d after, %v", len(page.Lines), len(next.Lines), err)
	}
}

type cancelling struct{ cancel func() }

func (c cancelling) Holds(l Line, _ func() Fields) bool {
	c.cancel()
	return true
}
func (c cancelling) Literals() []string { return nil }

// TestFinder looks for random texts of few letters in random texts.
func TestFinder(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	word := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "aAbB1-"[random.IntN(6)]
		}
		return string(b)
	}
	for range 20000 {
		text, literal, fold := word(random.IntN(60)), word(1+random.IntN(4)), random.IntN(2) == 0
		in := text
		if fold {
			literal, in = strings.ToLower(literal), strings.ToLower(text)
		}
		f := finder{literal: newLiteral([]byte(literal), fold)}
		f.begin([]byte(text))
		for from := 0; ; {
			want := -1
			if from <= len(in) {
				if want = strings.Index(in[from:], literal); want >= 0 {
					want += from
				}
			}
			got := f.find(from)
			if got != want {
				t.Fatalf("%q in %q from %d (fold: %v): %d, want %d", literal, text, from, fold, got, want)
			}
			if got < 0 {
				break
			}
			from = got + 1 + random.IntN(3)
		}
	}
}

// FuzzFilter takes a text out of a message: the message's filter knows it.
func FuzzFilter(f *testing.F) {
	f.Add("a message 连接被拒绝", 3, 5)
	f.Add("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 3, 9)
	f.Fuzz(func(t *testing.T, message string, from, length int) {
		if from < 0 || length < 0 || from > len(message) || length > len(message)-from {
			return
		}
		var maker filterMaker
		maker.add([]byte("something else"))
		maker.add([]byte(message))
		filter := maker.finish(nil)
		for _, text := range []string{message[from : from+length], strings.ToUpper(message[from : from+length])} {
			if text != message[from:from+length] && !ascii(text) {
				continue
			}
			if !gramsOf([]byte(text)).mayBeIn(filter) {
				t.Errorf("%q is in %q", text, message)
			}
		}
	})
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

func TestFiltersTell(t *testing.T) {
	var maker filterMaker
	m := newMill()
	for _, l := range m.batch()[:2000] {
		maker.add([]byte(l.Message))
	}
	filter := maker.finish(nil)
	told := 0
	words := []string{"quota exceeded", "zookeeper", "segmentation fault", "out of memory", "deadlock", "permission denied", "NullPointerException", "certificate"}
	for _, w := range words {
		if !gramsOf([]byte(w)).mayBeIn(filter) {
			told++
		}
	}
	if told < len(words)-2 {
		t.Errorf("%d of %d words are told to be absent", told, len(words))
	}
}

func TestPatternLiterals(t *testing.T) {
	for pattern, want := range map[string][]string{
		`connection refused`:     {"connection refused"},
		`(?i)Error: 被拒`:          {"error: 被拒"},
		`(?i)timeout after 5s`:   {"timeout after 5"},
		`(?i)skip`:               {"ip"},
		`a+bc`:                   {"a", "bc"},
		`(foo){2}(bar)?`:         {"foo", "foo"},
		`x|y`:                    nil,
		`^\d+ (GET|POST) /v1/.*`: {" ", " /v1/"},
		`(?i)ÄB`:                 {"b"},
	} {
		var got []string
		for _, l := range patternLiterals(regexp.MustCompile(pattern)) {
			got = append(got, string(l.text))
		}
		if pattern == `(foo){2}(bar)?` {
			slices.Sort(got)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", pattern, got, want)
		}
	}
}
