package istio

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func recorded(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// now is when the recorded mesh was observed.
func now() time.Time { return time.Date(2026, 11, 27, 11, 2, 0, 0, time.UTC) }

// pod is a Pod of the recorded mesh.
func pod(name, ip, workload string, proxy bool, labels map[string]string) Pod {
	labels[labelService], labels[labelEnvironment] = workload, "c"
	return Pod{
		Name: name, Namespace: "diorama", IP: ip, Labels: labels, Workload: workload, Stack: "demo",
		Ready: true, Proxy: proxy, ProxyReady: proxy,
	}
}

// observed is the recorded mesh: a caller, a recommender in three versions of
// which v3 fails and is ejected, a program outside, a VirtualService that leads
// nowhere, and strict TLS for the recommender.
func observed(t testing.TB) Observation {
	t.Helper()
	o := Observation{
		Time: now(), Stack: "istio", Title: "istio 1.31", Environment: "c", Namespace: "diorama", Root: "istio-system",
		Pods: []Pod{
			pod("caller-68d745c977-dwcwh", "10.244.0.11", "caller", true, map[string]string{"app": "caller"}),
			pod("outsider-cbdb8788d-8frds", "10.244.0.8", "outsider", false, map[string]string{"app": "outsider"}),
			pod("recommender-v1-58bf4cf46b-mtrqd", "10.244.0.10", "recommender-v1", true, map[string]string{"app": "recommender", "version": "v1"}),
			pod("recommender-v1-58bf4cf46b-vj4ps", "10.244.0.13", "recommender-v1", true, map[string]string{"app": "recommender", "version": "v1"}),
			pod("recommender-v2-9c6dc7f49-8ggxz", "10.244.0.9", "recommender-v2", true, map[string]string{"app": "recommender", "version": "v2"}),
			pod("recommender-v3-cfd5776d6-mwq47", "10.244.0.12", "recommender-v3", true, map[string]string{"app": "recommender", "version": "v3"}),
		},
	}
	var objects []Object
	if err := json.Unmarshal(recorded(t, "objects.json"), &objects); err != nil {
		t.Fatal(err)
	}
	o.Objects = objects
	hosts, err := ParseClusters(recorded(t, "clusters.json"))
	if err != nil {
		t.Fatal(err)
	}
	counts, err := ParseStats(recorded(t, "stats.json"))
	if err != nil {
		t.Fatal(err)
	}
	o.Answers = map[string]Answer{"diorama/caller-68d745c977-dwcwh": {Hosts: hosts, Counts: counts}}
	if o.Syncs, err = ParseSync(recorded(t, "syncz.json")); err != nil {
		t.Fatal(err)
	}
	return o
}

// later is an observation some time after, in which the caller has sent more.
func later(o Observation, after time.Duration, more map[string]Counts) Observation {
	o.Time = o.Time.Add(after)
	key := "diorama/caller-68d745c977-dwcwh"
	counts := make(map[Target]Counts)
	for target, c := range o.Answers[key].Counts {
		if d, ok := more[target.Subset]; ok {
			c = c.plus(d)
		}
		counts[target] = c
	}
	o.Answers = map[string]Answer{key: {Hosts: o.Answers[key].Hosts, Counts: counts}}
	return o
}

// recommender is the service that most tests are about.
func recommender(t *testing.T, x *index) *entry {
	t.Helper()
	e := x.find("recommender")
	if e == nil {
		t.Fatal("there is no recommender")
	}
	return e
}
