//go:build e2e

package e2e

import (
	"os"
	"testing"
)

// BenchmarkUpAgain is an `up` of ai-platform that finds nothing to change: its
// wall time, the program's start and the report included.
func BenchmarkUpAgain(b *testing.B) {
	w := newBenchWorld(b)
	arguments := []string{"up", "ai-platform", "-q"}
	if overlay := os.Getenv("DIORAMA_E2E_OVERLAY"); overlay != "" {
		arguments = append(arguments, "--overlay", overlay)
	}
	w.must(arguments...)
	b.ResetTimer()
	for range b.N {
		timed(b, "again-s", func() { w.must(arguments...) })
		b.Logf("critical path %s", path(b, w, "ai-platform"))
	}
}
