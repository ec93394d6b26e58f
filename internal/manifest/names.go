package manifest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// maxName leaves room below Kubernetes' 63 characters for the hashes that
// controllers and Jobs append.
const maxName = 46

func hash(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// label makes a DNS label (RFC 1123, beginning with a letter as Services want
// it) of any text. What cannot be told apart any more gets a hash.
func label(text string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(text) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			b.WriteRune(c)
		case b.Len() > 0:
			b.WriteByte('-')
		}
	}
	name := strings.Trim(b.String(), "-")
	switch {
	case name == "":
		return "x-" + hash(text)[:8]
	case name[0] >= '0' && name[0] <= '9':
		name = "x-" + name
	}
	if len(name) > maxName {
		name = strings.TrimRight(name[:maxName-9], "-") + "-" + hash(text)[:8]
	}
	return name
}

// distinct gives each text a label; where several become the same, those that
// had to be changed for it, or come later, get a hash.
func distinct(texts []string, name func(string) string) map[string]string {
	texts = slices.Sorted(slices.Values(texts))
	names := make(map[string]string, len(texts))
	taken := map[string]bool{}
	give := func(text, name string) {
		if taken[name] {
			name = label(name[:min(len(name), maxName-9)] + "-" + hash(text)[:8])
		}
		taken[name] = true
		names[text] = name
	}
	for _, unchanged := range []bool{true, false} {
		for _, text := range texts {
			if wish := name(text); (label(wish) == wish) == unchanged {
				give(text, label(wish))
			}
		}
	}
	return names
}

// references rewrites names of services that are called otherwise in the
// cluster, where a text uses them as a host: before a port, in a URL, or as
// the whole of a variable that is about a host.
type references struct {
	names   map[string]string
	inText  *regexp.Regexp
	hostKey *regexp.Regexp
}

func newReferences(names map[string]string) references {
	changed := maps.Clone(names)
	maps.DeleteFunc(changed, func(from, to string) bool { return strings.EqualFold(from, to) })
	if len(changed) == 0 {
		return references{}
	}
	var quoted []string
	for from := range changed {
		quoted = append(quoted, regexp.QuoteMeta(from))
	}
	slices.SortFunc(quoted, func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	name := "(" + strings.Join(quoted, "|") + ")"
	return references{
		names:   changed,
		inText:  regexp.MustCompile(`(://|://[^\s/@]*@|^|[^A-Za-z0-9_.\-])` + name + `(:\d|/|[?,;'"\s]|$)`),
		hostKey: regexp.MustCompile(`(?i)(^|_)(host|hosts|hostname|addr|address|server|servers)$`),
	}
}

// rewrite changes the text; key is the variable that holds it, if any.
func (r references) rewrite(key, text string) string {
	if r.inText == nil {
		return text
	}
	if to, ok := r.names[text]; ok && r.hostKey.MatchString(key) {
		return to
	}
	// Neighbouring matches share the character between them: a second pass
	// finds what the first had to step over.
	for range 2 {
		text = r.inText.ReplaceAllStringFunc(text, func(match string) string {
			m := r.inText.FindStringSubmatch(match)
			url := strings.Contains(m[1], "://")
			port := strings.HasPrefix(m[3], ":")
			if !url && !port {
				return match
			}
			return m[1] + r.names[m[2]] + m[3]
		})
	}
	return text
}
