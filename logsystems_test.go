package diorama

import "testing"

func TestLanguageOf(t *testing.T) {
	for expression, want := range map[string]string{
		`{service="gateway"} |= "error"`: "LogQL", " {app=\"x\"}": "LogQL", `rate({a="b"}[1m])`: "LogQL",
		`sum by (service) (rate({a="b"}[1m]))`: "LogQL", `topk(3, x)`: "LogQL",
		`level: "ERROR"`: "KQL", `(a or b) and c`: "KQL", `not a`: "KQL", `error`: "KQL", `status: (200 or 404)`: "KQL", "": "KQL",
	} {
		if got := languageOf(expression).name; got != want {
			t.Errorf("%q is read as %s, want %s", expression, got, want)
		}
	}
}
