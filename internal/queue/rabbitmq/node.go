package rabbitmq

import (
	"fmt"
	"strings"

	"github.com/diorama-dev/diorama/internal/queue"
)

// nodeAnswer is what the API says of a node.
type nodeAnswer struct {
	Name       text   `json:"name"`
	Running    bool   `json:"running"`
	MemAlarm   bool   `json:"mem_alarm"`
	MemUsed    number `json:"mem_used"`
	MemLimit   number `json:"mem_limit"`
	DiskAlarm  bool   `json:"disk_free_alarm"`
	DiskFree   number `json:"disk_free"`
	DiskLimit  number `json:"disk_free_limit"`
	Partitions names  `json:"partitions"`
}

const nodeColumns = "name,running,mem_alarm,mem_used,mem_limit,disk_free_alarm,disk_free,disk_free_limit,partitions"

// alarms say what is wrong with a node: https://www.rabbitmq.com/docs/alarms.
func (a nodeAnswer) alarms() []string {
	var list []string
	if !a.Running {
		return append(list, fmt.Sprintf("node %s is not running", a.Name))
	}
	if a.MemAlarm {
		list = append(list, fmt.Sprintf("memory alarm on %s: %s in use of the %s it may use; publishers are made to wait",
			a.Name, size(a.MemUsed), size(a.MemLimit)))
	}
	if a.DiskAlarm {
		list = append(list, fmt.Sprintf("disk alarm on %s: %s free, less than the limit of %s; publishers are made to wait",
			a.Name, size(a.DiskFree), size(a.DiskLimit)))
	}
	if len(a.Partitions) > 0 {
		list = append(list, fmt.Sprintf("network partition: %s does not see %s", a.Name, strings.Join(a.Partitions, ", ")))
	}
	return list
}

// blocks reports whether publishers are made to wait.
func (a nodeAnswer) blocks() bool { return a.MemAlarm || a.DiskAlarm }

func nodes(list []nodeAnswer) queue.Nodes {
	n := queue.Nodes{Known: len(list)}
	for _, node := range list {
		if node.Running {
			n.Answering++
		}
	}
	return n
}

// size is a number of bytes as people read it.
func size(n number) string {
	bytes, ok := n.Get()
	switch {
	case !ok:
		return "an unknown amount"
	case bytes >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
	default:
		return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
	}
}
