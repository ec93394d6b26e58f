package istio

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// AdminClusters and AdminStats are what a proxy is asked at its admin port, as
// path and query (https://www.envoyproxy.io/docs/envoy/latest/operations/admin).
// The second names what is kept only where Istio is told to, by
// meshConfig.defaultConfig.proxyStatsMatcher.
const (
	AdminClusters = "/clusters?format=json"
	AdminStats    = "/stats?format=json&histogram_buckets=cumulative&filter=" +
		"%5Ecluster%5C.outbound%5B%5E%3B%5D%2A%3B%3F%5C.upstream_rq_%28completed%7C5xx%7Ctime%29%24"
	AdminPort = 15000
)

// Target is what a proxy sends requests to: a cluster of Envoy's as Istio names
// those, "outbound|8080|v1|recommender.diorama.svc.cluster.local".
type Target struct {
	Host   string // fully qualified
	Subset string
	Port   int
}

// ParseTarget reads the name of a cluster; false where it is none of requests
// that leave a workload for a service.
func ParseTarget(name string) (Target, bool) {
	rest, ok := strings.CutPrefix(name, "outbound|")
	if !ok {
		return Target{}, false
	}
	parts := strings.Split(rest, "|")
	if len(parts) != 3 || parts[2] == "" {
		return Target{}, false
	}
	port, err := strconv.Atoi(parts[0])
	if err != nil || port < 1 || port > 65535 {
		return Target{}, false
	}
	return Target{Host: parts[2], Subset: parts[1], Port: port}, true
}

// Host is an address of a target as one proxy sees it.
type Host struct {
	Address  string // with its port
	Requests int64  // attempts since the proxy was started
	Errors   int64
	Healthy  bool // as the control plane says
	Ejected  bool // as this proxy found
}

// ParseClusters reads the answer to [AdminClusters].
func ParseClusters(data []byte) (map[Target][]Host, error) {
	var answer struct {
		Clusters []struct {
			Name  string `json:"name"`
			Hosts []struct {
				Address struct {
					Socket struct {
						Address string `json:"address"`
						Port    int    `json:"port_value"`
					} `json:"socket_address"`
				} `json:"address"`
				Stats []struct {
					Name  string      `json:"name"`
					Value json.Number `json:"value"` // a text, as protobuf writes 64 bits
				} `json:"stats"`
				Health struct {
					Ejected bool   `json:"failed_outlier_check"`
					EDS     string `json:"eds_health_status"`
				} `json:"health_status"`
			} `json:"host_statuses"`
		} `json:"cluster_statuses"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, fmt.Errorf("read the proxy's clusters: %w", err)
	}
	targets := make(map[Target][]Host)
	for _, cluster := range answer.Clusters {
		target, ok := ParseTarget(cluster.Name)
		if !ok {
			continue
		}
		targets[target] = []Host{}
		for _, h := range cluster.Hosts {
			host := Host{
				Address: h.Address.Socket.Address + ":" + strconv.Itoa(h.Address.Socket.Port),
				Healthy: h.Health.EDS == "" || h.Health.EDS == "HEALTHY", Ejected: h.Health.Ejected,
			}
			for _, stat := range h.Stats {
				n, _ := stat.Value.Int64() // absent: 0
				switch stat.Name {
				case "rq_total":
					host.Requests = max(n, 0)
				case "rq_error":
					host.Errors = max(n, 0)
				}
			}
			targets[target] = append(targets[target], host)
		}
	}
	return targets, nil
}

// Counts are what a proxy counted of a target since it was started.
type Counts struct {
	Requests int64 // that were answered, with what was retried counted once
	Errors   int64 // answers of 500 and above, and those that Envoy made for want of one
	Times    Times
}

// Times are how many requests took at most so many milliseconds, by ascending
// bound; each bound counts those of the ones before.
type Times []Bucket

// Bucket is a bound of times.
type Bucket struct {
	Milliseconds float64
	Count        int64
}

// ParseStats reads the answer to [AdminStats].
func ParseStats(data []byte) (map[Target]Counts, error) {
	var answer struct {
		Stats []struct {
			Name       string          `json:"name"`
			Value      json.RawMessage `json:"value"`
			Histograms json.RawMessage `json:"histograms"`
		} `json:"stats"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, fmt.Errorf("read the proxy's statistics: %w", err)
	}
	counts := make(map[Target]Counts)
	for _, stat := range answer.Stats {
		if len(stat.Histograms) > 0 {
			parseTimes(stat.Histograms, counts)
			continue
		}
		target, what, ok := statOf(stat.Name)
		if !ok {
			continue
		}
		var n int64
		if json.Unmarshal(stat.Value, &n) != nil || n < 0 {
			continue // a text readout, or no number
		}
		c := counts[target]
		switch what {
		case "completed":
			c.Requests = n
		case "5xx":
			c.Errors = n
		default:
			continue
		}
		counts[target] = c
	}
	return counts, nil
}

func parseTimes(data json.RawMessage, counts map[Target]Counts) {
	var histograms []struct {
		Name    string `json:"name"`
		Buckets []struct {
			Bound      float64 `json:"upper_bound"`
			Cumulative int64   `json:"cumulative"`
		} `json:"buckets"`
	}
	if json.Unmarshal(data, &histograms) != nil {
		return // quantiles where buckets were asked for: an Envoy of another age
	}
	for _, h := range histograms {
		target, what, ok := statOf(h.Name)
		if !ok || what != "time" {
			continue
		}
		c := counts[target]
		c.Times = nil
		for _, b := range h.Buckets {
			c.Times = append(c.Times, Bucket{Milliseconds: b.Bound, Count: b.Cumulative})
		}
		counts[target] = c
	}
}

// statOf takes a statistic's name apart:
// "cluster.outbound|8080|v1|a.b.svc.cluster.local;.upstream_rq_5xx". What is
// told apart by who asked, ";.external.upstream_rq_5xx", counts the same again.
func statOf(name string) (Target, string, bool) {
	rest, ok := strings.CutPrefix(name, "cluster.")
	if !ok {
		return Target{}, "", false
	}
	cluster, what, ok := cutLast(rest, ".upstream_rq_")
	if !ok {
		return Target{}, "", false
	}
	cluster, tail, tagged := strings.Cut(cluster, ";")
	if tagged && tail != "" {
		return Target{}, "", false
	}
	for _, part := range []string{".external", ".internal", ".retry", ".canary"} {
		if strings.HasSuffix(cluster, part) {
			return Target{}, "", false
		}
	}
	target, ok := ParseTarget(cluster)
	return target, what, ok
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
