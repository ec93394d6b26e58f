package compose

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var plainScalar = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./-]*$`)

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// scalar writes a text as YAML, in quotes where it would be read otherwise.
func scalar(text string) string {
	if plainScalar.MatchString(text) && !slices.Contains(
		[]string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}, strings.ToLower(text)) {
		return text
	}
	return strconv.Quote(text)
}
