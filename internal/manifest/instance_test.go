package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestSecondInstance(t *testing.T) {
	in := input(t, `
services:
  kafka:
    image: kafka
    hostname: kafka
    environment:
      ADVERTISED: INTERNAL://kafka:9092,EXTERNAL://127.0.0.1:9094
      CONTROLLER_HOST: kafka
      CLUSTER: kafka
      TOPIC: not-kafka:1
      OPTIONS: "host=kafka;user=kafka"
      USERINFO: kafka://kafka:password@kafka/x
    volumes: ["data:/data"]
  ui: {image: ui, command: ["--broker", "kafka:9092", "http://kafka/x"], configs: [pipeline]}
volumes: {data: {}}
configs: {pipeline: {content: 'hosts => ["http://kafka:9092"], index => "kafka"'}}
`)
	in.Stack = "events"
	in.Rename = func(service string) string { return map[string]string{"kafka": "events", "ui": "events-ui"}[service] }
	in.HostPorts = []HostPort{{Service: "kafka", Name: "kafka", Port: 9094, NodePort: 30094}}
	result := render(t, in)
	kafka, ui := asText(t, object(t, result, kindStatefulSet, "events")), asText(t, object(t, result, kindDeployment, "events-ui"))
	for _, want := range []string{
		"INTERNAL://events:9092,EXTERNAL://127.0.0.1:9094", "name: CONTROLLER_HOST\n          value: events\n",
		"name: CLUSTER\n          value: kafka\n", "value: not-kafka:1\n", "claimName: events.data\n",
		"value: host=kafka;user=kafka\n", "@events/x",
	} {
		if !strings.Contains(kafka, want) {
			t.Errorf("%q is missing:\n%s", want, kafka)
		}
	}
	if !strings.Contains(ui, "- events:9092\n") || !strings.Contains(ui, "- http://events/x\n") {
		t.Errorf("the command still speaks of the first instance:\n%s", ui)
	}
	object(t, result, "Service", "events-host")
	if config := asText(t, object(t, result, "ConfigMap", "events.config-pipeline")); !strings.Contains(config, `hosts => ["http://events:9092"], index => "kafka"`) {
		t.Errorf("the config still speaks of the first instance:\n%s", config)
	}
	if len(result.Losses) > 0 {
		t.Errorf("losses: %v", result.Losses)
	}
}

func TestHostPorts(t *testing.T) {
	in := input(t, "services: {web: {image: a}}")
	in.HostPorts = []HostPort{
		{Service: "web", Name: "ui", Port: 8080, NodePort: 30001}, {Service: "web", Name: "api", Port: 80, NodePort: 30000},
	}
	ports, _, _ := unstructured.NestedSlice(object(t, render(t, in), "Service", "web-host").Object, "spec", "ports")
	want := []any{
		map[string]any{"name": "api", "port": int64(80), "targetPort": int64(80), "nodePort": int64(30000), "protocol": "TCP"},
		map[string]any{"name": "ui", "port": int64(8080), "targetPort": int64(8080), "nodePort": int64(30001), "protocol": "TCP"},
	}
	if diff := cmp.Diff(want, ports); diff != "" {
		t.Error(diff)
	}
	in.HostPorts = []HostPort{{Service: "wbe", Name: "ui"}}
	if _, err := Render(in); err == nil || !strings.Contains(err.Error(), `"wbe"`) {
		t.Errorf("an endpoint of a service that is not there: %v", err)
	}
	in = input(t, "services: {web: {image: a}, web-host: {image: b}}")
	in.HostPorts = []HostPort{{Service: "web", Name: "ui", Port: 80}}
	if _, err := Render(in); err == nil {
		t.Error("two Services of one name were rendered")
	}
}
