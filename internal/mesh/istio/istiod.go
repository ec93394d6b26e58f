package istio

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// SyncPath is what istiod is asked at [SyncPort] for what proxies have
// acknowledged. It answers only those who come from its own Pod, as a forwarded
// connection does.
const (
	SyncPath = "/debug/syncz"
	SyncPort = 15014
)

// Sync is what istiod knows of a proxy.
type Sync struct {
	Pod       string
	Namespace string
	Version   string
	// Behind are the kinds of configuration that were sent and not acknowledged.
	Behind []string
	// Refused are what the proxy said of those that it did not take.
	Refused []string
}

// ParseSync reads the answer to [SyncPath].
func ParseSync(data []byte) ([]Sync, error) {
	type resource struct {
		Sent  string `json:"sent"`
		Acked string `json:"acked"`
		Error string `json:"lastError"`
	}
	var answer []struct {
		Proxy     string              `json:"proxy"` // POD.NAMESPACE
		Version   string              `json:"istio_version"`
		Resources map[string]resource `json:"resources"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, fmt.Errorf("read what istiod knows of proxies: %w", err)
	}
	var all []Sync
	for _, p := range answer {
		pod, namespace, ok := cutLast(p.Proxy, ".")
		if !ok || pod == "" {
			continue
		}
		s := Sync{Pod: pod, Namespace: namespace, Version: p.Version}
		for kind, r := range p.Resources {
			if r.Sent != r.Acked {
				s.Behind = append(s.Behind, configuration(kind))
			}
			if r.Error != "" {
				s.Refused = append(s.Refused, r.Error)
			}
		}
		slices.Sort(s.Behind)
		slices.Sort(s.Refused)
		all = append(all, s)
	}
	return all, nil
}

// configuration names a kind of Envoy's resources, such as
// type.googleapis.com/envoy.config.route.v3.RouteConfiguration.
func configuration(kind string) string {
	switch kind[strings.LastIndex(kind, ".")+1:] {
	case "Cluster":
		return "services"
	case "ClusterLoadAssignment":
		return "endpoints"
	case "Listener":
		return "listeners"
	case "RouteConfiguration", "ScopedRouteConfiguration":
		return "routes"
	case "Secret":
		return "certificates"
	default:
		return "extensions"
	}
}
