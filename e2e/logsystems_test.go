//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestLoki has the demo's lines in Loki: every line that the node's files hold,
// once, under labels of which there are seven.
func TestLoki(t *testing.T) {
	w := newWorld(t)
	w.must("up", "logs-loki", "-d")
	w.wantReady("logs-loki", "kafka", "redis", "postgres", "loki", "demo")
	if out := w.must("up", "logs-loki", "-d"); strings.Contains(out, "configured") || strings.Contains(out, "created") {
		t.Errorf("a second up changes something:\n%s", out)
	}
	// An agent that was taken away goes on where it was.
	deletePods(t, "logs-loki", "-l", "app.kubernetes.io/component=loki-agent")
	s := w.status("logs-loki")
	address := endpoint(t, s, "loki", "http")
	want := linesOnNode(t, "logs-loki")
	var got map[string]int
	eventually(t, "the lines in Loki", func() (err error) {
		got, err = lokiLines(address, want)
		return err
	})
	compareLines(t, want, got)

	var labels struct{ Data []string }
	read(t, address+"/loki/api/v1/labels", &labels)
	if all := []string{"app", "container", "level", "namespace", "pod", "service", "stack"}; !slices.Equal(labels.Data, all) {
		t.Errorf("labels %v, want %v", labels.Data, all)
	}
	w.must("up", "streaming", "--name", "logs-loki", "-d")
	if left := kubectl(t, "logs-loki", "get", "daemonset,clusterrole,clusterrolebinding", "-A", "-l", "diorama.dev/stack=loki", "-o", "name"); left != "" {
		t.Errorf("the stack left:\n%s", left)
	}
}

// TestElasticsearch has the demo's lines in Elasticsearch, by way of rsyslog.
func TestElasticsearch(t *testing.T) {
	w := newWorld(t)
	if why := os.Getenv("DIORAMA_E2E_NO_ELASTICSEARCH"); why != "" {
		t.Skip("left out: " + why)
	}
	w.must("up", "logs-efk", "-d", "--set", "efk.shipper=rsyslog", "--set", "efk.kibana=false")
	w.wantReady("logs-efk", "kafka", "redis", "postgres", "efk", "demo")
	address := endpoint(t, w.status("logs-efk"), "efk", "http")
	want := linesOnNode(t, "logs-efk")
	var got map[string]int
	eventually(t, "the lines in Elasticsearch", func() (err error) {
		got, err = elasticLines(address, want)
		return err
	})
	compareLines(t, want, got)
	var mapping map[string]struct {
		Mappings struct {
			Properties map[string]struct{ Type string }
		}
	}
	read(t, address+"/logs-*/_mapping", &mapping)
	for index, m := range mapping {
		if got := m.Mappings.Properties["@timestamp"].Type; got != "date_nanos" || m.Mappings.Properties["level"].Type != "keyword" {
			t.Errorf("%s: @timestamp is a %q", index, got)
		}
	}
}

func endpoint(t *testing.T, s status, stack, name string) string {
	t.Helper()
	for _, e := range s.Endpoints {
		if e.Stack == stack && e.Name == name {
			return e.URL
		}
	}
	t.Fatalf("no endpoint %s/%s", stack, name)
	return ""
}

// linesOnNode are the lines of the gateway in the node's own files now, each
// with how often it is there, as nanoseconds and text.
func linesOnNode(t *testing.T, environment string) map[string]int {
	t.Helper()
	out := docker(t, "exec", "diorama-"+environment+"-control-plane", "sh", "-c", "cat /var/log/pods/diorama_gateway-*/gateway/*.log")
	lines := map[string]int{}
	for line := range strings.Lines(out) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 4)
		at, err := time.Parse(time.RFC3339Nano, parts[0])
		if err != nil || len(parts) < 4 || parts[2] != "F" {
			t.Fatalf("not a whole line of a container: %q", line)
		}
		lines[fmt.Sprint(at.UnixNano(), " ", parts[3])]++
	}
	if len(lines) == 0 {
		t.Fatal("the gateway has written nothing")
	}
	return lines
}

// compareLines: what was wanted is there, as often as it was written.
func compareLines(t *testing.T, want, got map[string]int) {
	t.Helper()
	wrong := 0
	for _, line := range slices.Sorted(maps.Keys(want)) {
		if got[line] != want[line] {
			if wrong++; wrong <= 5 {
				t.Errorf("there %d times, want %d: %s", got[line], want[line], line)
			}
		}
	}
	t.Logf("%d lines, %d wrong", len(want), wrong)
}

// missing says that something of what is wanted is not there yet.
func missing(want, got map[string]int) error {
	for line := range want {
		if got[line] == 0 {
			return fmt.Errorf("%d of %d lines are there", len(got), len(want))
		}
	}
	return nil
}

func lokiLines(address string, want map[string]int) (map[string]int, error) {
	got := map[string]int{}
	after := time.Now().Add(-time.Hour).UnixNano()
	for {
		var answer struct {
			Data struct {
				Result []struct {
					Stream map[string]string
					Values [][2]string
				}
			}
		}
		query := url.Values{
			"query": {`{namespace="diorama", service="gateway", stack="demo"}`}, "direction": {"forward"}, "limit": {"5000"},
			"start": {strconv.FormatInt(after, 10)}, "end": {strconv.FormatInt(time.Now().UnixNano(), 10)},
		}
		if err := get(address+"/loki/api/v1/query_range?"+query.Encode(), &answer); err != nil {
			return got, err
		}
		last := after
		for _, stream := range answer.Data.Result {
			if level := stream.Stream["level"]; level != "info" && level != "warn" && level != "error" {
				return got, fmt.Errorf("a stream of level %q", level)
			}
			for _, value := range stream.Values {
				got[value[0]+" "+value[1]]++
				at, err := strconv.ParseInt(value[0], 10, 64)
				if err != nil {
					return got, err
				}
				last = max(last, at+1)
			}
		}
		if last == after {
			return got, missing(want, got)
		}
		after = last
	}
}

func elasticLines(address string, want map[string]int) (map[string]int, error) {
	got := map[string]int{}
	var answer struct {
		Hits struct {
			Hits []struct {
				Source struct {
					Time    time.Time `json:"@timestamp"`
					Message string
					Level   string
					Stack   string
				} `json:"_source"`
			}
		}
	}
	query := url.Values{"q": {"service:gateway AND kubernetes.namespace_name:diorama"}, "size": {"10000"}}
	if err := get(address+"/logs-*/_search?"+query.Encode(), &answer); err != nil {
		return got, err
	}
	for _, hit := range answer.Hits.Hits {
		if s := hit.Source; s.Stack != "demo" || !slices.Contains([]string{"INFO", "WARN", "ERROR"}, s.Level) {
			return got, fmt.Errorf("a document of stack %q and level %q: %s", s.Stack, s.Level, s.Message)
		}
		got[fmt.Sprint(hit.Source.Time.UnixNano(), " ", hit.Source.Message)]++
	}
	return got, missing(want, got)
}

func read(t *testing.T, address string, into any) {
	t.Helper()
	if err := get(address, into); err != nil {
		t.Fatal(err)
	}
}

func get(address string, into any) error {
	response, err := http.Get(address)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", address, response.Status, body)
	}
	return json.Unmarshal(body, into)
}
