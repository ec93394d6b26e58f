package imitation

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kfake"
)

// ledger takes what the broker logs, and stops it where it says that it could
// not write something down: kfake would go on and acknowledge what is nowhere,
// such as a group's offsets on a full disk. As a real broker without its disk,
// ours ends, and what it was doing is never answered.
type ledger struct {
	out    io.Writer
	failed chan error // holds the first failure
	armed  atomic.Bool
}

func newLedger(out io.Writer) *ledger { return &ledger{out: out, failed: make(chan error, 1)} }

// Logf is called by the broker's own goroutine, before it answers.
func (l *ledger) Logf(level kfake.LogLevel, format string, args ...any) {
	if level > kfake.LogLevelWarn {
		return
	}
	message := fmt.Sprintf(format, args...)
	fmt.Fprintf(l.out, "[%s] %s\n", level, message)
	if !unwritten(format) {
		return
	}
	select {
	case l.failed <- fmt.Errorf("the imitation of kafka cannot write down what it was told: %s", message):
	default: // one is enough
	}
	if l.armed.Load() {
		select {} // to the end of the process
	}
}

// unwritten reports whether a message of kfake's is about something that it
// could not write.
func unwritten(format string) bool {
	for _, about := range []string{"persist ", "endTx: failed to persist", "rebuildSegments ", "compact groups.log: write", "compact pids.log"} {
		if strings.HasPrefix(format, about) {
			return true
		}
	}
	return false
}

// failure is the first that there was, else nil.
func (l *ledger) failure() error {
	select {
	case err := <-l.failed:
		return err
	default:
		return nil
	}
}
