package chart_test

import (
	"testing"

	"github.com/diorama-dev/diorama/internal/chart"
)

// BenchmarkRender renders the charts of a mesh; base has a megabyte of
// definitions.
func BenchmarkRender(b *testing.B) {
	for name, folder := range map[string]string{"base": "charts/base", "istiod": "charts/istio-control/istio-discovery"} {
		b.Run(name, func(b *testing.B) {
			source := "module:istio.io/istio/manifests//" + folder
			files, err := chart.Module(source)
			if err != nil {
				b.Fatal(err)
			}
			c, err := chart.Load(files, source)
			if err != nil {
				b.Fatal(err)
			}
			r := chart.Release{Name: name, Namespace: "istio-system", Kubernetes: "1.36", Version: "1.31.1"}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Render(r, nil, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
