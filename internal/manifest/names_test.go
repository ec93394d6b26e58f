package manifest

import (
	"os/exec"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
)

func TestLabel(t *testing.T) {
	for text, want := range map[string]string{
		"kafka": "kafka", "My_Service": "my-service", "a.b": "a-b", "3rd": "x-3rd", "-x-": "x", "é": "x-2f23c718",
	} {
		if got := label(text); got != want {
			t.Errorf("label(%q) = %q, want %q", text, got, want)
		}
	}
	long := label(strings.Repeat("a", 100))
	if len(long) > maxName || long == label(strings.Repeat("a", 101)) {
		t.Errorf("long names become %q", long)
	}
}

func FuzzLabel(f *testing.F) {
	for _, seed := range []string{"", "a", "A_b", "..", "9", "你好", strings.Repeat("-a", 60)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := label(text); len(validation.IsDNS1035Label(got)) > 0 || len(got) > maxName {
			t.Errorf("label(%q) = %q", text, got)
		}
	})
}

func TestDistinct(t *testing.T) {
	same := func(name string) string { return name }
	names := distinct([]string{"a-b", "a_b", "A.B", "c"}, same)
	if names["a-b"] != "a-b" || names["c"] != "c" {
		t.Errorf("good names were changed: %v", names)
	}
	all := map[string]bool{}
	for _, name := range names {
		all[name] = true
	}
	if len(all) != 4 {
		t.Errorf("names meet: %v", names)
	}
	names = distinct([]string{"a", "b"}, func(string) string { return "one" })
	if names["a"] == names["b"] {
		t.Errorf("a renaming made names meet: %v", names)
	}
}

// TestQuote asks a real shell.
func TestQuote(t *testing.T) {
	for _, word := range []string{"", "a b", "it's", `"$HOME"`, "`id`", "a\nb", "*", "plain-word_1./:=@%+,", "\\"} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+quote(word)).Output()
		if err != nil || string(out) != word {
			t.Errorf("quote(%q) = %s: %q, %v", word, quote(word), out, err)
		}
	}
}

// TestEscape reads the text back the way Kubernetes does: $$ is a dollar and
// $(NAME) a reference, which there must be none of.
func TestEscape(t *testing.T) {
	for _, text := range []string{"", "$", "$$", "$(A)", "$$(A)", "a$b", "$${A}", "$$$", "x$(", "cost: 5$"} {
		escaped := escape(text)
		var back strings.Builder
		for i := 0; i < len(escaped); i++ {
			if escaped[i] == '$' && i+1 < len(escaped) {
				switch escaped[i+1] {
				case '$':
					i++
				case '(':
					t.Errorf("escape(%q) = %q holds a reference", text, escaped)
				}
			}
			back.WriteByte(escaped[i])
		}
		if back.String() != text {
			t.Errorf("escape(%q) = %q, read back as %q", text, escaped, back.String())
		}
	}
}
