package diagnose

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	f := ofServer(s)
	f.Service, f.Since, f.Evidence = s.Service, s.Since, each(s.Words, clean)
	f.known = map[string]string{"service": s.Service}
	return []env.Finding{f.finished().Finding}
}

// ofServer begins the finding about a server that is not well.
func ofServer(s Server) found {
	subject := "server/" + s.Service
	taken, isTaken := errors.AsType[*PortTakenError](s.Err)
	switch {
	case isTaken:
		f := begin(serverPortDoc(), subject)
		f.Terminal, f.Summary = true, clean(taken.Error())
		return f
	case errors.Is(s.Err, syscall.ENOSPC) || slices.ContainsFunc(s.Words, saysFull):
		f := begin(serverDiskDoc(), subject)
		f.Terminal, f.Summary = true, "there is no room left on the disk that holds its data"
		return f
	case s.Err != nil:
		f := begin(serverStartDoc(), subject)
		f.Terminal, f.Summary = true, clean(s.Err.Error())
		return f
	}
	f := begin(serverEndedDoc(), subject)
	f.Terminal, f.Summary = s.Failures >= loopAfter, s.Exit
	if s.Failures > 1 {
		f.Summary += fmt.Sprintf(", %d times in a row", s.Failures)
	}
	last := ""
	for _, line := range s.Words {
		last = cmp.Or(clean(line), last)
	}
	if last != "" {
		f.Summary += ": " + last
	}
	return f
}

// saysFull reports whether a server says that its disk is full (errno(3)).
func saysFull(line string) bool {
	return strings.Contains(strings.ToLower(line), "no space left on device")
}

func each(lines []string, f func(string) string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = f(line)
	}
	return out
}

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
