package profiles

import (
	"fmt"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// set lays the value of an argument such as kafka.partitions=6 over the tree.
// The path begins with a key of the profile, or with a stack instance, whose
// parameter is then meant. A dot within a key is written \. .
func set(root *yamlpos.Node, argument string) (*yamlpos.Node, error) {
	shown := "--set " + argument
	key, text, ok := strings.Cut(argument, "=")
	path := splitPath(key)
	if !ok || slices.Contains(path, "") {
		return nil, fmt.Errorf("%s: expected STACK.PARAMETER=VALUE or KEY=VALUE, such as kafka.partitions=6 or cluster.nodes=2", shown)
	}
	switch {
	case path[0] == "extends":
		return nil, fmt.Errorf("%s: what a profile extends can only be said in its file", shown)
	case slices.Contains(profileKeys(), path[0]):
	case len(path) == 1:
		return nil, fmt.Errorf("%s: %s; a parameter is set with STACK.PARAMETER=VALUE", shown, yamlpos.Unknown("key", path[0], profileKeys()))
	default:
		path = append([]string{"parameters"}, path...)
	}
	if path[0] == "credentials" { // its value is a secret
		shown = "--set " + key + "=…"
	}
	value, err := yamlpos.ParseArgument(shown, text)
	if err != nil {
		return nil, err
	}
	return root.With(path, value), nil
}

// splitPath splits at dots that no backslash stands before.
func splitPath(key string) []string {
	const escaped = "\x00"
	parts := strings.Split(strings.ReplaceAll(key, `\.`, escaped), ".")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(part, escaped, ".")
	}
	return parts
}
