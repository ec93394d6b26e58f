//go:build e2e

package elastic_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/queue/queuetest"
)

// startLoki starts a Loki and returns its address.
func startLoki(tb testing.TB) string {
	tb.Helper()
	var port int
	queuetest.Start(tb, func() queuetest.Spec {
		port = queuetest.FreePort(tb)
		return queuetest.Spec{Image: "docker.io/grafana/loki:3.7.8", Ports: map[int]int{port: 3100}}
	})
	base := "http://127.0.0.1:" + strconv.Itoa(port)
	await(tb, base+"/ready", "ready")
	return base
}

// startElasticsearch starts an Elasticsearch and returns its address.
func startElasticsearch(tb testing.TB) string {
	tb.Helper()
	var port int
	queuetest.Start(tb, func() queuetest.Spec {
		port = queuetest.FreePort(tb)
		return queuetest.Spec{
			Image: "docker.io/library/elasticsearch:8.19.20", Ports: map[int]int{port: 9200},
			Env: map[string]string{
				"xpack.security.enabled": "false", "discovery.type": "single-node", "ES_JAVA_OPTS": "-Xms512m -Xmx512m",
				"cluster.routing.allocation.disk.threshold_enabled": "false",
			},
		}
	})
	base := "http://127.0.0.1:" + strconv.Itoa(port)
	await(tb, base+"/_cluster/health?wait_for_status=yellow&timeout=1s", `"timed_out":false`)
	return base
}

// await asks until the answer says so.
func await(tb testing.TB, address, said string) {
	tb.Helper()
	var last string
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Minute); time.Now().Before(deadline); <-tick.C {
		response, err := http.Get(address)
		if err != nil {
			last = err.Error()
			continue
		}
		text, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if last = response.Status + " " + string(text); response.StatusCode == http.StatusOK && strings.Contains(last, said) {
			return
		}
	}
	tb.Fatalf("%s: %s", address, last)
}

func send(tb testing.TB, method, address, kind string, body []byte) string {
	tb.Helper()
	request, err := http.NewRequestWithContext(tb.Context(), method, address, bytes.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	request.Header.Set("Content-Type", kind)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= http.StatusMultipleChoices {
		tb.Fatalf("%s: %s %.2000s (%v)", address, response.Status, text, err)
	}
	return string(text)
}

// push gives lines to Loki with the labels of the stack loki.
func push(tb testing.TB, base string, lines []logs.Line) {
	tb.Helper()
	type stream struct {
		Labels map[string]string `json:"stream"`
		Values [][2]string       `json:"values"`
	}
	for chunk := range slices.Chunk(lines, 2000) {
		streams := make(map[string]*stream)
		for _, l := range chunk {
			key := l.Pod + " " + l.Level.String()
			if streams[key] == nil {
				labels := map[string]string{"namespace": "diorama", "pod": l.Pod, "container": l.Container, "app": l.Stack + "-" + l.Service, "service": l.Service, "stack": l.Stack}
				if l.Level != logs.LevelUnknown {
					labels["level"] = l.Level.String()
				}
				streams[key] = &stream{Labels: labels}
			}
			streams[key].Values = append(streams[key].Values, [2]string{strconv.FormatInt(l.Time.UnixNano(), 10), l.Message})
		}
		body, err := json.Marshal(map[string]any{"streams": slices.Collect(maps.Values(streams))})
		if err != nil {
			tb.Fatal(err)
		}
		send(tb, http.MethodPost, base+"/loki/api/v1/push", "application/json", body)
	}
}

// template is the index of the stack efk: text for messages, keywords for all
// else, nanoseconds.
const template = `{"index_patterns":["logs-*"],"priority":500,"template":{
	"settings":{"number_of_shards":1,"number_of_replicas":0,"index.mapping.ignore_malformed":true},
	"mappings":{
		"dynamic_templates":[
			{"texts":{"match_mapping_type":"string","mapping":{"type":"keyword","ignore_above":8191}}},
			{"numbers":{"match_mapping_type":"long","mapping":{"type":"double"}}}],
		"date_detection":false,
		"properties":{"@timestamp":{"type":"date_nanos"},"message":{"type":"text"},"level":{"type":"keyword"}}}}}`

// whole is the index of the stack efk, whose shippers leave lines whole: members
// of messages are no fields.
const whole = `{"index_patterns":["whole-*"],"priority":500,"template":{
	"settings":{"number_of_shards":1,"number_of_replicas":0},
	"mappings":{"dynamic":false,"properties":{
		"@timestamp":{"type":"date_nanos"},"message":{"type":"text"},"level":{"type":"keyword"},"stream":{"type":"keyword"},
		"service":{"type":"keyword"},"stack":{"type":"keyword"},
		"kubernetes":{"properties":{"namespace_name":{"type":"keyword"},"pod_name":{"type":"keyword"},"container_name":{"type":"keyword"}}}}}}}`

// index gives lines to Elasticsearch twice: as a shipper that takes lines apart,
// in logs-*, and as one that leaves them whole, in whole-*.
func index(tb testing.TB, base string, lines []logs.Line) {
	tb.Helper()
	send(tb, http.MethodPut, base+"/_index_template/lines", "application/json", []byte(template))
	send(tb, http.MethodPut, base+"/_index_template/whole", "application/json", []byte(whole))
	for chunk := range slices.Chunk(lines, 2000) {
		var body bytes.Buffer
		for _, l := range chunk {
			all := documentOf(l)
			add(tb, &body, "logs-"+l.Time.Format("2006.01.02"), all)
			maps.DeleteFunc(all, func(name string, _ any) bool {
				return !slices.Contains([]string{"@timestamp", "message", "stream", "level", "service", "stack", "kubernetes"}, name)
			})
			add(tb, &body, "whole-"+l.Time.Format("2006.01.02"), all)
		}
		if answer := send(tb, http.MethodPost, base+"/_bulk?refresh=true", "application/x-ndjson", body.Bytes()); !strings.Contains(answer, `"errors":false`) {
			at := strings.Index(answer, `"error":`)
			tb.Fatalf("_bulk: %.1500s", answer[max(0, at):])
		}
	}
}

func add(tb testing.TB, body *bytes.Buffer, index string, document map[string]any) {
	tb.Helper()
	text, err := json.Marshal(document)
	if err != nil {
		tb.Fatal(err)
	}
	fmt.Fprintf(body, "{\"index\":{\"_index\":%q}}\n%s\n", index, text)
}

func documentOf(l logs.Line) map[string]any {
	document := make(map[string]any)
	members, ok := logs.AppendMembers(nil, l.Message)
	for _, m := range members {
		if !ok {
			break
		}
		if m.Kind == logs.KindText {
			document[m.Key] = m.Value
		} else {
			document[m.Key] = json.RawMessage(m.Value)
		}
	}
	document["@timestamp"] = l.Time.Format("2006-01-02T15:04:05.000000000Z07:00")
	document["message"] = l.Message
	document["stream"] = "stdout"
	document["service"], document["stack"] = l.Service, l.Stack
	delete(document, "level")
	if l.Level != logs.LevelUnknown {
		document["level"] = strings.ToUpper(l.Level.String())
	}
	document["kubernetes"] = map[string]any{
		"namespace_name": "diorama", "pod_name": l.Pod, "container_name": l.Container, "labels": map[string]string{"app": l.Service},
	}
	return document
}
