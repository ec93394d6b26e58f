package istio

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// ourManager is who we are to the cluster's API, see internal/kube.
const ourManager = "diorama"

// mostClashes is how many fields a refusal names.
const mostClashes = 3

// changedSince says which fields somebody else has changed, and who.
func (o Object) changedSince(clashes []clash) string {
	var fields []string
	for _, c := range clashes[:min(len(clashes), mostClashes)] {
		fields = append(fields, c.String())
	}
	if n := len(clashes) - mostClashes; n > 0 {
		fields = append(fields, fmt.Sprintf("and %d more", n))
	}
	return fmt.Sprintf("%s was changed by %s since: %s", o, o.writer(clashes[0].path), strings.Join(fields, ", "))
}

// String is the field and what became of it.
func (c clash) String() string {
	is, was := brief(c.is), brief(c.was)
	switch {
	case c.is == absent{}:
		return c.path + " is not there any more"
	case is == "":
		return c.path + " is another one"
	case c.was == absent{}:
		return c.path + " is " + is + ", and was not there"
	case was == "":
		return c.path + " is " + is
	}
	return c.path + " is " + is + ", and was " + was
}

// brief is a value on a line; empty of one that is too long for that.
func brief(v any) string {
	const most = 40
	data, err := json.Marshal(v)
	if err != nil || len(data) > most {
		return ""
	}
	if s := text(v); s != "" {
		return s
	}
	return string(data)
}

// writer is who has last changed a field of the spec, as the cluster's API notes
// it (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management).
// Lists count as one field there. Where we have written it after them, they are
// not known any more.
func (o Object) writer(path string) string {
	managers, _ := o.metadata()["managedFields"].([]any)
	path, _, _ = strings.Cut(path, "[")
	best, who, when := 0, "somebody", time.Time{}
	for _, m := range managers {
		entry, _ := m.(map[string]any)
		fields, _ := entry["fieldsV1"].(map[string]any)
		depth := owned(fields, strings.Split("spec."+path, "."))
		at, _ := time.Parse(time.RFC3339, text(entry["time"]))
		if depth > best || depth == best && depth > 0 && at.After(when) {
			best, who, when = depth, text(entry["manager"]), at
		}
	}
	if who == ourManager || best < 2 { // the spec as a whole is everybody's
		return "somebody"
	}
	return who
}

// owned is how much of a path a manager's fields reach down.
func owned(fields map[string]any, path []string) int {
	for i, key := range path {
		next, ok := fields["f:"+key].(map[string]any)
		if !ok {
			return i
		}
		fields = next
	}
	return len(path)
}
