package arch

import (
	"go/ast"
	"go/token"
	"path"
	"testing"
)

// The budgets are those of the tail: what is past them hides more than it says.
const (
	fileLines        = 300
	functionLines    = 80
	structFields     = 15
	interfaceMethods = 5
)

// exceptions are what may be past its budget, each with the reason. A key is a
// file, or a file and a name: "internal/x/y.go", "internal/x/y.go Name".
var exceptions = map[string]string{}

// banned are names that say nothing about what a package owns.
var banned = []string{"util", "utils", "common", "helper", "helpers", "shared", "base", "manager", "misc", "types"}

func TestHouse(t *testing.T) {
	all := listPackages(t)
	sources := parseSources(t, all)
	used := make(map[string]bool)
	excused := func(key string) bool {
		_, ok := exceptions[key]
		used[key] = ok
		return ok
	}
	documented := make(map[string]bool)
	for _, s := range sources {
		documented[s.pkg.ImportPath] = documented[s.pkg.ImportPath] || s.file.Doc.Text() != ""
		checkFile(t, s, excused)
	}
	for _, p := range all {
		if len(p.GoFiles) > 0 && !documented[p.ImportPath] {
			t.Errorf("%s has no package comment: say what it owns", name(p))
		}
		checkName(t, p)
	}
	for key, reason := range exceptions {
		if !used[key] {
			t.Errorf("the exception for %s (%s) is not needed any more", key, reason)
		}
	}
}

func checkName(t *testing.T, p pkg) {
	t.Helper()
	for _, word := range banned {
		if p.Name == word || path.Base(p.path()) == word {
			t.Errorf("%s: a package called %q does not say what it owns", name(p), word)
		}
	}
}

func checkFile(t *testing.T, s source, excused func(string) bool) {
	t.Helper()
	if lines := s.set.File(s.file.Pos()).LineCount(); lines > fileLines && !excused(s.name) {
		t.Errorf("%s has %d lines, more than %d: which idea is missing?", s.name, lines, fileLines)
	}
	for _, decl := range s.file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			checkFunction(t, s, d, excused)
		case *ast.GenDecl:
			checkTypes(t, s, d, excused)
		}
	}
}

func checkFunction(t *testing.T, s source, d *ast.FuncDecl, excused func(string) bool) {
	t.Helper()
	if d.Recv == nil && d.Name.Name == "init" {
		t.Errorf("%s has a func init: what runs should be seen to be called", s.name)
	}
	lines := s.set.Position(d.End()).Line - s.set.Position(d.Pos()).Line + 1
	if lines > functionLines && !excused(s.name+" "+d.Name.Name) {
		t.Errorf("%s: %s has %d lines, more than %d", s.name, d.Name.Name, lines, functionLines)
	}
}

func checkTypes(t *testing.T, s source, d *ast.GenDecl, excused func(string) bool) {
	t.Helper()
	if d.Tok != token.TYPE {
		return
	}
	for _, spec := range d.Specs {
		ts, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		key := s.name + " " + ts.Name.Name
		switch typ := ts.Type.(type) {
		case *ast.StructType:
			if n := typ.Fields.NumFields(); n > structFields && !excused(key) {
				t.Errorf("%s: struct %s has %d fields, more than %d", s.name, ts.Name.Name, n, structFields)
			}
		case *ast.InterfaceType:
			if n := typ.Methods.NumFields(); n > interfaceMethods && !excused(key) {
				t.Errorf("%s: interface %s has %d methods, more than %d", s.name, ts.Name.Name, n, interfaceMethods)
			}
		}
	}
}
