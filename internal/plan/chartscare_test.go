package plan_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/internal/chart"
	"github.com/diorama-dev/diorama/internal/plan"
)

// TestCredentialsOfOthersAreWords: a fixed credential that is a common word
// forbids no chart that was not given it.
func TestCredentialsOfOthersAreWords(t *testing.T) {
	for _, word := range []string{"istio", "true", "app"} {
		in := profile(t, input(t), "stacks: [istio, redis]\n")
		in.Credentials["redis"] = map[string]string{"REDIS_PASSWORD": word}
		if _, err := plan.Resolve(t.Context(), in); err != nil {
			t.Errorf("%s: %v", word, err)
		}
	}
}

// TestOneServiceOfAName: two stacks whose charts run something of the same name
// in namespaces of their own would be taken for one another.
func TestOneServiceOfAName(t *testing.T) {
	stack := strings.Replace(strings.Replace(ownStack, "chart: ./web\n", "chart: ./web\n    namespace: apart\n", 1), "name: front", "name: redis", 1)
	stack = strings.Replace(stack, "service: front", "service: redis", 1)
	in := own(t, map[string]string{"stack.yaml": stack, "web/Chart.yaml": ownChart, "web/templates/web.yaml": ownTemplate})
	in = profile(t, in, "stacks: [redis, mine]\n")
	in.Credentials["mine"] = map[string]string{"MINE_PASSWORD": "Secret0"}
	var conflict *plan.ConflictError
	if _, err := plan.Resolve(t.Context(), in); !errors.As(err, &conflict) || conflict.Kind != "service" || conflict.Name != "redis" {
		t.Errorf("got %v", err)
	}
}

// TestChartsThatAreLeftOut: what comes after one comes after what that one
// would have come after.
func TestChartsThatAreLeftOut(t *testing.T) {
	stack := ownStack + `  - {name: middle, chart: ./web, after: [front], when: {replicas: 9}}
  - {name: behind, chart: ./web, after: [middle]}
`
	in := own(t, map[string]string{"stack.yaml": stack, "web/Chart.yaml": ownChart, "web/templates/web.yaml": strings.Replace(ownTemplate, "{{ .Values.replicas }}", "1", 1)})
	in.Credentials["mine"] = map[string]string{"MINE_PASSWORD": "Secret0"}
	mine, _ := resolve(t, in).Stack("mine")
	for _, w := range mine.Workloads {
		if want := map[string]int{"front": 0, "behind": 1}[w.Name]; w.Wave != want {
			t.Errorf("%s is in wave %d, want %d", w.Name, w.Wave, want)
		}
	}
}

// TestErrorsOfChartsHoldNoCredentials, whoever words them, and stay of their kind.
func TestErrorsOfChartsHoldNoCredentials(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"the schema":    {"web/values.schema.json": `{"properties": {"password": {"type": "string", "pattern": "^[0-9]+$"}}}`},
		"a template":    {"web/templates/web.yaml": `{{ fail (printf "%s and %s are too short" .Values.password (b64enc .Values.password)) }}`},
		"a wrong value": {"web/templates/web.yaml": "apiVersion: v1\nkind: ConfigMap\n{{ .Values.password }}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			all := map[string]string{"stack.yaml": ownStack, "web/Chart.yaml": ownChart, "web/templates/web.yaml": ownTemplate}
			maps.Copy(all, files)
			in := own(t, all)
			in.Credentials["mine"] = map[string]string{"MINE_PASSWORD": "hunter2secret"}
			_, err := plan.Resolve(t.Context(), in)
			var render *chart.RenderError
			if !errors.As(err, &render) {
				t.Fatalf("got %v", err)
			}
			if text := err.Error(); strings.Contains(text, "hunter2secret") || strings.Contains(text, "aHVudGVyMnNlY3JldA==") {
				t.Errorf("it tells the password: %s", text)
			}
		})
	}
}
