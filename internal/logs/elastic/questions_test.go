//go:build e2e

package elastic_test

import (
	"regexp"
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
)

// question is asked in up to three ways, each of the local store and of a
// system.
type question struct {
	query *logs.Query
	logql string
	kql   string
}

func questions(lines []logs.Line) []question {
	since, until := lines[2000].Time, lines[7000].Time
	stamp := func(t time.Time) string { return t.Format("2006-01-02T15:04:05.000000000Z") }
	return []question{
		{&logs.Query{}, `{namespace="diorama"}`, ``},
		{&logs.Query{Services: []string{"demo-gateway"}}, `{service="demo-gateway"}`, `service: demo-gateway`},
		{&logs.Query{Services: []string{"demo-gateway", "redis"}}, `{service=~"demo-gateway|redis"}`, `kubernetes.labels.app: (demo-gateway or redis)`},
		{&logs.Query{Levels: logs.Levels(logs.LevelError)}, `{level="error"}`, `level: "ERROR"`},
		{&logs.Query{MinLevel: logs.LevelWarn}, `{level=~"warn|error|fatal"}`, `level: (warn or ERROR or fatal)`},
		{&logs.Query{Text: "OUT OF MEM"}, `{stack="demo"} |~ "(?i)out of mem"`, ``},
		{&logs.Query{Text: "out of memory"}, `{stack="demo"} |= "out of memory"`, `message: "out of memory"`},
		{&logs.Query{Text: "nference comp"}, `{stack="demo"} |= "nference comp"`, ``},
		{&logs.Query{Text: "显存不足"}, `{stack="demo"} |= "显存不足"`, `message: "显存不足"`},
		{&logs.Query{Text: "模型"}, "{stack=\"demo\"} |= `模型`", `message: "模型"`},
		{&logs.Query{Pattern: regexp.MustCompile(`10\.0\.0\.1\d:6379`)}, "{stack=\"demo\"} |~ `10\\.0\\.0\\.1\\d:6379`", ``},
		{&logs.Query{Fields: []logs.FieldFilter{{Key: "model", Value: "resnet50"}}}, ``, `model: resnet50`},
		{&logs.Query{Fields: []logs.FieldFilter{{Key: "http.status", Value: "503"}, {Key: "ok", Value: "true"}}}, `{stack="demo"} | json | http_status = "503" | ok = "true"`, `http.status: 503 and ok: true`},
		{&logs.Query{Fields: []logs.FieldFilter{{Key: "model", Value: "模型-7b"}}}, ``, `model: "模型-7b"`},
		{&logs.Query{Fields: []logs.FieldFilter{{Key: "model", Value: "resnet50", Not: true}}, Services: []string{"billing"}}, ``, `service: billing and not model: resnet50`},
		{&logs.Query{Since: since, Until: until, MinLevel: logs.LevelError}, ``, `level: error and @timestamp >= "` + stamp(since) + `" and @timestamp <= "` + stamp(until) + `"`},
		{&logs.Query{Services: []string{"kafka"}, MinLevel: logs.LevelWarn, Text: "timed", Since: since}, ``, ``},
		{&logs.Query{Text: "\x1b[31m"}, `{stack="demo"} |= "\x1b[31m"`, ``},
		{&logs.Query{Text: "\u202e"}, `{stack="demo"} |= "\u202e"`, ``},
		{&logs.Query{Text: "no such text"}, `{stack="demo"} |= "no such text"`, `message: "no such text"`},
		// what only the languages say
		{nil, `{service="demo-gateway"} |= "memory" | json | latency_ms > 500`, ``},
		{nil, `{app="demo-redis"} | json | latency_ms > 500`, ``},
		{nil, `{stack="demo"} | json | latency_ms > 990`, ``},
		{nil, `{stack="demo"} | json | latency_ms > 990 | __error__ = ""`, ``},
		{nil, `{stack="demo"} | json | __error__ != ""`, ``},
		{nil, `{stack="demo"} | json | level_extracted = "error" or http_status = 404 and latency_ms <= 100`, ``},
		{nil, `{stack="demo"} | json | model =~ "bert.*|模型.*" | msg != "inference completed"`, ``},
		{nil, `{stack="demo"} | logfmt | latency_ms >= 100.5, latency_ms < 400`, ``},
		{nil, `{stack="demo"} | logfmt | a != ""`, ``},
		{nil, `{stack="demo"} | logfmt --strict | __error__ = ""`, ``},
		{nil, `{stack="demo"} | logfmt | n > 9000 or latency_ms > 990`, ``},
		{nil, "{stack=\"demo\"} | regexp `by (?P<ip>[\\d.]+):(?P<port>\\d+)` | port = 6379 | ip != \"10.0.0.7\"", ``},
		{nil, "{stack=\"demo\"} | pattern `[<lvl>] connection refused by <addr> after <n> attempts` | lvl = \"WARN\" | n > 100", ``},
		{nil, `{stack="demo"} | json status="http.status", m="model" | status = 503 | m = "resnet50" | latency_ms = ""`, ``},
		{nil, `{stack="demo"} | json | drop model, service | service = "" | msg = "request timed out"`, ``},
		{nil, `{stack="demo"} | json | keep model, level, pod, container, service, stack | namespace = "" | model = "resnet50"`, ``},
		{nil, `{stack="demo", pod!~".*-[12]", level!="info"} != "memory" or "timed" !~ "模型|completed"`, ``},
		{nil, `{service_name="redis"} | level = "warn" | detected_level = "warn"`, ``},
		{nil, ``, `latency_ms > 900 and not service: redis`},
		{nil, ``, `latency_ms >= 100.5 and latency_ms < 101`},
		{nil, ``, `message: out of memory`},
		{nil, ``, `message: mem* and level: error`},
		{nil, ``, `message: *ference and message: "latency_ms"`},
		{nil, ``, `message: 不足`},
		{nil, ``, `"connection refused"`},
		{nil, ``, `refused or 模`},
		{nil, ``, `503`},
		{nil, ``, `resnet50`},
		{nil, ``, `model: *b* and http.status >= 400`},
		{nil, ``, `http.*: 404`},
		{nil, ``, `not model: * and not message: attempts`},
		{nil, ``, `msg: "CUDA out of memory" or msg: 模型加载完成`},
		{nil, ``, `ok: true and trace: *`},
		{nil, ``, `kubernetes.pod_name: redis-* and kubernetes.container_name: app and kubernetes.namespace_name: diorama`},
		{nil, ``, `message: "10.0.0.17" or message: "red"`},
		{nil, ``, `@timestamp > "` + stamp(since) + `" and message: attempts`},
	}
}
