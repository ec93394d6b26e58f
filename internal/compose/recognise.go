package compose

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Recognised is a service whose image is a technology that we have as a stack.
type Recognised struct {
	Service string
	Stack   string
	Reason  string // for people
}

// known says which stack an image repository is, written without registry and
// without Docker Hub's "library/". The reason is given where the stack is not
// the very same program.
type known struct {
	stack, reason string
}

func repositories() map[string]known {
	return map[string]known{
		"postgres": {stack: "postgres"}, "bitnami/postgresql": {stack: "postgres"}, "bitnamilegacy/postgresql": {stack: "postgres"},
		"mysql": {stack: "mysql"}, "mysql/mysql-server": {stack: "mysql"}, "bitnami/mysql": {stack: "mysql"}, "bitnamilegacy/mysql": {stack: "mysql"},
		"percona/percona-server": {"mysql", "Percona Server is MySQL"},
		"mariadb":                {"mysql", "MariaDB and MySQL speak one protocol; their SQL differs in places"},
		"bitnami/mariadb":        {"mysql", "MariaDB and MySQL speak one protocol; their SQL differs in places"},
		"redis":                  {stack: "redis"}, "bitnami/redis": {stack: "redis"}, "bitnamilegacy/redis": {stack: "redis"},
		"valkey/valkey": {stack: "valkey"}, "bitnami/valkey": {stack: "valkey"}, "bitnamilegacy/valkey": {stack: "valkey"},
		"apache/kafka": {stack: "kafka"}, "apache/kafka-native": {stack: "kafka"}, "bitnami/kafka": {stack: "kafka"}, "bitnamilegacy/kafka": {stack: "kafka"},
		"confluentinc/cp-kafka": {stack: "kafka"}, "confluentinc/cp-server": {stack: "kafka"}, "confluentinc/confluent-local": {stack: "kafka"},
		"wurstmeister/kafka": {stack: "kafka"}, "obsidiandynamics/kafka": {stack: "kafka"},
		"redpandadata/redpanda": {"kafka", "Redpanda speaks Kafka's protocol"}, "vectorized/redpanda": {"kafka", "Redpanda speaks Kafka's protocol"},
		"rabbitmq": {stack: "rabbitmq"}, "bitnami/rabbitmq": {stack: "rabbitmq"}, "bitnamilegacy/rabbitmq": {stack: "rabbitmq"},
		"memcached": {stack: "memcached"}, "bitnami/memcached": {stack: "memcached"}, "bitnamilegacy/memcached": {stack: "memcached"},
		"apache/rocketmq": {stack: "rocketmq"}, "mongo": {stack: "mongodb"}, "bitnami/mongodb": {stack: "mongodb"},
		"cassandra": {stack: "cassandra"}, "bitnami/cassandra": {stack: "cassandra"}, "neo4j": {stack: "neo4j"},
		"elasticsearch": {stack: "elasticsearch"}, "elasticsearch/elasticsearch": {stack: "elasticsearch"}, "bitnami/elasticsearch": {stack: "elasticsearch"},
		"kibana": {stack: "kibana"}, "kibana/kibana": {stack: "kibana"}, "grafana/loki": {stack: "loki"}, "grafana/grafana": {stack: "grafana"},
		"prom/prometheus": {stack: "prometheus"}, "bitnami/prometheus": {stack: "prometheus"},
		"jaegertracing/jaeger": {stack: "jaeger"}, "jaegertracing/all-in-one": {stack: "jaeger"},
		"hashicorp/consul": {stack: "consul"}, "consul": {stack: "consul"}, "bitnami/consul": {stack: "consul"},
		"nacos/nacos-server": {stack: "nacos"}, "janusgraph/janusgraph": {stack: "janusgraph"}, "cockroachdb/cockroach": {stack: "cockroachdb"},
	}
}

// extended are images that are more than the stack they look like.
func extended() map[string]known {
	return map[string]known{
		"postgis/postgis":          {"postgres", "PostGIS"},
		"pgvector/pgvector":        {"postgres", "pgvector"},
		"ankane/pgvector":          {"postgres", "pgvector"},
		"timescale/timescaledb":    {"postgres", "TimescaleDB"},
		"supabase/postgres":        {"postgres", "Supabase's extensions"},
		"redis/redis-stack":        {"redis", "the modules of Redis Stack"},
		"redis/redis-stack-server": {"redis", "the modules of Redis Stack"},
	}
}

// Recognise finds the services whose images are stacks, by repository,
// whatever registry and tag. Only stacks that are available count.
func Recognise(p Project, available []string) []Recognised {
	var found []Recognised
	for _, name := range slices.Sorted(maps.Keys(p.Model.Services)) {
		service := p.Model.Services[name]
		if service.Build != nil {
			continue // built here, whatever it is called
		}
		k, ok := repositories()[Repository(service.Image)]
		if !ok || !slices.Contains(available, k.stack) {
			continue
		}
		reason := fmt.Sprintf("the image %s is the stack %s", service.Image, k.stack)
		if k.reason != "" {
			reason += ": " + k.reason
		}
		found = append(found, Recognised{Service: name, Stack: k.stack, Reason: reason})
	}
	return found
}

// Repository is an image reference without registry, tag and digest, and
// without Docker Hub's "library/".
func Repository(reference string) string {
	name, _, _ := strings.Cut(reference, "@")
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		name = name[:colon]
	}
	if registry, rest, ok := strings.Cut(name, "/"); ok && (strings.ContainsAny(registry, ".:") || registry == "localhost") {
		name = rest
	}
	return strings.TrimPrefix(name, "library/")
}
