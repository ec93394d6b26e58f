package logs

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var levelLines = []struct {
	line string
	want Level
}{
	// JSON
	{`{"level":"info","ts":1700000000.1,"msg":"started"}`, LevelInfo},
	{`{"time":"2026-11-22T10:00:00Z","level":"WARN","msg":"slow","trace_id":"9f2c"}`, LevelWarn},
	{`{"msg":"level: error","ctx":{"level":"debug"},"severity":"ERROR"}`, LevelError},
	{`{"a":[1,{"level":"fatal"}],"lvl":"dbg"}`, LevelDebug},
	{`{"level":50,"msg":"pino"}`, LevelError},
	{`{"log.level":"ERROR","message":"elastic"}`, LevelError},
	{`{"@l":"Warning","@m":"serilog"}`, LevelWarn},
	{`{"level":"\u0069nfo"}`, LevelUnknown},
	{`{"msg":"no level here"}`, LevelUnknown},
	{`{"level"`, LevelUnknown},
	{`{"level":`, LevelUnknown},
	{`{`, LevelUnknown},
	// logfmt
	{`time=2026-11-22T10:00:00Z level=warn msg="slow down"`, LevelWarn},
	{`ts=2026-11-22T10:00:00Z caller=main.go:1 lvl="error" msg=x`, LevelError},
	{`severity=CRITICAL x=1`, LevelFatal},
	{`msg="the level=debug flag" code=1`, LevelDebug}, // quotes are not looked into
	// klog
	{`I1122 10:00:00.000000       1 leader.go:1] started`, LevelInfo},
	{`W1122 10:00:00.000000       1 x.go:1] careful`, LevelWarn},
	{`E1122 10:00:00.000000       1 x.go:1] broke`, LevelError},
	{`F1122 10:00:00.000000       1 x.go:1] dead`, LevelFatal},
	// PostgreSQL, MySQL, MariaDB
	{`2026-11-22 10:00:00.000 UTC [1] LOG:  database system is ready to accept connections`, LevelInfo},
	{`2026-11-22 10:00:00.000 UTC [42] ERROR:  relation "x" does not exist`, LevelError},
	{`2026-11-22 10:00:00.000 UTC [42] FATAL:  password authentication failed`, LevelFatal},
	{`2026-11-22T10:00:00.000000Z 0 [Warning] [MY-010068] [Server] CA certificate`, LevelWarn},
	{`2026-11-22 10:00:00 0 [Note] mariadbd: ready for connections.`, LevelInfo},
	{`2026-11-22 10:00:00 0 [ERROR] Aborting`, LevelError},
	// Redis, Valkey
	{`1:M 22 Nov 2026 10:00:00.000 * Ready to accept connections tcp`, LevelInfo},
	{`1:C 22 Nov 2026 10:00:00.000 # WARNING Memory overcommit must be enabled!`, LevelWarn},
	{`7:S 22 Nov 2026 10:00:00.000 - Client closed`, LevelDebug},
	// Kafka, RabbitMQ, Elasticsearch, ZooKeeper, Cassandra, Spring
	{`[2026-11-22 10:00:00,000] INFO [KafkaRaftServer nodeId=1] Kafka Server started (kafka.server)`, LevelInfo},
	{`[2026-11-22 10:00:00,000] WARN [RaftManager id=1] error in x`, LevelWarn},
	{`2026-11-22 10:00:00.000000+00:00 [info] <0.1.0>  Server startup complete`, LevelInfo},
	{`2026-11-22 10:00:00.000000+00:00 [error] <0.9.0> closing`, LevelError},
	{`[2026-11-22T10:00:00,000][WARN ][o.e.n.Node] [node-1] started`, LevelWarn},
	{`2026-11-22 10:00:00,000 [myid:1] - INFO  [main:QuorumPeer@1] - x`, LevelInfo},
	{`INFO  [main] 2026-11-22 10:00:00,000 CassandraDaemon.java:1 - x`, LevelInfo},
	{`2026-11-22T10:00:00.000Z ERROR 1 --- [main] o.s.boot.SpringApplication : failed`, LevelError},
	// Envoy, Istio, Consul, nginx, JVM, Python, Rust, colours
	{`[2026-11-22 10:00:00.000][1][info][main] [source/server/server.cc:1] x`, LevelInfo},
	{"2026-11-22T10:00:00.000000Z\terror\tcontroller failed", LevelError},
	{`2026-11-22T10:00:00.000Z [DEBUG] agent: x`, LevelDebug},
	{`2026/11/22 10:00:00 [error] 29#29: *1 open() failed`, LevelError},
	{`[0.005s][warning][gc] x`, LevelWarn},
	{`WARNING:root:careful`, LevelWarn},
	{"\x1b[2m2026-11-22T10:00:00Z\x1b[0m \x1b[32m INFO\x1b[0m app: x", LevelInfo},
	{"\x1b[31mERROR\x1b[0m broken", LevelError},
	{`panic: runtime error: index out of range`, LevelFatal},
	{`error: no such file`, LevelError},
	{`Warning: deprecated`, LevelWarn},
	// sentences and other lines
	{``, LevelUnknown},
	{`   `, LevelUnknown},
	{`the server had an error while processing`, LevelUnknown},
	{`fine weather today`, LevelUnknown},
	{`Log directory is /var/log`, LevelUnknown},
	{`	at java.lang.Thread.run(Thread.java:1)`, LevelUnknown},
	{`GET /error?level=high 200`, LevelUnknown},
	{`10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1`, LevelUnknown},
	{`PostgreSQL init process complete; ready for start up.`, LevelUnknown},
	{`連接 ERROR 被拒绝`, LevelError},
}

func TestParseLevel(t *testing.T) {
	for _, c := range levelLines {
		if got := ParseLevel(c.line); got != c.want {
			t.Errorf("ParseLevel(%q) = %q, want %q", c.line, got, c.want)
		}
	}
}

func TestParseLevelAllocatesNothing(t *testing.T) {
	for _, c := range levelLines {
		if n := testing.AllocsPerRun(10, func() { ParseLevel(c.line) }); n != 0 {
			t.Errorf("ParseLevel(%q) allocates %v times", c.line, n)
		}
	}
}

func TestParseFields(t *testing.T) {
	for _, c := range []struct {
		line string
		want Fields
		ok   bool
	}{
		{
			`{"time":"2026-11-22T10:00:00.5Z","level":"warn","msg":"slow","trace_id":"9f2c","latency_ms":812,"tags":["a"]}`,
			Fields{
				Level: LevelWarn, Message: "slow", Trace: "9f2c",
				Time: time.Date(2026, 11, 22, 10, 0, 0, 5e8, time.UTC),
				Rest: []Field{{"latency_ms", "812"}, {"tags", `["a"]`}},
			},
			true,
		},
		{
			`ts=1700000000.5 level=info msg="charge \"done\"" user=7`,
			Fields{
				Level: LevelInfo, Message: `charge "done"`, Time: time.UnixMilli(1700000000500).UTC(),
				Rest: []Field{{"user", "7"}},
			},
			true,
		},
		{
			`{"ts":1700000000500,"severity":"odd"}`,
			Fields{Time: time.UnixMilli(1700000000500).UTC(), Rest: []Field{{"severity", "odd"}}},
			true,
		},
		{`[INFO] plain`, Fields{Level: LevelInfo, Message: `[INFO] plain`}, false},
		{`a=1`, Fields{Message: `a=1`}, false},
		{`{"unfinished":`, Fields{Message: `{"unfinished":`}, false},
		{`a="open b=2`, Fields{Message: `a="open b=2`}, false},
	} {
		got, ok := ParseFields(c.line)
		if ok != c.ok {
			t.Errorf("ParseFields(%q) reports %v, want %v", c.line, ok, c.ok)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("ParseFields(%q) (-want +got):\n%s", c.line, diff)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range levelLines {
		f.Add(c.line)
	}
	f.Add(`a="\`)
	f.Add("{\"a\":\"\\")
	f.Fuzz(func(t *testing.T, line string) {
		l := ParseLevel(line)
		if l > LevelFatal {
			t.Fatalf("ParseLevel(%q) = %d", line, l)
		}
		fields, ok := ParseFields(line)
		if !ok && fields.Message != line {
			t.Fatalf("ParseFields(%q) lost the text: %q", line, fields.Message)
		}
	})
}

func BenchmarkParseLevel(b *testing.B) {
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		ParseLevel(levelLines[i%len(levelLines)].line)
	}
}
