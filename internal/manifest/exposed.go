package manifest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// exposed is the path of a text in which a credential stands, as it is or in
// base64; empty without one.
func exposed(value any, path string, secrets []string) string {
	switch v := value.(type) {
	case string:
		if holdsAny(v, secrets) || holdsEncoded(v, secrets) {
			return path
		}
	case []any:
		for i, item := range v {
			if found := exposed(item, fmt.Sprintf("%s[%d]", path, i), secrets); found != "" {
				return found
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if found := exposed(v[key], strings.TrimPrefix(path+"."+key, "."), secrets); found != "" {
				return found
			}
		}
	}
	return ""
}

// encoded finds what may be base64 (RFC 4648, sections 4 and 5), without padding.
var encoded = regexp.MustCompile(`[A-Za-z0-9+/_-]{6,}`)

// shortestEncoded is the length from which on a credential is looked for in
// base64: a shorter one is there by chance.
const shortestEncoded = 4

// holdsEncoded reports whether a credential is in something that is base64,
// wherever that begins.
func holdsEncoded(text string, secrets []string) bool {
	long := slices.DeleteFunc(slices.Clone(secrets), func(secret string) bool { return len(secret) < shortestEncoded })
	if len(long) == 0 {
		return false
	}
	for _, word := range encoded.FindAllString(text, -1) {
		word = strings.NewReplacer("-", "+", "_", "/").Replace(word)
		for begin := range 4 { // so many characters are three bytes
			piece := word[begin:]
			if len(piece)%4 == 1 {
				piece = piece[:len(piece)-1]
			}
			if data, err := base64.RawStdEncoding.DecodeString(piece); err == nil && holdsAny(string(data), long) {
				return true
			}
		}
	}
	return false
}
