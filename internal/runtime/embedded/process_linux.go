package embedded

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// orphaned has the process signalled when we die, whatever kills us.
func orphaned(attributes *syscall.SysProcAttr, s signal) { attributes.Pdeathsig = s }

// launcher is the one thread that starts processes. The kernel takes the death
// of the thread that started a process for that of its parent (prctl(2),
// PR_SET_PDEATHSIG), so this one never ends.
//
//nolint:gochecknoglobals // a thread of the process, as there is one of them
var launcher = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for do := range work {
			do()
		}
	}()
	return work
})

// begin starts the command.
func begin(cmd *exec.Cmd) error {
	done := make(chan error)
	launcher() <- func() { done <- cmd.Start() }
	return <-done
}

// bornAt identifies a process beyond its number, which is used again: its
// start, in clock ticks since the machine's.
func bornAt(pid int) string { return statField(pid, 22) }

// parentOf is the process that a process belongs to; 0: not known.
func parentOf(pid int) int {
	parent, err := strconv.Atoi(statField(pid, 4))
	if err != nil {
		return 0
	}
	return parent
}

// statField is a field of a process's stat, counted as proc(5) does, from the
// fourth on; "" where there is no such process.
func statField(pid, n int) string {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	// The second field, the name, may hold anything; it ends with the last
	// bracket, and the third is behind it.
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	if len(fields) < n-2 {
		return ""
	}
	return fields[n-3]
}
