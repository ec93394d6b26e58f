package intake_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/logs/intake"
	"github.com/diorama-dev/diorama/internal/logs/node"
)

const namespace = "diorama"

var noon = time.Date(2026, 1, 27, 12, 0, 0, 0, time.UTC)

// corpus writes the log files of so many Pods, each with so many lines of
// about 200 bytes, as if all had written at the same time.
func corpus(tb testing.TB, pods, lines int) (root string, bytes int64) {
	tb.Helper()
	root = tb.TempDir()
	for p := range pods {
		folder := filepath.Join(root, fmt.Sprintf("%s_pod-%d_uid-%d", namespace, p, p), "main")
		if err := os.MkdirAll(folder, 0o755); err != nil {
			tb.Fatal(err)
		}
		f, err := os.Create(filepath.Join(folder, "0.log"))
		if err != nil {
			tb.Fatal(err)
		}
		w := bufio.NewWriterSize(f, 1<<20)
		for n := range lines {
			stamp := noon.Add(time.Duration(n)*100*time.Microsecond + time.Duration(p)*time.Microsecond)
			size, _ := fmt.Fprintf(w, "%s stdout F {\"level\":\"info\",\"trace\":\"%016x\",\"msg\":\"inference completed\",\"model\":\"resnet50\",\"n\":%d,\"latency_ms\":%d,\"path\":\"/v1/models/resnet50/predict\",\"ok\":true}\n",
				stamp.Format(time.RFC3339Nano), uint64(n*7919+p)*0x9e3779b97f4a7c15, n, n%97)
			bytes += int64(size)
		}
		if err := w.Flush(); err != nil {
			tb.Fatal(err)
		}
		f.Close()
	}
	return root, bytes
}

// discard is a keeper that keeps nothing.
type discard struct {
	logs.Keeper
	mu    sync.Mutex
	lines int64
}

func (d *discard) Put(b logs.Batch) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines += int64(len(b.Lines))
	return nil
}
func (*discard) Mark(string) (int64, bool)             { return 0, false }
func (*discard) Position(string, string) logs.Position { return logs.Position{} }

// pass lets a reader and an intake work over pipes until all lines are stored.
func pass(b *testing.B, root string, keeper logs.Keeper, plain bool, stored func() int64, want int64) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	in := intake.New(keeper, intake.Options{Hold: time.Nanosecond})
	fromKeeper, toNode, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	fromNode, toKeeper, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		if err := node.Run(ctx, node.Options{Root: root, Plain: plain}, fromKeeper, toKeeper); err != nil && ctx.Err() == nil {
			b.Error(err)
		}
		toKeeper.Close()
	})
	all.Go(func() { in.Run(ctx) })
	all.Go(func() {
		if err := in.Take(ctx, namespace, fromNode, toNode); err != nil && ctx.Err() == nil {
			b.Error(err)
		}
	})
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for stored() < want {
		<-ticker.C
	}
	cancel()
	toNode.Close()
	all.Wait()
}

// BenchmarkPass takes two million lines of fifty Pods from their files to the
// store.
func BenchmarkPass(b *testing.B) {
	const pods, lines = 50, 40_000
	root, bytes := corpus(b, pods, lines)
	for _, c := range []struct {
		name         string
		plain, store bool
	}{{"packed", false, true}, {"plain", true, true}, {"packed, not stored", false, false}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(bytes)
			began := cpuSeconds()
			for b.Loop() {
				if !c.store {
					d := &discard{}
					pass(b, root, d, c.plain, func() int64 { d.mu.Lock(); defer d.mu.Unlock(); return d.lines }, pods*lines)
					continue
				}
				s, err := logs.Open(b.TempDir(), logs.Options{})
				if err != nil {
					b.Fatal(err)
				}
				pass(b, root, s, c.plain, func() int64 { return s.Counters().Lines }, pods*lines)
				if got := s.Counters().Lines; got != pods*lines {
					b.Fatalf("%d lines", got)
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
			million := float64(b.N) * pods * lines / 1e6
			b.ReportMetric(million*1e6/b.Elapsed().Seconds(), "lines/s")
			b.ReportMetric((cpuSeconds()-began)/million, "cpu-s/Mline")
		})
	}
}
