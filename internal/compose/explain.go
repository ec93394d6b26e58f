package compose

import (
	"fmt"
	"regexp"
	"strings"
)

// explain puts the place in front of a loader's error, as far as the error
// names what it is about.
func (p Project) explain(err error, l loading) error {
	text := err.Error()
	for _, file := range l.files {
		text = strings.ReplaceAll(text, file, l.display(file))
	}
	if shown := l.display(l.folder); l.confined {
		text = strings.ReplaceAll(text, l.folder, shown)
	}
	at := p.locate(text)
	text = strings.TrimPrefix(text, "validating "+at.File+": ")
	return fmt.Errorf("%s: %s", at, text)
}

var (
	keyPath    = regexp.MustCompile(`\b(?:services|jobs|models|volumes|networks|secrets|configs)\.[\w.\-\[\]]+`)
	extraKey   = regexp.MustCompile(`additional properties? '([^']+)'`)
	namedThing = regexp.MustCompile(`\b(service|volume|network|secret|config) "([^"]+)"`)
)

// locate finds the place that an error's text speaks of.
func (p Project) locate(text string) Position {
	if path := keyPath.FindString(text); path != "" {
		parts := strings.FieldsFunc(strings.TrimRight(path, ".:"), func(r rune) bool { return strings.ContainsRune(".[]", r) })
		if key := extraKey.FindStringSubmatch(text); key != nil {
			parts = append(parts, key[1])
		}
		return p.Position(parts...)
	}
	if key := extraKey.FindStringSubmatch(text); key != nil {
		return p.Position(key[1])
	}
	if thing := namedThing.FindStringSubmatch(text); thing != nil {
		return p.Position(thing[1]+"s", thing[2])
	}
	return p.Position()
}
