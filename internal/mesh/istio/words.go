package istio

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// Istio's own where a rule does not say.
const (
	defaultInterval = 10 * time.Second
	defaultEjection = 30 * time.Second
)

// words are the conditions of a match, all of which must hold.
func (m httpMatch) words() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		all = append(all, name+": "+m.Headers[name].words())
	}
	for _, name := range slices.Sorted(maps.Keys(m.WithoutHeaders)) {
		all = append(all, "not "+name+": "+m.WithoutHeaders[name].words())
	}
	for _, part := range []struct {
		name  string
		match stringMatch
	}{{"path", m.URI}, {"method", m.Method}, {"host", m.Authority}, {"scheme", m.Scheme}} {
		if part.match != (stringMatch{}) {
			all = append(all, part.name+" "+part.match.words())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.QueryParams)) {
		all = append(all, "query "+name+"="+m.QueryParams[name].words())
	}
	if m.Port != 0 {
		all = append(all, fmt.Sprintf("port %d", m.Port))
	}
	for _, name := range slices.Sorted(maps.Keys(m.SourceLabels)) {
		all = append(all, "from "+name+"="+m.SourceLabels[name])
	}
	if len(m.Gateways) > 0 {
		all = append(all, "through "+strings.Join(m.Gateways, " or "))
	}
	if len(all) == 0 {
		return "everything"
	}
	return strings.Join(all, " and ")
}

func (s stringMatch) words() string {
	switch {
	case s.Exact != "":
		return s.Exact
	case s.Prefix != "":
		return s.Prefix + "*"
	case s.Regex != "":
		if part, ok := s.contained(); ok {
			return "*" + part + "*"
		}
		return "~ " + s.Regex
	default:
		return "*"
	}
}

// contains is the match of a text that has a part anywhere. Envoy compares the
// whole with RE2.
func contains(part string) map[string]any {
	return map[string]any{"regex": ".*" + regexp.QuoteMeta(part) + ".*"}
}

// contained is the part of a match that [contains] has made.
func (s stringMatch) contained() (string, bool) {
	inner, head := strings.CutPrefix(s.Regex, ".*")
	inner, tail := strings.CutSuffix(inner, ".*")
	if !head || !tail || inner == "" {
		return "", false
	}
	part := unquote(inner)
	return part, regexp.QuoteMeta(part) == inner
}

// unquote takes the backslashes of [regexp.QuoteMeta] away.
func unquote(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// fault is what the route does to requests on purpose; nil: nothing.
func (f *httpFault) fault() mesh.Fault {
	var out mesh.Fault
	if f == nil {
		return out
	}
	if f.Delay != nil {
		out.Delay, out.DelayShare = duration(f.Delay.FixedDelay), f.Delay.value()
	}
	if f.Abort != nil {
		out.Abort, out.AbortShare = f.Abort.HTTPStatus, f.Abort.value()
	}
	return out
}

// policy is what a DestinationRule asks of connections.
func policy(r rule) mesh.Policy {
	t := r.spec.TrafficPolicy
	p := mesh.Policy{
		Rule:           r.object.Namespace() + "/" + r.object.Name(),
		MaxConnections: t.ConnectionPool.TCP.MaxConnections, MaxPending: t.ConnectionPool.HTTP.MaxPending,
		TLS:      strings.ToLower(strings.ReplaceAll(t.TLS.Mode, "_", " ")),
		Balancer: strings.ToLower(strings.ReplaceAll(t.LoadBalancer.Simple, "_", " ")),
	}
	if len(t.LoadBalancer.ConsistentHash) > 0 {
		p.Balancer = "consistent hash"
	}
	if d := t.OutlierDetection; d != nil {
		p.Eject, p.Interval = d.words(), duration(d.Interval)
		if p.Interval == 0 {
			p.Interval = defaultInterval
		}
	}
	return p
}

// words say what ejects an endpoint, with Istio's defaults where it says less
// (https://istio.io/latest/docs/reference/config/networking/destination-rule/#OutlierDetection).
func (d outlierDetection) words() string {
	lasting := duration(d.BaseEjectionTime)
	if lasting == 0 {
		lasting = defaultEjection
	}
	count, what := 5, "errors"
	switch {
	case d.Consecutive5xx != nil && *d.Consecutive5xx > 0:
		count = *d.Consecutive5xx
	case d.ConsecutiveGateway != nil && *d.ConsecutiveGateway > 0:
		count, what = *d.ConsecutiveGateway, "gateway errors"
	case d.Consecutive5xx != nil:
		return "never"
	}
	if count == 1 {
		return fmt.Sprintf("after 1 %s, for %s", strings.TrimSuffix(what, "s"), lasting)
	}
	return fmt.Sprintf("after %d %s in a row, for %s", count, what, lasting)
}
