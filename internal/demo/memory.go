package demo

import (
	"strconv"
	"strings"
)

// MemoryLimit is how much memory the Go runtime should try to keep within, in
// bytes: four fifths of what the container may use. 0 means that there is no
// limit to be found. readFile reads a file of this machine.
func MemoryLimit(readFile func(string) ([]byte, error)) int64 {
	for _, file := range []string{
		"/sys/fs/cgroup/memory.max",                   // cgroup v2
		"/sys/fs/cgroup/memory/memory.limit_in_bytes", // cgroup v1
	} {
		b, err := readFile(file)
		if err != nil {
			continue // the other version, or no container at all
		}
		// "max", and in version 1 a number beyond any machine, mean no limit.
		limit, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
		if err == nil && limit > 0 && limit < 1<<50 {
			return limit / 5 * 4
		}
	}
	return 0
}
