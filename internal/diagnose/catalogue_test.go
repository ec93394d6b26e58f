package diagnose

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCatalogueIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, doc := range Catalogue() {
		if seen[doc.ID] {
			t.Errorf("%s is documented twice", doc.ID)
		}
		seen[doc.ID] = true
		if doc.Title == "" || doc.Meaning == "" || doc.Look == "" || len(doc.Advice) == 0 || waits(doc) == "" {
			t.Errorf("%s lacks words: %+v", doc.ID, doc)
		}
	}
	for id := range documented(t) {
		if !seen[id] {
			t.Errorf("%s is documented and in no rule's list", id)
		}
	}
}

// waits is how what a kind says of waiting begins.
func waits(doc RuleDoc) string {
	for _, word := range []string{"Yes", "No", "At first"} {
		if strings.HasPrefix(doc.Waiting, word) {
			return word
		}
	}
	return ""
}

// documented are the IDs of all RuleDocs in the source.
func documented(t *testing.T) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	inspect(t, func(node ast.Node) {
		literal, ok := node.(*ast.CompositeLit)
		if !ok {
			return
		}
		for _, element := range literal.Elts {
			pair, ok := element.(*ast.KeyValueExpr)
			if !ok {
				continue
			}
			if key, ok := pair.Key.(*ast.Ident); ok && key.Name == "ID" {
				if value, ok := pair.Value.(*ast.BasicLit); ok {
					ids[strings.Trim(value.Value, `"`)] = true
				}
			}
		}
	})
	if len(ids) < 30 {
		t.Fatalf("found only %v", ids)
	}
	return ids
}

// TestFindingsHaveNoIDOfTheirOwn proves that nothing can be found that is not
// documented: a finding's ID is set in one place, from its RuleDoc.
func TestFindingsHaveNoIDOfTheirOwn(t *testing.T) {
	var set []string
	inspect(t, func(node ast.Node) {
		switch n := node.(type) {
		case *ast.AssignStmt:
			for i, to := range n.Lhs {
				if field, ok := to.(*ast.SelectorExpr); ok && field.Sel.Name == "ID" {
					from, _ := n.Rhs[min(i, len(n.Rhs)-1)].(*ast.SelectorExpr)
					set = append(set, field.Sel.Name+" = "+selector(from))
				}
			}
		case *ast.CompositeLit:
			kind, ok := n.Type.(*ast.SelectorExpr)
			if !ok || kind.Sel.Name != "Finding" {
				return
			}
			for _, element := range n.Elts {
				key := ""
				if pair, ok := element.(*ast.KeyValueExpr); ok {
					if name, ok := pair.Key.(*ast.Ident); ok {
						key = name.Name
					}
				}
				if key == "" || key == "ID" {
					t.Error("a Finding is made with an ID of its own: begin it from its RuleDoc")
				}
			}
		}
	})
	if !slices.Equal(set, []string{"ID = f.doc.ID"}) {
		t.Errorf("IDs are set as %q; want it done once, from the RuleDoc", set)
	}
}

func selector(e *ast.SelectorExpr) string {
	switch x := e.X.(type) {
	case *ast.Ident:
		return x.Name + "." + e.Sel.Name
	case *ast.SelectorExpr:
		return selector(x) + "." + e.Sel.Name
	}
	return e.Sel.Name
}

// inspect visits all nodes of the package's source, tests left out.
func inspect(t *testing.T, visit func(ast.Node)) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if node != nil {
				visit(node)
			}
			return true
		})
	}
}

// TestAdviceIsTheDocumented holds what recorded trouble is met with against
// what is documented of its kind.
func TestAdviceIsTheDocumented(t *testing.T) {
	docs := map[string]RuleDoc{}
	for _, doc := range Catalogue() {
		docs[doc.ID] = doc
	}
	for name := range recordings {
		for _, finding := range Explain(load(t, name)) {
			doc, ok := docs[finding.ID]
			if !ok {
				t.Errorf("%s: %s is not documented", name, finding.ID)
			}
			if len(finding.Advice) == 0 {
				t.Errorf("%s: %s gives no advice", name, finding.ID)
			}
			if finding.Terminal && waits(doc) == "Yes" || !finding.Terminal && waits(doc) == "No" {
				t.Errorf("%s: of waiting %s says %q; terminal is %v", name, finding.ID, doc.Waiting, finding.Terminal)
			}
			for _, line := range append(finding.Advice, finding.Summary) {
				if strings.ContainsAny(line, "<>") {
					t.Errorf("%s: a name was left open: %s", name, line)
				}
			}
		}
	}
}

func TestAdvise(t *testing.T) {
	doc := RuleDoc{Advice: []string{"docker logs <node>", "<a> and <b>", "wait"}}
	for want, known := range map[string]map[string]string{
		"docker logs n|wait":       {"node": "n"},
		"<b> and 2|wait":           {"a": "<b>", "b": "2"},
		"wait":                     nil,
		"docker logs |x and |wait": {"node": "", "a": "x", "b": ""},
	} {
		if got := strings.Join(doc.advise(known), "|"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := strings.Join(doc.Patterns(), "|"); got != "docker logs NODE|A and B|wait" {
		t.Errorf("patterns are %q", got)
	}
}
