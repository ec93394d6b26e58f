//go:build e2e

package e2e

import (
	"regexp"
	"strconv"
	"testing"
	"time"
)

// BenchmarkServers measures streaming without a cluster, what it needs being
// on this machine: made, made again when it runs, started after a stop, and
// the memory of all its processes. The target: ready within 3 s, in 300 MB.
func BenchmarkServers(b *testing.B) {
	var made, again, started, memory []float64
	for b.Loop() {
		w := newServerWorld(b)
		up := []string{"up", "streaming", "--runtime", "embedded", "-d", "-q"}
		var said string
		made = append(made, seconds(func() { said = w.must(up...) }))
		again = append(again, seconds(func() { w.must(up...) }))
		w.must("stop", "--name", "streaming")
		started = append(started, seconds(func() { w.must("start", "--name", "streaming") }))
		memory = append(memory, memoryUsed(b, said))
		w.must("down", "--name", "streaming", "-y")
	}
	for what, all := range map[string][]float64{"made, s": made, "again, s": again, "started, s": started, "memory, MiB": memory} {
		b.Logf("%s: %.2f", what, all)
	}
}

func seconds(do func()) float64 {
	began := time.Now()
	do()
	return time.Since(began).Seconds()
}

// memoryUsed is what the end of an up says of it, in MiB.
func memoryUsed(b *testing.B, said string) float64 {
	b.Helper()
	found := regexp.MustCompile(`memory used (\d+) MiB`).FindStringSubmatch(said)
	if found == nil {
		b.Fatalf("the memory is not told: %s", said)
	}
	mib, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		b.Fatal(err)
	}
	return mib
}
