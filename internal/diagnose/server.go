package diagnose

import (
	"cmp"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
)

// Server is the state of a server that runs as a process, without a cluster.
type Server struct {
	Stack, Service, Kind string
	Ports                map[string]int // of 127.0.0.1, by endpoint
	Ready                bool
	WasReady             bool
	// Waiting says what a server that is not ready is doing.
	Waiting  string
	Restarts int
	// Failures are the ends and failed starts in a row.
	Failures int
	// Since is when it last ended or failed to start; Exit says how it ended,
	// Err why it could not start, Words are the last lines that it wrote.
	Since time.Time
	Exit  string
	Err   error
	Words []string
}

// AsReady is the state of a server that has become ready: what was wrong is
// over.
func (s Server) AsReady() Server {
	s.Ready, s.WasReady, s.Waiting = true, true, ""
	s.Exit, s.Err, s.Words, s.Failures = "", nil, nil, 0
	return s
}

// PortTakenError says that a server's port belongs to somebody else.
type PortTakenError struct {
	Port  int
	Owner string
	Err   error
}

func (e *PortTakenError) Error() string {
	return fmt.Sprintf("port %d is taken by %s", e.Port, e.Owner)
}

// Unwrap returns what the attempt to listen met.
func (e *PortTakenError) Unwrap() error { return e.Err }

// loopAfter is how many ends in a row make a loop that waiting will not end.
const loopAfter = 3

// OfServer says why a server is not well; nothing where it is.
func OfServer(s Server) []env.Finding {
	if s.Ready || (s.Exit == "" && s.Err == nil) {
		return nil
	}
	f := env.Finding{Subject: "server/" + s.Service, Service: s.Service, Since: s.Since, Evidence: s.Words}
	taken, isTaken := errors.AsType[*PortTakenError](s.Err)
	switch {
	case isTaken:
		f.ID, f.Terminal = IDServerPort, true
		f.Summary = fmt.Sprintf("port %d is taken by %s", taken.Port, taken.Owner)
		f.Advice = []string{"stop it, or run `diorama up` again, which takes another port"}
	case errors.Is(s.Err, syscall.ENOSPC):
		f.ID, f.Terminal = IDServerDisk, true
		f.Summary = "the disk is full: " + s.Err.Error()
		f.Advice = []string{"make room; it goes on by itself then"}
	case s.Err != nil:
		f.ID, f.Terminal = IDServerStart, true
		f.Summary = s.Err.Error()
		f.Advice = []string{"see what it wrote: diorama logs " + s.Service}
	default:
		return []env.Finding{crashed(s, f)}
	}
	return []env.Finding{f}
}

// crashed is the finding of a server that ended by itself.
func crashed(s Server, f env.Finding) env.Finding {
	last := ""
	for _, line := range s.Words {
		last = cmp.Or(line, last)
	}
	f.ID, f.Terminal = IDServerEnded, s.Failures >= loopAfter
	f.Summary = fmt.Sprintf("%s %s", s.Service, s.Exit)
	if s.Failures > 1 {
		f.Summary += fmt.Sprintf(", %d times in a row", s.Failures)
	}
	if last != "" {
		f.Summary += ": " + last
	}
	f.Advice = []string{"it is started again by itself, later each time", "see what it wrote: diorama logs " + s.Service}
	return f
}

// The findings of servers without a cluster.
const (
	IDServerPort  = "server-port-taken"
	IDServerDisk  = "server-disk-full"
	IDServerStart = "server-cannot-start"
	IDServerEnded = "server-ended"
)

// ServiceOf is the service that the server stands for; pid is 0 where none runs.
func ServiceOf(s Server, pid int, created time.Time) env.Service {
	v := env.Service{
		Stack: s.Stack, Name: s.Service, Kind: "Server", Desired: 1, Restarts: s.Restarts, Created: created,
		Waiting: s.Waiting, Why: OfServer(s), Phase: env.PhaseStarting,
	}
	if pid != 0 {
		v.Pods = []string{fmt.Sprintf("pid %d", pid)}
	}
	switch {
	case s.Ready:
		v.Phase, v.Ready = env.PhaseReady, 1
	case len(v.Why) > 0 && v.Why[0].Terminal:
		v.Phase = env.PhaseFailed
	case s.WasReady:
		v.Phase = env.PhaseDegraded
	}
	if v.Why == nil {
		v.Why = []env.Finding{}
	}
	return v
}
