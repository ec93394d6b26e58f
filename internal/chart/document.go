package chart

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/sync/errgroup"
	release "helm.sh/helm/v4/pkg/release/v1"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
)

// source is a text of YAML documents.
type source struct{ file, text string }

// document is one of them, with what Helm goes by.
type document struct {
	file       string
	body       map[string]any
	kind, name string
	hook       string // what it is a hook of, with commas between; empty: none
	weight     int    // of a hook
}

// read has the documents of each source, in their order. Each is read once, and
// several at the same time: a mesh has two dozen large ones.
func read(sources []source) ([][]document, error) {
	all := make([][]document, len(sources))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, s := range sources {
		texts := split(s.text)
		all[i] = make([]document, len(texts))
		for n, text := range texts {
			group.Go(func() (err error) {
				all[i][n], err = parseDocument(s.file, text)
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i := range all {
		all[i] = slices.DeleteFunc(all[i], func(d document) bool { return len(d.body) == 0 })
	}
	return all, nil
}

// split is what lies between lines that begin with three dashes, without what
// is empty: [releaseutil.SplitManifests] in order.
func split(text string) []string {
	var parts []string
	add := func(part string) {
		if part = strings.TrimLeftFunc(part, unicode.IsSpace); part != "" {
			parts = append(parts, part)
		}
	}
	text = strings.TrimLeftFunc(text, unicode.IsSpace)
	const dashes = "---"
	begin := 0
	for line := 0; line < len(text); {
		if strings.HasPrefix(text[line:], dashes) {
			add(text[begin:line])
			for line += len(dashes); line < len(text) && (text[line] == ' ' || text[line] == '\t'); line++ {
			}
			begin = line
		}
		end := strings.IndexByte(text[line:], '\n')
		if end < 0 {
			break
		}
		line += end + 1
	}
	add(text[begin:])
	return parts
}

func parseDocument(file, text string) (document, error) {
	body, err := parseBody(text)
	if err != nil {
		return document{}, fmt.Errorf("%s: %s; is a value of it missing, or of another type?", file, oneLine(err.Error()))
	}
	d := document{file: file, body: body}
	d.kind, _ = body["kind"].(string)
	meta, _ := body["metadata"].(map[string]any)
	d.name, _ = meta["name"].(string)
	annotations, _ := meta["annotations"].(map[string]any)
	if hook, ok := annotations[release.HookAnnotation]; ok {
		d.hook = fmt.Sprint(hook)
		d.weight, _ = strconv.Atoi(fmt.Sprint(annotations[release.HookWeightAnnotation])) // 0, as Helm has it
	}
	return d, nil
}

// objects are those of a document: one, or those of a list.
func (d document) objects() []Object {
	items, isList := d.body["items"].([]any)
	if !isList || !strings.HasSuffix(d.kind, "List") {
		return []Object{{Template: d.file, Body: d.body}}
	}
	var list []Object
	for _, item := range items {
		if inner, ok := item.(map[string]any); ok {
			list = append(list, Object{Template: d.file, Body: inner})
		}
	}
	return list
}

// byKind is the order in which Helm installs, see [releaseutil.InstallOrder]:
// kinds that it does not know come last, by their names.
func byKind(a, b document) int {
	first, second := slices.Index(releaseutil.InstallOrder, a.kind), slices.Index(releaseutil.InstallOrder, b.kind)
	switch {
	case first < 0 && second < 0:
		return cmp.Compare(a.kind, b.kind)
	case first < 0:
		return 1
	case second < 0:
		return -1
	default:
		return cmp.Compare(first, second)
	}
}
