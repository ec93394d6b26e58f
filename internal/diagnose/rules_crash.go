package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

const (
	crashTerminal  = 5                // restarts after which a crash loop is given up
	memoryTerminal = 3                // kills for memory after which it is given up
	recentKill     = 10 * time.Minute // how long a kill is told of a container that is ready again
	evidenceLines  = 10
)

// lastEnd is how the container's last run ended; nil when it has not, or well.
func (c containerFacts) lastEnd() *corev1.ContainerStateTerminated {
	if ended := c.status.State.Terminated; ended != nil {
		return ended
	}
	return c.status.LastTerminationState.Terminated
}

func endedBadly(end *corev1.ContainerStateTerminated) bool {
	return end != nil && (end.ExitCode != 0 || end.Reason == "OOMKilled")
}

// Relapsing reports whether a container has only just begun again after a short
// run that ended badly: it may run and end so for ever. Of a container that the
// node had lost nobody knows how long it ran; and a clock that is far from the
// node's tells nothing.
func Relapsing(status corev1.ContainerStatus, now time.Time) bool {
	run, end := status.State.Running, status.LastTerminationState.Terminated
	if run == nil || !endedBadly(end) || end.StartedAt.IsZero() || end.FinishedAt.IsZero() {
		return false
	}
	return end.FinishedAt.Sub(end.StartedAt.Time) < readyFor && now.Sub(run.StartedAt.Time).Abs() < readyFor
}

// relapsing is the same of one whose readiness says nothing of how it is: a
// container without a probe is called ready while it runs.
func (c containerFacts) relapsing() bool {
	return c.spec.ReadinessProbe == nil && !c.init && Relapsing(c.status, c.now)
}

// well reports whether the container is ready, and that means something.
func (c containerFacts) well() bool { return c.status.Ready && !c.relapsing() }

// crashed reports whether the container ended badly and is not well now.
func (c containerFacts) crashed() bool {
	if !endedBadly(c.lastEnd()) {
		return false
	}
	if c.status.State.Terminated != nil || c.status.State.Waiting != nil {
		return true
	}
	return !c.well() && !(c.status.Started != nil && *c.status.Started && c.init)
}

// runs is how often the container has ended.
func (c containerFacts) runs() int {
	n := max(0, int(c.status.RestartCount))
	if c.status.State.Terminated != nil {
		n++
	}
	return max(1, n)
}

// givenUp reports whether a restart will not follow, or has not helped often
// enough. One that has just begun is given its time.
func (c containerFacts) givenUp(after int) bool {
	if c.pod.owner != nil && c.pod.owner.failed {
		return true
	}
	return c.runs() >= after && !c.relapsing()
}

// lastWords are the container's last lines, as evidence.
func (c containerFacts) lastWords() []string {
	var out []string
	for _, line := range cleanLines(c.lines, evidenceLines) {
		out = append(out, "log: "+line)
	}
	return out
}

// exitText says how a run ended.
func exitText(end *corev1.ContainerStateTerminated) string {
	switch end.ExitCode {
	case 126:
		return "exit 126, its command cannot be executed"
	case 127:
		return "exit 127, its command was not found"
	case 134:
		return "exit 134, it aborted"
	case 137:
		return "exit 137, it was killed"
	case 139:
		return "exit 139, a segmentation fault"
	case 143:
		return "exit 143, it was asked to stop"
	default:
		return fmt.Sprintf("exit %d", end.ExitCode)
	}
}

func memoryRule() rule {
	return rule{
		docs: []RuleDoc{memoryDoc()},
		find: func(f *facts) []found {
			var out []found
			f.eachContainer(func(c containerFacts) {
				end := c.lastEnd()
				if end == nil || end.Reason != "OOMKilled" ||
					c.well() && f.Time.Sub(end.FinishedAt.Time) > recentKill {
					return
				}
				out = append(out, memoryFinding(f, c, end))
			})
			return out
		},
	}
}

func memoryFinding(f *facts, c containerFacts, end *corev1.ContainerStateTerminated) found {
	finding := ofContainer(c, memoryDoc())
	finding.Since = end.FinishedAt.Time
	finding.Terminal = !c.well() && c.givenUp(memoryTerminal)
	limit := c.spec.Resources.Limits.Memory().Value()
	finding.Summary = fmt.Sprintf("killed %s for using more than the node's memory, last %s",
		times(c.runs()), ago(f.Time, end.FinishedAt.Time))
	if limit > 0 {
		finding.known["parameter"], finding.known["amount"] = c.pod.parameter("memory"), bytesText(2*limit)
		finding.Summary = fmt.Sprintf("killed %s for using more than %s of memory, last %s",
			times(c.runs()), bytesText(limit), ago(f.Time, end.FinishedAt.Time))
		finding.Evidence = append(finding.Evidence, fmt.Sprintf("container %s: memory limit %s", clean(c.status.Name), bytesText(limit)))
	}
	finding.Evidence = append(finding.Evidence, fmt.Sprintf("last run: OOMKilled, exit %d, after %s",
		end.ExitCode, end.FinishedAt.Sub(end.StartedAt.Time).Round(time.Second)))
	finding.Evidence = append(finding.Evidence, c.lastWords()...)
	return finding
}

// parameter is how a profile calls a parameter of the Pod's stack.
func (p *podFacts) parameter(name string) string {
	if stack := clean(p.stack()); stack != "" {
		return stack + "." + name
	}
	return name
}

func architectureRule() rule {
	return rule{
		docs: []RuleDoc{architectureDoc()},
		find: func(f *facts) []found {
			return f.crashes(architectureDoc(), func(c containerFacts, text string) string {
				if !strings.Contains(text, "exec format error") {
					return ""
				}
				return fmt.Sprintf("image %s is built for another architecture than the node's", clean(c.spec.Image))
			})
		},
	}
}

func (f *facts) architecture(node string) string {
	for _, n := range f.Nodes {
		if n.Name == node && n.Status.NodeInfo.Architecture != "" {
			return clean(n.Status.NodeInfo.Architecture)
		}
	}
	return "this machine"
}

func startRule() rule {
	return rule{
		docs: []RuleDoc{startDoc()},
		find: func(f *facts) []found {
			return f.crashes(startDoc(), func(c containerFacts, text string) string {
				end, waiting := c.lastEnd(), c.status.State.Waiting
				refused := end != nil && (end.Reason == "StartError" || end.Reason == "ContainerCannotRun")
				if waiting != nil && slices.Contains([]string{"RunContainerError", "CreateContainerError"}, waiting.Reason) {
					refused = true
				}
				if !refused {
					return ""
				}
				return "its command cannot be started: " + startCause(text)
			})
		},
	}
}

// startCause is the telling end of a runtime's long message.
func startCause(text string) string {
	for _, phrase := range []string{"executable file not found in $path", "no such file or directory", "permission denied", "is a directory", "not a directory"} {
		if strings.Contains(text, phrase) {
			return phrase
		}
	}
	if i := strings.LastIndex(text, ": "); i >= 0 {
		text = text[i+2:]
	}
	return clean(text)
}

// crashes makes findings of containers that ended badly or cannot start and
// that tell accepts: it gets what the runtime and the container said, in lower
// case, and returns a sentence, or nothing where it is another's case. What
// cannot start at all is terminal at once.
func (f *facts) crashes(doc RuleDoc, tell func(c containerFacts, text string) string) []found {
	var out []found
	f.eachContainer(func(c containerFacts) {
		end, waiting := c.lastEnd(), c.status.State.Waiting
		if !c.crashed() && waiting == nil {
			return
		}
		var text []string
		if end != nil {
			text = append(text, end.Message)
		}
		if waiting != nil {
			text = append(text, waiting.Message)
		}
		said := strings.Join(append(text, c.lines...), "\n")
		sentence := tell(c, strings.ToLower(said))
		if sentence == "" {
			return
		}
		finding := ofContainer(c, doc)
		finding.Since = c.pod.CreationTimestamp.Time
		finding.Terminal = !c.relapsing()
		finding.Summary = sentence
		finding.known["architecture"] = f.architecture(c.pod.Spec.NodeName)
		for _, t := range text {
			if t = clean(t); t != "" {
				finding.Evidence = append(finding.Evidence, fmt.Sprintf("container %s: %s", clean(c.status.Name), t))
			}
		}
		finding.Evidence = append(finding.Evidence, c.lastWords()...)
		out = append(out, finding)
	})
	return out
}
