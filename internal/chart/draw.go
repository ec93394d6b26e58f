package chart

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// drawing finds the functions that may answer otherwise the next time
// (masterminds.github.io/sprig: random strings, cryptography, UUIDs, lists).
var drawing = regexp.MustCompile(`\b(rand(Alpha|AlphaNum|Ascii|Numeric|Bytes|Int)|uuidv4|shuffle|gen(PrivateKey|CA|CAWithKey|SelfSignedCert|SelfSignedCertWithKey|SignedCert|SignedCertWithKey)|htpasswd|bcrypt|encryptAES)\b`)

// draws reports whether the chart asks for chance anywhere: most do not, and
// need not be rendered twice.
func (c Chart) draws() bool {
	for _, f := range c.files {
		if strings.HasSuffix(f.Name, ".tgz") || drawing.Match(f.Data) { // an archive is a chart inside
			return true
		}
	}
	return false
}

// again renders once more and refuses what came out otherwise: everything that
// hangs on it would be replaced at each start.
func (c Chart) again(r Release, values map[string]any, texts, files map[string]string) error {
	_, second, err := c.once(r, values, texts)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if files[name] != second[name] {
			return &RenderError{Release: r.Name, Err: fmt.Errorf(
				"%s differs at every rendering, since it draws something by chance: give that in values, from credentials", name,
			)}
		}
	}
	return nil
}
