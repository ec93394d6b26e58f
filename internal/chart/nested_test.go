package chart_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/internal/chart"
)

// sub is the archive of a chart called sub.
func sub(t *testing.T, files map[string]string) string {
	t.Helper()
	all := map[string]string{"Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n"}
	maps.Copy(all, files)
	return string(packed(t, all))
}

// TestArchivesInArchives have one bound together.
func TestArchivesInArchives(t *testing.T) {
	large := sub(t, map[string]string{"x": strings.Repeat("0", 60<<20)})
	inner := sub(t, map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: inner}\n"})
	deep := inner
	for range 12 {
		deep = sub(t, map[string]string{"charts/sub.tgz": deep})
	}
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"small":        {map[string]string{"charts/sub.tgz": sub(t, map[string]string{"charts/sub.tgz": inner})}, ""},
		"side by side": {map[string]string{"charts/a.tgz": large, "charts/b.tgz": large}, "unpacked it has more than 104857600 bytes"},
		"in a folder": {map[string]string{
			"charts/in/Chart.yaml":   "apiVersion: v2\nname: in\nversion: 1.0.0\n",
			"charts/in/charts/a.tgz": sub(t, map[string]string{"charts/a.tgz": large, "charts/b.tgz": large}),
		}, "unpacked it has more than"},
		"deep":       {map[string]string{"charts/sub.tgz": deep}, "more than 10 deep"},
		"no archive": {map[string]string{"charts/sub.tgz": "x"}, "charts/sub.tgz: "},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := chart.Load(folder(test.files), "x")
			if got := fmt.Sprint(err); test.want == "" && err != nil || !strings.Contains(got, test.want) {
				t.Fatalf("got %v", err)
			}
			if test.want != "" {
				return
			}
			r, err := c.Render(release(), nil, nil)
			if err != nil || len(r.Objects()) != 1 {
				t.Errorf("%d objects, %v", len(r.Objects()), err)
			}
		})
	}
}
