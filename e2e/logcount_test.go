//go:build e2e

package e2e

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/logs"
)

// counting goes through numbered lines in the order of their containers.
//
// A line may come in two. Where the kubelet rotates a file, containerd ends the
// line that it is reading in the old file, wherever that is, and goes on with
// it in the new one; and where a container is killed, the line that it was
// writing has no rest.
type counting struct {
	runs  runs
	heads map[string]string // by Pod: what came of a line that is not whole
	wrong []string
}

// begun is what a line may have come to where its rest never comes.
var begun = regexp.MustCompile(`^w( [0-9a-f-]*( [0-9]*( (0*|en?))?)?)?$`)

// line counts one line of the store.
func (c *counting) line(pod, message string) {
	head := c.heads[pod]
	delete(c.heads, pod)
	run, n, whole := numberOf(message)
	if whole && head != "" && (n != 1 || !begun.MatchString(head)) {
		c.say("of %s there is %q before line %d of run %s", pod, head, n, run)
	}
	if !whole {
		message = head + strings.Trim(message, logs.CutMark)
		run, n, whole = numberOf(message)
	}
	switch {
	case whole && n != c.runs[run]+1:
		c.say("run %s of %s goes on with %d after %d", run, pod, n, c.runs[run])
		c.runs[run] = n
	case whole:
		c.runs[run] = n
	case len(message) > 1100: // longer than any line
		c.say("of %s: %q", pod, message)
	case message != "":
		c.heads[pod] = message
	}
}

func (c *counting) say(format string, values ...any) {
	c.wrong = append(c.wrong, fmt.Sprintf(format, values...))
}

// numberOf takes a line apart; it is whole where it has its end.
func numberOf(message string) (run string, n int, whole bool) {
	words := strings.Split(message, " ")
	if len(words) != 4 || words[0] != "w" {
		return "", 0, false
	}
	n, err := strconv.Atoi(words[2])
	padded := len(words[3]) == 1000 && strings.Trim(words[3], "0") == ""
	return words[1], n, err == nil && (padded || words[3] == "end")
}
