package chart_test

import (
	"strings"
	"testing"
)

// TestValuesThatAskForThemselves are refused: Helm, and Go, would end the
// program. Values that ask for others are rendered as they are.
func TestValuesThatAskForThemselves(t *testing.T) {
	const config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: {{ tpl .Values.x . | quote }}\n  raw: {{ .Values.x | b64enc }}\n"
	for name, test := range map[string]struct{ values, want string }{
		"itself":     {"x: 'a {{ tpl .Values.x . }}'\n", "the value x asks for itself by tpl"},
		"each other": {"x: '{{ tpl .Values.in.other . }}'\nin: {other: \"{{ tpl .Values.x $ }}\"}\n", "asks for itself by tpl"},
		"in a list":  {"x: '{{ range .Values.list }}{{ tpl . $ }}{{ end }}'\nlist: [\"{{ tpl .Values.x . }}\"]\n", "asks for itself by tpl"},
		"another":    {"x: 'a {{- tpl .Values.y . }}'\n\"y\": 'b {{ .Release.Name }}'\n", ""},
		"no end by include": {
			"x: '{{ include \"again\" . }}'\n", "nested reference name: again",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := load(t, map[string]string{
				"templates/a.yaml": config, "values.yaml": test.values,
				"templates/_again.tpl": "{{ define \"again\" }}{{ include \"again\" . }}{{ end }}",
			})
			rendered, err := c.Render(release(), nil, nil)
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v", err)
			}
			if test.want != "" {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			data, _ := rendered.Objects()[0].Body["data"].(map[string]any)
			if data["x"] != "ab front" || data["raw"] != "YSB7ey0gdHBsIC5WYWx1ZXMueSAuIH19" {
				t.Errorf("data %v", data)
			}
		})
	}
}
