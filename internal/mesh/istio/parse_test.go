package istio

import (
	"reflect"
	"testing"
)

func TestParseTarget(t *testing.T) {
	for name, want := range map[string]Target{
		"outbound|8080|v1|recommender.diorama.svc.cluster.local": {Host: "recommender.diorama.svc.cluster.local", Subset: "v1", Port: 8080},
		"outbound|80||example.org":                               {Host: "example.org", Port: 80},
		"inbound|8080||":                                         {},
		"outbound|x||a":                                          {},
		"outbound|99999||a":                                      {},
		"outbound|80|":                                           {},
		"xds-grpc":                                               {},
		"outbound|80||":                                          {},
	} {
		got, ok := ParseTarget(name)
		if got != want || ok != (want != Target{}) {
			t.Errorf("%s is %+v, %v", name, got, ok)
		}
	}
}

func TestRecordedAnswers(t *testing.T) {
	o := observed(t)
	answer := o.Answers["diorama/caller-68d745c977-dwcwh"]
	v3 := Target{Host: "recommender.diorama.svc.cluster.local", Subset: "v3", Port: 8080}
	hosts := answer.Hosts[v3]
	if len(hosts) != 1 || hosts[0].Address != "10.244.0.12:8080" || !hosts[0].Ejected || !hosts[0].Healthy || hosts[0].Errors == 0 {
		t.Errorf("the hosts of v3 are %+v", hosts)
	}
	if c := answer.Counts[v3]; c.Requests == 0 || c.Errors != c.Requests || len(c.Times) == 0 {
		t.Errorf("v3 counts %+v", c)
	}
	v1 := answer.Counts[Target{Host: v3.Host, Subset: "v1", Port: 8080}]
	if v1.Errors != 0 || v1.Requests < 900 || v1.Times[len(v1.Times)-1].Count > v1.Requests {
		t.Errorf("v1 counts %+v", v1)
	}
	if len(o.Syncs) != 5 {
		t.Fatalf("istiod knows %d proxies", len(o.Syncs))
	}
	if s := o.Syncs[0]; s.Pod != "caller-68d745c977-dwcwh" || s.Namespace != "diorama" || s.Version != "1.31.0" || len(s.Behind)+len(s.Refused) != 0 {
		t.Errorf("the first is %+v", s)
	}
}

func TestParseStatsNames(t *testing.T) {
	counts, err := ParseStats([]byte(`{"stats":[
		{"name":"cluster.outbound|80||a.b.upstream_rq_completed","value":7},
		{"name":"cluster.outbound|80||a.b.upstream_rq_5xx","value":2},
		{"name":"cluster.outbound|80||a.b;.external.upstream_rq_completed","value":9},
		{"name":"cluster.outbound|80||a.b.external.upstream_rq_completed","value":9},
		{"name":"cluster.outbound|80||c.d;.upstream_rq_completed","value":"text"},
		{"name":"cluster.outbound|80||c.d;.upstream_rq_completed","value":-4},
		{"name":"server.state","value":"LIVE"},
		{"histograms":{"supported_quantiles":[0,50]}}]}`))
	want := map[Target]Counts{{Host: "a.b", Port: 80}: {Requests: 7, Errors: 2}}
	if err != nil || !reflect.DeepEqual(counts, want) {
		t.Errorf("the counts are %+v, %v", counts, err)
	}
}

func TestParseSyncBehind(t *testing.T) {
	syncs, err := ParseSync([]byte(`[{"proxy":"a-1.shop","istio_version":"1.31.0","resources":{
		"type.googleapis.com/envoy.config.route.v3.RouteConfiguration":{"sent":"2","acked":"1"},
		"type.googleapis.com/envoy.config.cluster.v3.Cluster":{"sent":"2","acked":"2","lastError":"no such filter"}}},
		{"proxy":"odd"}]`))
	if err != nil || len(syncs) != 1 {
		t.Fatalf("%+v, %v", syncs, err)
	}
	if s := syncs[0]; !reflect.DeepEqual(s.Behind, []string{"routes"}) || !reflect.DeepEqual(s.Refused, []string{"no such filter"}) {
		t.Errorf("it is %+v", s)
	}
}

func FuzzParseClusters(f *testing.F) {
	f.Add(recorded(f, "clusters.json"))
	f.Add([]byte(`{"cluster_statuses":[{"name":"outbound|1||a","host_statuses":[{"stats":[{"name":"rq_total","value":"x"}]}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		targets, err := ParseClusters(data)
		for target, hosts := range targets {
			for _, h := range hosts {
				if h.Requests < 0 || h.Errors < 0 || target.Host == "" {
					t.Errorf("%+v: %+v, %v", target, h, err)
				}
			}
		}
	})
}

func FuzzParseStats(f *testing.F) {
	f.Add(recorded(f, "stats.json"))
	f.Fuzz(func(t *testing.T, data []byte) {
		counts, _ := ParseStats(data)
		for target, c := range counts {
			if c.Requests < 0 || c.Errors < 0 {
				t.Errorf("%+v: %+v", target, c)
			}
			if d, ok := c.Times.within(0.99); ok && d < 0 && len(c.Times) > 0 && c.Times[0].Milliseconds >= 0 {
				t.Logf("%v of %v", d, c.Times) // bounds may descend in a lie: no panic is what counts
			}
		}
	})
}

func FuzzParseSync(f *testing.F) {
	f.Add(recorded(f, "syncz.json"))
	f.Fuzz(func(t *testing.T, data []byte) {
		syncs, _ := ParseSync(data)
		for _, s := range syncs {
			if s.Pod == "" {
				t.Errorf("%+v", s)
			}
		}
	})
}

func FuzzFoldObject(f *testing.F) {
	f.Add([]byte(`{"kind":"VirtualService","metadata":{"name":"x","namespace":"diorama"},"spec":{"hosts":["recommender"],"http":[{"match":[{"headers":{"a":{"regex":".*b.*"}}}],"route":[{"destination":{"host":"caller"},"weight":3}],"fault":{"delay":{"fixedDelay":"3s","percentage":{"value":5}}}}]}}`))
	f.Add([]byte(`{"kind":"DestinationRule","metadata":{"name":"x"},"spec":{"host":"*","subsets":"odd"},"status":{"validationMessages":[{"level":"ERROR"}]}}`))
	f.Add([]byte(`{"kind":"PeerAuthentication","metadata":{"annotations":{"diorama.dev/mesh-changes":"[{}]"}},"spec":{"mtls":7}}`))
	f.Add([]byte(`{"kind":"Service","metadata":{"name":"x","namespace":"diorama"},"spec":{"ports":[{}],"selector":{"app":"caller"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		object, ok := parseObject(data)
		if !ok {
			return
		}
		o := observed(t)
		o.Objects = append(o.Objects, object)
		state := Fold(o, Memory{}.With(o))
		for _, v := range state.Services {
			_, _ = Plan(o, editOf(v.Name), now())
		}
		_, _ = Undo(o, true)
	})
}
