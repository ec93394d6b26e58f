package embedded

import (
	"time"

	"github.com/diorama-dev/diorama/internal/env"
)

// meter tells what processes use, from one look to the next.
type meter struct {
	last map[string]reading // by service
}

// reading is what was counted for a process so far.
type reading struct {
	pid  int
	cpu  time.Duration
	when time.Time
}

func newMeter() *meter { return &meter{last: make(map[string]reading)} }

// usage is what a service's process and those that it has started use now; the
// processor's share is that since the last look.
func (m *meter) usage(service string, pid int) env.Usage {
	if pid == 0 {
		delete(m.last, service)
		return env.Usage{}
	}
	cpu, memory, ok := measure(pid)
	if !ok {
		return env.Usage{}
	}
	usage := env.Usage{Memory: &memory}
	now := reading{pid: pid, cpu: cpu, when: time.Now()}
	if before, known := m.last[service]; known && before.pid == pid && now.when.After(before.when) {
		share := max(0, int64(1000*(now.cpu-before.cpu)/now.when.Sub(before.when)))
		usage.CPU = &share
	}
	m.last[service] = now
	return usage
}
