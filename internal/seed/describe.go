package seed

import (
	"fmt"
	"strings"
)

// Lines say what the set holds, a line for each kind: "topics orders (3),
// features".
func (s Set) Lines() []string {
	var lines []string
	add := func(kind string, names []string) {
		if len(names) > 0 {
			lines = append(lines, kind+" "+strings.Join(names, ", "))
		}
	}
	add("topics", namesOf(s.Topics, func(t Topic) string {
		if t.Partitions == 0 {
			return t.Name
		}
		return fmt.Sprintf("%s (%d)", t.Name, t.Partitions)
	}))
	add("groups", namesOf(s.Groups, func(g Group) string {
		if len(g.Topics) == 0 {
			return g.Name
		}
		return fmt.Sprintf("%s (at the %s of %s)", g.Name, g.Place, strings.Join(g.Topics, " and "))
	}))
	add("exchanges", namesOf(s.Exchanges, func(e Exchange) string { return fmt.Sprintf("%s (%s)", e.Name, e.Type) }))
	add("queues", namesOf(s.Queues, func(q Queue) string { return fmt.Sprintf("%s (%s)", q.Name, q.Type) }))
	add("bindings", namesOf(s.Bindings, Binding.Title))
	add("users", namesOf(s.Users, func(u User) string { return u.Name }))
	add("databases", namesOf(s.Databases, func(d Database) string {
		if d.Owner == "" {
			return d.Name
		}
		return fmt.Sprintf("%s (of %s)", d.Name, d.Owner)
	}))
	add("SQL", namesOf(s.SQL, func(f Script) string { return f.Name }))
	add("migrations", namesOf(s.Migrations, func(m Migration) string { return fmt.Sprintf("%s (%d files)", m.Name, len(m.Files)) }))
	add("commands", namesOf(s.Commands, func(f Script) string { return f.Name }))
	return lines
}

// Title is the binding as one line: "events → jobs by job.#".
func (b Binding) Title() string {
	title := b.Exchange + " → " + b.Queue
	if b.Key != "" {
		title += " by " + b.Key
	}
	return title
}

func namesOf[T any](list []T, name func(T) string) []string {
	names := make([]string, len(list))
	for i, item := range list {
		names[i] = name(item)
	}
	return names
}
