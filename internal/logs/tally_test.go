package logs

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTally(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{SyncEvery: -1})
	lines := numbered(0, 3000) // a millisecond apart
	for i := range lines {
		lines[i].Level = LevelInfo
		if i%10 == 0 {
			lines[i].Level = LevelError
		}
	}
	store(t, s, lines...)
	span := Span{From: lines[100].Time, To: lines[2100].Time, Parts: 4}
	got, err := Tally(t.Context(), openReader(t, dir), Query{MinLevel: LevelInfo}, span)
	if err != nil {
		t.Fatal(err)
	}
	each := LevelCounts{LevelInfo: 450, LevelError: 50}
	if diff := cmp.Diff([]LevelCounts{each, each, each, each}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := span.Bound(1).Sub(span.From); got != 500*time.Millisecond {
		t.Errorf("the first part ends after %v", got)
	}
}

func TestServiceOfPod(t *testing.T) {
	for pod, want := range map[string]string{
		"demo-gateway-7d9c5b7f4d-x2x9k": "demo-gateway", "kafka-0": "kafka", "kafka-broker-12": "kafka-broker",
		"fluentd-x7k2p": "fluentd", "redis": "redis", "": "", "-": "-", "my-app": "my-app", "web-12345": "web",
	} {
		if got := ServiceOfPod(pod); got != want {
			t.Errorf("ServiceOfPod(%q) = %q, want %q", pod, got, want)
		}
	}
}
