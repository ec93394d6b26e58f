package embedded

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ticks is the unit of processor time in /proc: USER_HZ, which is 100 wherever
// Linux runs Go (proc(5)).
const ticks = time.Second / 100

// measure is what a process, and those that it has started, have used of the
// processor so far, and hold of memory: their share of it, so that what
// several have in common counts once.
func measure(pid int) (cpu time.Duration, memory int64, ok bool) {
	for _, one := range family(pid) {
		spent, known := processorTime(one)
		if !known {
			continue
		}
		ok = true
		cpu += spent
		memory += share(one)
	}
	return cpu, memory, ok
}

// family is the process and its children; our servers have no grandchildren
// that live.
func family(pid int) []int {
	all := []int{pid}
	if pid == os.Getpid() {
		return all // those are servers of their own
	}
	found, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	if err != nil {
		return all
	}
	for _, file := range found {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for field := range strings.FieldsSeq(string(data)) {
			if child, err := strconv.Atoi(field); err == nil {
				all = append(all, child)
			}
		}
	}
	return all
}

func processorTime(pid int) (time.Duration, bool) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, false
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(fields) < 13 {
		return 0, false
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	if err1 != nil || err2 != nil {
		return 0, false
	}
	return time.Duration(user+system) * ticks, true
}

// share is the process's proportional share of memory; where that may not be
// read, all that it has resident.
func share(pid int) int64 {
	if data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup"); err == nil {
		for line := range strings.Lines(string(data)) {
			if rest, found := strings.CutPrefix(line, "Pss:"); found {
				return kilobytes(rest)
			}
		}
	}
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

func kilobytes(text string) int64 {
	n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(text), " kB"), 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}
