package diagnose

import (
	"fmt"
	"testing"
)

// BenchmarkObserved explains 200 services of which every tenth crashes.
func BenchmarkObserved(b *testing.B) {
	well, ill := load(b, "ready"), load(b, "crash-loop")
	o := Observation{Time: ill.Time, Nodes: ill.Nodes}
	for i := range 200 {
		from := well
		if i%10 == 0 {
			from = ill
		}
		for _, pod := range from.Pods {
			pod.Namespace = fmt.Sprintf("n%d", i)
			o.Pods = append(o.Pods, pod)
		}
		for _, d := range from.Deployments {
			d.Namespace = fmt.Sprintf("n%d", i)
			o.Deployments = append(o.Deployments, d)
		}
		for _, s := range from.StatefulSets {
			s.Namespace = fmt.Sprintf("n%d", i)
			o.StatefulSets = append(o.StatefulSets, s)
		}
		for _, e := range from.Events {
			e.InvolvedObject.Namespace = fmt.Sprintf("n%d", i)
			o.Events = append(o.Events, e)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if got := len(Observed(o).Services); got != 200 {
			b.Fatalf("%d services", got)
		}
	}
}
