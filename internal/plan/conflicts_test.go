package plan_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/diorama-dev/diorama/internal/plan"
)

// beside is the user's chart in the namespace of a mesh, which also says of it
// what the text has.
func beside(t *testing.T, extra string) plan.Input {
	t.Helper()
	in := own(t, map[string]string{
		"stack.yaml":     strings.Replace(ownStack, "chart: ./web\n", "chart: ./web\n    namespace: istio-system\n", 1),
		"web/Chart.yaml": ownChart, "web/templates/web.yaml": ownTemplate + extra,
	})
	in = profile(t, in, "stacks: [istio, mine]\n")
	in.Credentials["mine"] = map[string]string{"MINE_PASSWORD": "Secret0"}
	return in
}

// theNamespace is the namespace as a stack has it.
func theNamespace(t *testing.T, p plan.Plan, stack, name string) *unstructured.Unstructured {
	t.Helper()
	s, _ := p.Stack(stack)
	for _, object := range s.Objects() {
		if object.GetKind() == "Namespace" && object.GetName() == name {
			return object
		}
	}
	t.Fatalf("%s has no namespace %s", stack, name)
	return nil
}

// TestStacksShareANamespace: each has it as the other, so that whichever is
// applied later changes nothing.
func TestStacksShareANamespace(t *testing.T) {
	full := "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: istio-system\n  labels: {pod-security.kubernetes.io/enforce: privileged}\n"
	for name, test := range map[string]struct {
		extra string
		label string
	}{
		"both by name":       {},
		"one says more":      {full, "privileged"},
		"one says only that": {"---\napiVersion: v1\nkind: Namespace\nmetadata: {name: istio-system}\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := resolve(t, beside(t, test.extra))
			first, second := theNamespace(t, p, "istio", "istio-system"), theNamespace(t, p, "mine", "istio-system")
			if diff := cmp.Diff(first.Object, second.Object); diff != "" {
				t.Error(diff)
			}
			want := map[string]string{"app.kubernetes.io/managed-by": "diorama", "diorama.dev/environment": "shop"}
			if test.label != "" {
				want["pod-security.kubernetes.io/enforce"] = test.label
			}
			if diff := cmp.Diff(want, second.GetLabels()); diff != "" {
				t.Error(diff)
			}
		})
	}
	alone := beside(t, "")
	alone = profile(t, alone, "stacks: [mine]\n")
	if labels := theNamespace(t, resolve(t, alone), "mine", "istio-system").GetLabels(); labels["diorama.dev/stack"] != "mine" {
		t.Errorf("a stack's alone has the labels %v", labels)
	}
}

// TestNamespacesThatDisagree: what two stacks say of one cannot both be.
func TestNamespacesThatDisagree(t *testing.T) {
	stack := `
name: mine
title: Mine
category: app
summary: Of mine.
charts: [{name: mine, chart: ./web, values: {replicas: 1}}]
`
	template := ownTemplate + "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: apart\n  labels: {team: TEAM}\n"
	for team, want := range map[string]string{
		"ours":                "",
		"{{ .Release.Name }}": "mine and yours both make the namespace apart, and do not agree on it",
	} {
		template := strings.Replace(template, "TEAM", team, 1)
		in := own(t, map[string]string{
			"stack.yaml": stack, "web/Chart.yaml": ownChart, "web/templates/web.yaml": template,
			"../yours/stack.yaml":     strings.NewReplacer("name: mine", "name: yours", "Mine", "Yours").Replace(stack),
			"../yours/web/Chart.yaml": ownChart, "../yours/web/templates/web.yaml": template,
		})
		in = profile(t, in, "stacks: [mine, yours]\n")
		_, err := plan.Resolve(t.Context(), in)
		var conflict *plan.ConflictError
		if want == "" && err != nil || want != "" && (!errors.As(err, &conflict) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", team, err)
		}
	}
}
