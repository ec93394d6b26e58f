package diagnose

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

func inotifyRule() rule {
	return rule{
		docs: []RuleDoc{inotifyDoc()},
		find: func(f *facts) []found {
			out := f.crashes(inotifyDoc(), func(_ containerFacts, text string) string {
				if !saysInotify(text) {
					return ""
				}
				return "it got no more open files: the host's inotify limit is used up"
			})
			for i := range out {
				out[i].Terminal = false // the limit may be raised, or others may end
			}
			return out
		},
	}
}

func saysInotify(text string) bool {
	return containsAny(text, "too many open files") ||
		containsAny(text, "inotify") && containsAny(text, "no space left on device", "limit")
}

func boundPortRule() rule {
	return rule{
		docs: []RuleDoc{portDoc()},
		find: func(f *facts) []found {
			out := f.crashes(portDoc(), func(c containerFacts, text string) string {
				switch {
				case !containsAny(text, "address already in use", "address in use", "eaddrinuse"):
					return ""
				case c.pod.Spec.HostNetwork:
					return "a port that it listens on is taken on its node"
				}
				return "a port that it listens on is taken inside its Pod"
			})
			for i := range out {
				out[i].Terminal = false
			}
			return out
		},
	}
}

func livenessRule() rule {
	return rule{
		docs: []RuleDoc{livenessDoc()},
		find: func(f *facts) []found {
			var out []found
			f.eachContainer(func(c containerFacts) {
				kill, ok := killedByProbe(c)
				if !ok || c.status.RestartCount == 0 || c.well() {
					return
				}
				finding := ofContainer(c, livenessDoc())
				finding.Since = firstSeen(kill)
				finding.Terminal = c.givenUp(crashTerminal)
				which := "liveness"
				if strings.Contains(kill.Message, "startup probe") {
					which = "startup"
				}
				finding.Summary = fmt.Sprintf("restarted %s because its %s probe failed", times(int(c.status.RestartCount)), which)
				answer, answered := probeFailure(c, which)
				if answered {
					finding.Summary += ": " + probeAnswer(answer.Message)
					finding.Evidence = append(finding.Evidence, eventLine(answer))
				}
				finding.Evidence = append(append(finding.Evidence, eventLine(kill)), c.lastWords()...)
				out = append(out, finding)
			})
			return out
		},
	}
}

func killedByProbe(c containerFacts) (corev1.Event, bool) {
	for _, event := range slices.Backward(c.pod.events) {
		if event.Reason == "Killing" && strings.Contains(event.Message, "probe, will be restarted") && c.concerns(event) {
			return event, true
		}
	}
	return corev1.Event{}, false
}

func crashRule() rule {
	return rule{
		docs: []RuleDoc{crashDoc()},
		find: func(f *facts) []found {
			var out []found
			f.eachContainer(func(c containerFacts) {
				job := c.pod.owner != nil && c.pod.owner.kind == "Job"
				if !c.crashed() || job && c.pod.owner.failed {
					return
				}
				end := c.lastEnd()
				finding := ofContainer(c, crashDoc())
				finding.Since = end.FinishedAt.Time
				finding.Terminal = !job && c.givenUp(crashTerminal)
				finding.Summary = fmt.Sprintf("crashed %s (%s), last %s", times(c.runs()), exitText(end), ago(f.Time, end.FinishedAt.Time))
				if lines := cleanLines(c.lines, 1); len(lines) > 0 {
					finding.Summary += ": " + lines[0]
				}
				finding.Evidence = append([]string{fmt.Sprintf("container %s: %s", clean(c.status.Name), exitText(end))}, c.lastWords()...)
				out = append(out, finding)
			})
			return out
		},
	}
}

func logTarget(pod *podFacts) string {
	if service := clean(pod.service()); service != "" {
		return service
	}
	return clean(pod.Name)
}

func jobRule() rule {
	return rule{
		docs: []RuleDoc{jobDoc()},
		find: func(f *facts) []found {
			var out []found
			for _, job := range f.workloads {
				if !job.failed {
					continue
				}
				out = append(out, jobFinding(job))
			}
			return out
		},
	}
}

func jobFinding(job *workload) found {
	finding := begin(jobDoc(), "job/"+clean(job.name))
	finding.owner, finding.explains, finding.Service = job, job, clean(job.service())
	finding.known = map[string]string{"service": finding.Service}
	finding.Terminal = true
	finding.Since = job.created
	finding.Summary = fmt.Sprintf("gave up after %s", plural(len(job.pods), "attempt"))
	for _, pod := range job.pods {
		for _, c := range pod.containers {
			end := c.lastEnd()
			if end == nil || end.ExitCode == 0 || end.FinishedAt.Time.Before(finding.Since) {
				continue
			}
			finding.Since = end.FinishedAt.Time
			finding.Evidence = append([]string{fmt.Sprintf("%s: %s", pod.subject(), exitText(end))}, c.lastWords()...)
			finding.Summary = fmt.Sprintf("gave up after %s (%s)", plural(len(job.pods), "attempt"), exitText(end))
			if lines := cleanLines(c.lines, 1); len(lines) > 0 {
				finding.Summary += ": " + lines[0]
			}
		}
	}
	return finding
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
