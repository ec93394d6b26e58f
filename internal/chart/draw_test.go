package chart_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/chart"
)

// TestChanceIsRefused: what is drawn anew at every rendering would be replaced at
// every start; what is given instead is not drawn.
func TestChanceIsRefused(t *testing.T) {
	for expression, called := range map[string]string{
		`.Values.password | default (randAlphaNum 20)`: "randAlphaNum",
		`randInt 0 2`:                            "randInt", // every other time the same
		`shuffle "ab"`:                           "shuffle",
		`uuidv4`:                                 "uuidv4",
		`now | date "Mon"`:                       "now",
		`now.Year`:                               "now",
		`date "2006" .Values.none`:               "date",
		`htmlDate .Values.none`:                  "htmlDate",
		`dateInZone "15" "" "UTC"`:               "dateInZone",
		`ago (toDate "2006-01-02" "2026-01-01")`: "ago",
		`durationRound (toDate "2006" "2026")`:   "durationRound",
		`(genPrivateKey "ecdsa" | sha256sum)`:    "genPrivateKey",
		`tpl "{{ randAlpha 5 }}" .`:              "randAlpha",
		`tpl .Values.text .`:                     "uuidv4",
	} {
		t.Run(expression, func(t *testing.T) {
			_, err := secret(t, expression).Render(release(), map[string]any{"text": "{{ uuidv4 }}"}, nil)
			if err == nil || !strings.Contains(err.Error(), "web/templates/a.yaml differs at every rendering") ||
				!strings.Contains(err.Error(), "("+called+")") || !strings.Contains(err.Error(), "from credentials") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestWhatIsNotDrawnIsTaken: a chart may name such functions, and call them for
// what it does not use.
func TestWhatIsNotDrawnIsTaken(t *testing.T) {
	for _, expression := range []string{
		`.Values.password | default "x"`,
		`"" }}{{/* not now, nor uuidv4 */}}{{ .Values.password`,
		`if false }}{{ randAlpha 5 }}{{ end`,
		`$_ := uuidv4 }}{{ "x"`,
		`randInt 5 6`, // there is only one answer
		`date "2006-01-02" (toDate "2006" "2026")`,
		`htmlDateInZone 0 "UTC"`,
		`durationRound "2h10m"`,
		`keys (dict "a" 1 "b" 2 "c" 3 "d" 4 "e" 5 "f" 6) | join ","`,
		`values (dict "a" 1 "b" 2 "c" 3 "d" 4 "e" 5 "f" 6) | join ","`,
	} {
		t.Run(expression, func(t *testing.T) {
			c := secret(t, expression)
			first, err := c.Render(release(), map[string]any{"password": "given"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			second, err := c.Render(release(), map[string]any{"password": "given"}, nil)
			if diff := cmp.Diff(first, second); err != nil || diff != "" {
				t.Error(err, diff)
			}
		})
	}
}

// secret is a chart of one object, with what an expression gives in it.
func secret(t *testing.T, expression string) chart.Chart {
	t.Helper()
	return load(t, map[string]string{
		"templates/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  p: |-\n    x{{ " + expression + " }}\n",
	})
}

// TestLargeFilesAreNotRead: what a chart may not have is refused by its size.
func TestLargeFilesAreNotRead(t *testing.T) {
	files := folder(map[string]string{"templates/large.txt": strings.Repeat("x", 21<<20)})
	if _, err := chart.Load(unread{files}, "test/web"); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("got %v", err)
	}
}

// unread are files of which none may be read that is large.
type unread struct{ fstest.MapFS }

func (u unread) ReadFile(name string) ([]byte, error) {
	if len(u.MapFS[name].Data) > 1<<20 {
		panic("read " + name)
	}
	return u.MapFS.ReadFile(name)
}
