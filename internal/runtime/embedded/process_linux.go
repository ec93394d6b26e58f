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
// start, in clock ticks since the machine's (proc(5), field 22 of stat).
func bornAt(pid int) string {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	// The second field, the name, may hold anything; it ends with the last bracket.
	_, rest, _ := strings.Cut(string(data[strings.LastIndexByte(string(data), ')')+1:]), " ")
	fields := strings.Fields(rest)
	if len(fields) < 20 {
		return ""
	}
	return fields[19]
}
