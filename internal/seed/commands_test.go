package seed_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/seed"
)

func TestCommands(t *testing.T) {
	for text, want := range map[string][]seed.Command{
		"":                               nil,
		"# a comment\n\n \t\r\n":         nil,
		"SET a b\r\nDEL  c\t d\n":        {{Line: 1, Arguments: []string{"SET", "a", "b"}}, {Line: 2, Arguments: []string{"DEL", "c", "d"}}},
		`SET a "x y\n\"\\\x00\xfF\q\x4"`: {{Line: 1, Arguments: []string{"SET", "a", "x y\n\"\\\x00\xffqx4"}}},
		`SET a 'it\'s \n' ""`:            {{Line: 1, Arguments: []string{"SET", "a", `it's \n`, ""}}},
		`SET key:"with space" 'b'`:       {{Line: 1, Arguments: []string{"SET", "key:with space", "b"}}},
		"\n\nSET ключ значение # no note": {{Line: 3, Arguments: []string{"SET", "ключ", "значение", "#", "no", "note"}}},
	} {
		got, err := seed.Commands(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", text, err, diff)
		}
	}
	for text, want := range map[string]string{
		`SET a "b`:                      "1:7: a quote that is not closed",
		"SET a b\nSET a 'b\\'":          "2:7: a quote that is not closed",
		`SET "a"b c`:                    `1:8: found "b" right after a quote`,
		"Multi\nSET a b\n  select 1":    "1:1: MULTI cannot be in a seed",
		"SET a \"b\nSET c d\nSHUTDOWN ": "3:1: SHUTDOWN cannot be in a seed",
	} {
		if _, err := seed.Commands(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error = %v, want %q", text, err, want)
		}
	}
}

// quote writes arguments so that they are read as they were.
func quote(arguments []string) string {
	var b strings.Builder
	for i, argument := range arguments {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteByte('"')
		for _, c := range []byte(argument) {
			b.WriteString(`\x` + string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15]))
		}
		b.WriteByte('"')
	}
	return b.String()
}

// FuzzCommands: whatever the text is, there is an outcome, and what was read is
// read again from how it is quoted.
func FuzzCommands(f *testing.F) {
	for _, text := range []string{"", "SET a b", `SET a "\x00\n" 'it\'s'`, "a\"b\nc'd", "# x\r\n\\", `"\x`, `'\`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := seed.Commands(text)
		for _, command := range list {
			if len(command.Arguments) == 0 || command.Line < 1 || command.Line > strings.Count(text, "\n")+1 {
				t.Fatalf("command %+v", command)
			}
			again, err := seed.Commands(quote(command.Arguments))
			if err != nil || len(again) != 1 {
				t.Fatalf("%q: %v", command.Arguments, err)
			}
			if diff := cmp.Diff(command.Arguments, again[0].Arguments); diff != "" {
				t.Fatal(diff)
			}
		}
		if err == nil && len(list) == 0 && strings.Trim(text, " \t\r\n\v\f") != "" && !strings.Contains(text, "#") {
			t.Fatalf("%q: nothing was read", text)
		}
	})
}
