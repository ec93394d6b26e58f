package logs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// corpusLines is how many lines are searched.
const corpusLines = 10_000_000

// mill makes lines as services write them: JSON, logfmt and plain text, with
// identifiers that are nowhere else. They come batch by batch, of fifty
// containers in turn.
type mill struct {
	random *rand.Rand
	time   time.Time
	made   int
	origin []Line
	lines  []Line
	buf    []byte
	bytes  int64
}

func newMill() *mill {
	m := &mill{random: rand.New(rand.NewPCG(1, 2)), time: noon, lines: make([]Line, 4000)}
	for i := range 50 {
		service := [...]string{"gateway", "billing", "inference", "kafka", "catalog"}[i%5]
		m.origin = append(m.origin, Line{Stack: "demo", Service: service, Pod: fmt.Sprintf("%s-%x-%d", service, 4711*i, i), Container: service})
	}
	return m
}

const hexDigits = "0123456789abcdef"

func (m *mill) hex(n int) {
	for range n / 16 {
		v := m.random.Uint64()
		for range 16 {
			m.buf = append(m.buf, hexDigits[v&15])
			v >>= 4
		}
	}
}

// rare is in one line of two million; it is of words that occur elsewhere.
const rare = "certificate of upstream expired"

func (m *mill) message() Level {
	r := m.random
	m.buf = m.buf[:0]
	if m.made%2_000_000 == 1_999_999 {
		m.buf = append(m.buf, rare...)
		return LevelError
	}
	paths := [...]string{"/v1/predict", "/v1/models", "/api/orders", "/healthz", "/api/catalog/items"}
	switch r.IntN(10) {
	case 0, 1, 2, 3:
		m.buf = append(m.buf, `{"level":"info","ts":"`...)
		m.buf = m.time.AppendFormat(m.buf, time.RFC3339Nano)
		m.buf = append(m.buf, `","msg":"inference completed","model":"resnet50","trace_id":"`...)
		m.hex(16)
		m.buf = fmt.Appendf(m.buf, `","latency_ms":%d,"path":"%s"}`, r.IntN(900), paths[r.IntN(5)])
		return LevelInfo
	case 4, 5, 6:
		m.buf = append(m.buf, "ts="...)
		m.buf = m.time.AppendFormat(m.buf, time.RFC3339Nano)
		m.buf = append(m.buf, ` level=debug caller=handler.go:217 msg="request served" trace_id=`...)
		m.hex(16)
		m.buf = fmt.Appendf(m.buf, " status=%d duration=%dms path=%s user=%d", 200+r.IntN(5), r.IntN(2000), paths[r.IntN(5)], r.IntN(100000))
		return LevelDebug
	case 7, 8:
		m.buf = m.time.AppendFormat(m.buf, "2006-01-02 15:04:05.000")
		m.buf = fmt.Appendf(m.buf, " INFO [worker-%d] org.example.orders.OrderService - order %d of customer %d stored, %d items, total %d.%02d EUR",
			r.IntN(16), r.IntN(1e9), r.IntN(1e6), r.IntN(20), r.IntN(900), r.IntN(100))
		return LevelInfo
	}
	m.buf = append(m.buf, `{"level":"warn","msg":"retrying after the connection was reset by the peer","attempt":`...)
	m.buf = fmt.Appendf(m.buf, `%d,"peer":"10.244.%d.%d:9092","trace_id":"`, r.IntN(5), r.IntN(4), r.IntN(250))
	m.hex(16)
	m.buf = append(m.buf, `"}`...)
	return LevelWarn
}

// batch is the next batch; it is valid until the one after.
func (m *mill) batch() []Line {
	for i := range m.lines {
		m.time = m.time.Add(time.Duration(m.random.IntN(20000)))
		l := m.origin[m.random.IntN(len(m.origin))]
		l.Level, l.Time = m.message(), m.time
		l.Message = string(m.buf)
		m.bytes += int64(len(m.buf))
		m.made++
		m.lines[i] = l
	}
	return m.lines
}

// corpus is a store of [corpusLines] lines, made once for all benchmarks that
// only read it.
type corpus struct {
	once  sync.Once
	dir   string
	bytes int64 // of the messages
	last  time.Time
}

var shared corpus

func (c *corpus) open(b *testing.B) *Files {
	b.Helper()
	c.once.Do(func() { c.make(b) })
	r, err := OpenReader(c.dir)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func (c *corpus) make(b *testing.B) {
	b.Helper()
	c.dir = filepath.Join(os.TempDir(), fmt.Sprintf("diorama-corpus-%d", os.Getpid()))
	s, err := Open(c.dir, Options{MaxBytes: 4 << 30})
	if err != nil {
		b.Fatal(err)
	}
	m := newMill()
	for m.made < corpusLines {
		if err := s.Put(Batch{Lines: m.batch()}); err != nil {
			b.Fatal(err)
		}
	}
	s.packs.Wait()
	c.bytes, c.last = m.bytes, m.time
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

func (c *corpus) remove() { os.RemoveAll(c.dir) }

// cpuTime is what this process has used so far.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPut stores batches of 4,000 lines, and waits until all are
// compressed.
func BenchmarkPut(b *testing.B) {
	m := newMill()
	var batches [][]Line
	for range 10 {
		batches = append(batches, append([]Line(nil), m.batch()...))
	}
	span := m.time.Sub(noon)
	s, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var in, out runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&in)
	before, i := cpuTime(b), 0
	b.ReportAllocs()
	for b.Loop() {
		lines := batches[i%len(batches)]
		if i >= len(batches) {
			for k := range lines { // what is stored is always newer
				lines[k].Time = lines[k].Time.Add(span)
			}
		}
		batch := Batch{Lines: lines, Read: []Mark{{File: fmt.Sprintf("file %d", i%50), Offset: int64(i)}}}
		if err := s.Put(batch); err != nil {
			b.Fatal(err)
		}
		i++
	}
	lines := float64(i) * 4000
	b.ReportMetric(lines/b.Elapsed().Seconds(), "lines/s")
	s.packs.Wait()
	b.ReportMetric((cpuTime(b)-before).Seconds()/lines*1e6, "cpu-s/Mlines")
	runtime.ReadMemStats(&out)
	b.ReportMetric(float64(out.Sys-in.Sys)/(1<<20), "MiB-grown")
}

// BenchmarkAppend stores lines a few at a time.
func BenchmarkAppend(b *testing.B) {
	s, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	batch := newMill().batch()[:100]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Append(batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(batch))/b.Elapsed().Seconds(), "lines/s")
}

// search reports on a search through the whole corpus.
func (c *corpus) search(b *testing.B, q Query, want int) {
	b.Helper()
	r := c.open(b)
	before := cpuTime(b)
	b.SetBytes(c.bytes)
	for b.Loop() {
		page, err := r.Forward(b.Context(), Cursor{}, q, 1000)
		if err != nil || len(page.Lines) != want {
			b.Fatalf("%d lines, want %d; %v", len(page.Lines), want, err)
		}
	}
	b.ReportMetric((cpuTime(b)-before).Seconds()/float64(b.N), "cpu-s/op")
}

// BenchmarkSearchNowhere looks for what is nowhere: where the filters tell at
// once, and where they are no help.
func BenchmarkSearchNowhere(b *testing.B) {
	b.Run("words", func(b *testing.B) { shared.search(b, Query{Text: "Quota exceeded by tenant"}, 0) })
	b.Run("hex", func(b *testing.B) { shared.search(b, Query{Text: "00ff00ff00ff00ff"}, 0) })
	b.Run("pattern", func(b *testing.B) { shared.search(b, Query{Pattern: regexp.MustCompile(`dead.*beef00[0-9]+`)}, 0) })
	b.Run("field", func(b *testing.B) {
		shared.search(b, Query{Fields: []FieldFilter{{Key: "trace_id", Value: "00ff00ff00ff00ff"}}}, 0)
	})
}

// BenchmarkSearchRare looks for what is in five lines of all.
func BenchmarkSearchRare(b *testing.B) {
	shared.search(b, Query{Text: strings.ToUpper(rare)}, corpusLines/2_000_000)
}

// BenchmarkFirstHit looks for the first of them.
func BenchmarkFirstHit(b *testing.B) {
	r := shared.open(b)
	for b.Loop() {
		page, err := r.Forward(b.Context(), Cursor{}, Query{Text: rare}, 1)
		if err != nil || len(page.Lines) != 1 {
			b.Fatalf("%d lines, %v", len(page.Lines), err)
		}
	}
}

// BenchmarkCount makes a histogram of the whole corpus.
func BenchmarkCount(b *testing.B) {
	for name, q := range map[string]Query{"all": {}, "warn": {MinLevel: LevelWarn}, "service": {Services: []string{"kafka"}}} {
		b.Run(name, func(b *testing.B) {
			r := shared.open(b)
			for b.Loop() {
				if _, err := r.Count(b.Context(), q, Span{From: noon, To: shared.last, Parts: 100}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkAt finds a time in the middle, in a process that has just started.
func BenchmarkAt(b *testing.B) {
	shared.open(b)
	middle := noon.Add(shared.last.Sub(noon) / 2)
	for b.Loop() {
		if _, err := shared.open(b).At(b.Context(), middle); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTail is `logs --tail 200` of a process that has just started.
func BenchmarkTail(b *testing.B) {
	shared.open(b)
	for b.Loop() {
		r := shared.open(b)
		end, err := r.End(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		page, err := r.Backward(b.Context(), end, Query{}, 200)
		if err != nil || len(page.Lines) != 200 {
			b.Fatalf("%d lines, %v", len(page.Lines), err)
		}
	}
	c, err := shared.open(b).Counters(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(c.Bytes)/float64(shared.bytes), "disk/raw")
	b.ReportMetric(float64(c.Bytes)/float64(c.Lines), "disk-B/line")
	b.ReportMetric(float64(shared.bytes)/float64(c.Lines), "raw-B/line")
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
