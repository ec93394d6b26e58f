//go:build e2e

package kafka

import (
	"testing"
	"time"
)

// BenchmarkReal takes samples of a real broker with many topics and groups.
func BenchmarkReal(b *testing.B) {
	broker := startReal(b, map[string]string{"KAFKA_HEAP_OPTS": "-Xms512m -Xmx1g", "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "3"})
	benchmark(b, broker.source(b), broker.client(b, benchmarkClient()...), 40, func() time.Duration { return broker.CPU(b) })
}
