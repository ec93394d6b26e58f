package chart

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common/util"
)

// explain words the error of a template: the file and line that it is about,
// and what is wrong there.
func explain(err error) error {
	text := oneLine(err.Error())
	place := place.FindString(text)
	message := text
	// The innermost reason stands last: "… at <.Values.x>: the reason".
	if i := strings.LastIndex(text, ">: "); i >= 0 {
		message = text[i+3:]
	}
	if around := surround.FindStringIndex(message); around != nil {
		message = message[around[1]:]
	}
	if at := expression.FindStringSubmatch(text); at != nil && !strings.Contains(message, at[1]) {
		message += " (at " + at[1] + ")"
	}
	if place != "" && !strings.HasPrefix(message, place) {
		message = place + ": " + message
	}
	return fmt.Errorf("%s; look at the values that the template uses there", message)
}

var (
	// place is a template's file and line, with a column perhaps.
	place = regexp.MustCompile(`[\w.\-]+/templates/[\w.\-/]+:\d+(:\d+)?`)
	// surround is what the engine puts before a reason.
	surround = regexp.MustCompile(`(execution|parse) error at \([^)]*\): `)
	// expression is what was being worked out.
	expression = regexp.MustCompile(`at <([^>]+)>`)
)

// explainValues words what a chart's schema has against the values.
func explainValues(err error) error {
	var wrong util.JSONSchemaValidationError
	if !errors.As(err, &wrong) {
		if text := oneLine(err.Error()); strings.Contains(text, "schema") {
			return fmt.Errorf("values that the chart does not take: %s", schemaText(text))
		}
		return errors.New(oneLine(err.Error()))
	}
	return fmt.Errorf("values that the chart does not take: %s", schemaText(oneLine(wrong.Error())))
}

// schemaText leaves out what Helm says around the reasons.
func schemaText(text string) string {
	if _, rest, ok := strings.Cut(text, "following chart(s): "); ok {
		text = rest
	}
	return strings.ReplaceAll(text, " - at '", " '") + " (values.schema.json)"
}

// explainSplit words what is wrong with what templates made.
func explainSplit(err error) error {
	text := strings.TrimPrefix(oneLine(err.Error()), "YAML parse error on ")
	text = strings.Replace(text, "error converting YAML to JSON:", "it makes what is no YAML:", 1)
	return fmt.Errorf("%s; is a value of it missing, or of another type?", text)
}

// oneLine is a text of several lines as one.
func oneLine(text string) string {
	return strings.Join(strings.Fields(text), " ")
}

// compare holds values against those that the chart has: what is a mapping, a
// list or a boolean there must be one. Helm itself drops such a value with a
// warning, or fails somewhere in a template.
func compare(values, known map[string]any) error {
	var wrong []string
	differ("", values, flat(known), &wrong)
	if len(wrong) == 0 {
		return nil
	}
	return errors.New(strings.Join(wrong, "; "))
}

// internalDefaults is where Istio's charts keep their values.
const internalDefaults = "_internal_defaults_do_not_set"

func flat(known map[string]any) map[string]any {
	inner, ok := known[internalDefaults].(map[string]any)
	if !ok {
		return known
	}
	all := Merge(inner, known)
	// Its charts of one program take all of it under that program's name, too
	// (their templates/zzy_descope_legacy.yaml).
	for _, program := range []string{"pilot", "cni"} {
		if all[program] == nil {
			all[program] = Merge(inner, known)
		}
	}
	return all
}

func differ(at string, values, known map[string]any, wrong *[]string) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		value, standard := values[key], known[key]
		here := strings.TrimPrefix(at+"."+key, ".")
		if value == nil || standard == nil {
			continue // taken out, or free
		}
		below, isMap := value.(map[string]any)
		inner, wantsMap := standard.(map[string]any)
		if isMap && wantsMap {
			differ(here, below, inner, wrong)
			continue
		}
		if found, expected := shape(value), shape(standard); found != expected && !loose(found, expected) {
			*wrong = append(*wrong, fmt.Sprintf("the value %s is %s, the chart's own is %s", here, found, expected))
		}
	}
}

// loose reports shapes that templates print alike.
func loose(found, expected string) bool {
	plain := func(s string) bool { return s == aText || s == aNumber }
	return plain(found) && plain(expected)
}

const (
	aMapping = "a mapping"
	aList    = "a list"
	aBoolean = "true or false"
	aNumber  = "a number"
	aText    = "a text"
)

func shape(value any) string {
	switch value.(type) {
	case map[string]any:
		return aMapping
	case []any:
		return aList
	case bool:
		return aBoolean
	case string:
		return aText
	default:
		return aNumber
	}
}
