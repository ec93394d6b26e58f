package logs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"
)

// big fills a store with so many lines of about 150 bytes.
func big(b *testing.B, lines int) (*Store, *Files) {
	b.Helper()
	s, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	batch := numbered(0, 1000)
	for i := range batch {
		batch[i].Message = fmt.Sprintf(`{"level":"info","trace":"%016x","msg":"inference completed","model":"resnet50","latency_ms":%d,"path":"/v1/predict"}`, i*7919, i)
		batch[i].Level = LevelInfo
	}
	for range lines / len(batch) {
		if _, err := s.Append(batch); err != nil {
			b.Fatal(err)
		}
	}
	r, err := OpenReader(s.dir)
	if err != nil {
		b.Fatal(err)
	}
	return s, r
}

func BenchmarkAppend(b *testing.B) {
	s, _ := big(b, 1000)
	batch := numbered(0, 100)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Append(batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(batch))/b.Elapsed().Seconds(), "lines/s")
}

// BenchmarkTail is `logs --tail 200` of a process that has just started.
func BenchmarkTail(b *testing.B) {
	s, _ := big(b, 3_000_000)
	for b.Loop() {
		r, err := OpenReader(s.dir)
		if err != nil {
			b.Fatal(err)
		}
		end, err := r.End(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		page, err := r.Backward(b.Context(), end, Query{}, 200)
		if err != nil || len(page.Lines) != 200 {
			b.Fatalf("%d lines, %v", len(page.Lines), err)
		}
	}
	b.ReportMetric(float64(s.Counters().Bytes>>20), "MiB")
}

// BenchmarkSearch looks for a text that is nowhere.
func BenchmarkSearch(b *testing.B) {
	s, r := big(b, 1_000_000)
	b.SetBytes(s.Counters().Bytes)
	for b.Loop() {
		page, err := r.Forward(b.Context(), Cursor{}, Query{Text: "No such text"}, 10)
		if err != nil || len(page.Lines) != 0 {
			b.Fatalf("%d lines, %v", len(page.Lines), err)
		}
	}
}

// texts is fifty containers that have written all that they will.
type texts map[string][]byte

func (s texts) Logs(_ context.Context, pod, _ string, _ time.Time, previous bool) (io.ReadCloser, error) {
	if previous {
		return nil, ErrNoPrevious
	}
	return io.NopCloser(bytes.NewReader(s[pod])), nil
}

// BenchmarkFollow follows fifty containers of 20,000 lines each into a store.
func BenchmarkFollow(b *testing.B) {
	const pods, lines = 50, 20000
	streams, containers := make(texts), make([]Container, pods)
	for i := range containers {
		pod := fmt.Sprintf("pod-%d", i)
		var text bytes.Buffer
		for k := range lines {
			stamp := noon.Add(time.Duration(k) * time.Millisecond).Format(time.RFC3339Nano)
			fmt.Fprintf(&text, "%s {\"level\":\"info\",\"trace\":\"%016x\",\"msg\":\"inference completed\",\"latency_ms\":%d}\n", stamp, k, i)
		}
		streams[pod] = text.Bytes()
		containers[i] = Container{Service: "s", Pod: pod, Container: "c", UID: pod, State: Ended}
	}
	b.ReportAllocs()
	for b.Loop() {
		s, err := Open(b.TempDir(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(b.Context())
		f := NewFollower(streams, s, FollowOptions{})
		f.Set(containers)
		over := make(chan struct{})
		go func() { defer close(over); f.Run(ctx) }()
		for s.Counters().Lines < pods*lines {
			runtime.Gosched()
		}
		cancel()
		<-over
		if got := s.Counters().Lines; got != pods*lines {
			b.Fatalf("%d lines", got)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*pods*lines/b.Elapsed().Seconds(), "lines/s")
}
