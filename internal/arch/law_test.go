package arch

import (
	"strings"
	"testing"
)

func TestImportLaw(t *testing.T) {
	for _, p := range listPackages(t) {
		for _, imported := range p.Imports {
			if !strings.Contains(strings.SplitN(imported, "/", 2)[0], ".") {
				continue // the standard library
			}
			allowed, ruled := mayImport(p.path(), imported)
			switch {
			case !ruled:
				t.Errorf("%s imports %s: internal/arch/law.go says nothing about it", name(p), imported)
			case !allowed:
				t.Errorf("%s may not import %s: see internal/arch/law.go", name(p), imported)
			}
		}
		for _, imported := range append(p.TestImports, p.XTestImports...) {
			if strings.HasPrefix(imported, "github.com/stretchr/testify") {
				t.Errorf("the tests of %s import %s: use testing and go-cmp", name(p), imported)
			}
		}
	}
}

func name(p pkg) string {
	if p.path() == "" {
		return "the root package"
	}
	return p.path()
}

// TestLawIsOurs makes sure that the law forbids what it is there to forbid.
func TestLawIsOurs(t *testing.T) {
	for _, c := range []struct {
		pkg, imported  string
		allowed, ruled bool
	}{
		{"internal/kube", "k8s.io/client-go/kubernetes", true, true},
		{"internal/plan", "k8s.io/client-go/kubernetes", false, true},
		{"internal/plan", "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured", true, true},
		{"stacks", "k8s.io/apimachinery/pkg/api/resource", true, true},
		{"stacks", "k8s.io/apimachinery/pkg/watch", false, true},
		{"tui/logs", "charm.land/bubbletea/v2", true, true},
		{"internal/report", "charm.land/lipgloss/v2", false, true},
		{"internal/report", Module + "/tui", false, true},
		{"internal/keeper", Module + "/tui", false, true},
		{"internal/cli", Module + "/tui", true, true},
		{"", Module + "/tui", true, true},
		{"tui/services", Module + "/internal/engine", false, true},
		{"tui/services", Module + "/tui/theme", true, true},
		{"internal/env", Module + "/internal/logs", false, true},
		{"internal/cli", Module, true, true},
		{"internal/runtime/containers", "github.com/docker/docker/client", true, true},
		{"internal/runtime/cluster", "github.com/docker/docker/client", false, true},
		{"internal/kube", "sigs.k8s.io/kindred/x", false, false},
		{"internal/newcomer", Module + "/internal/env", false, false},
	} {
		allowed, ruled := mayImport(c.pkg, c.imported)
		if allowed != c.allowed || ruled != c.ruled {
			t.Errorf("mayImport(%q, %q) = %v, %v; want %v, %v", c.pkg, c.imported, allowed, ruled, c.allowed, c.ruled)
		}
	}
}
