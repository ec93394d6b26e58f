package diagnose

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzExplain changes recorded observations in a few places, each into
// something that still is an observation: nothing may panic, nothing that
// leaves may hold control characters, and the same is told twice.
func FuzzExplain(f *testing.F) {
	files, err := filepath.Glob("testdata/recorded/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no recordings: %v", err)
	}
	var recorded [][]byte
	for i, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		recorded = append(recorded, raw)
		f.Add(uint8(i), uint64(i), uint8(3), "\x1b[2J\u202e %s {\x00}")
	}
	f.Fuzz(func(t *testing.T, which uint8, seed uint64, changes uint8, text string) {
		var value any
		if err := json.Unmarshal(recorded[int(which)%len(recorded)], &value); err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(seed, 0))
		for range changes % 16 {
			value = mutate(value, random, text)
		}
		raw, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		var o Observation
		if json.Unmarshal(raw, &o) == nil {
			checkExplained(t, o)
		}
	})
}

// mutate changes one place of a JSON value, at random.
func mutate(value any, random *rand.Rand, text string) any {
	if random.IntN(8) == 0 {
		return change(value, random, text)
	}
	switch v := value.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		if len(keys) == 0 {
			return v
		}
		key := keys[random.IntN(len(keys))]
		if random.IntN(12) == 0 {
			delete(v, key)
			return v
		}
		v[key] = mutate(v[key], random, text)
		return v
	case []any:
		if len(v) == 0 {
			return v
		}
		at := random.IntN(len(v))
		if random.IntN(6) == 0 {
			return append(v, v[at]) // the same twice
		}
		v[at] = mutate(v[at], random, text)
		return v
	default:
		return change(value, random, text)
	}
}

// change replaces a value by another of its type, or by nothing.
func change(value any, random *rand.Rand, text string) any {
	switch value.(type) {
	case string:
		return []any{text, "", "-", strings.Repeat(text, 50)}[random.IntN(4)]
	case float64:
		return []any{-1, 0, 1 << 31, -1 << 31}[random.IntN(4)]
	case bool:
		return random.IntN(2) == 0
	default:
		return nil
	}
}

func checkExplained(t *testing.T, o Observation) {
	t.Helper()
	observed := Observed(o)
	all := append(Explain(o), observed.Findings...)
	for _, service := range observed.Services {
		all = append(all, service.Why...)
		harmless(t, service.Name, service.Stack, service.Waiting)
	}
	for _, finding := range all {
		harmless(t, slices.Concat(finding.Evidence, finding.Advice, []string{finding.Summary, finding.Subject, finding.Service})...)
	}
	for _, event := range Occurrences(Observation{}, o) {
		harmless(t, event.Occurred.Subject, event.Occurred.Service, event.Occurred.Reason, event.Occurred.Message)
	}
	if again := Observed(o); !reflect.DeepEqual(observed, again) {
		t.Errorf("the same observation is told differently:\n%+v\n%+v", observed, again)
	}
}

func harmless(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			t.Errorf("not harmless: %q", text)
		}
	}
}
