package diagnose

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

func inotifyRule() rule {
	return rule{
		docs: []RuleDoc{{
			"inotify-limit", "Too many open files",
			"A process got no more files or inotify watches. In a local cluster that is nearly always the host's limit on inotify instances, which all nodes share.",
			"Raise it: sudo sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288.",
		}},
		find: func(f *facts) []found {
			out := f.crashes("inotify-limit", func(_ containerFacts, text string) (string, []string) {
				if !saysInotify(text) {
					return "", nil
				}
				return "it got no more open files: the host's inotify limit is used up", inotifyAdvice()
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

func inotifyAdvice() []string {
	return []string{
		"sudo sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288",
		"stop other clusters and file watchers of this machine",
	}
}

func boundPortRule() rule {
	return rule{
		docs: []RuleDoc{{
			"port-in-use", "Port in use",
			"A port that is wanted is held by another process, container or Pod.",
			"Stop its holder, or choose another port, for example with `ports:` in the profile.",
		}},
		find: func(f *facts) []found {
			out := f.crashes("port-in-use", func(c containerFacts, text string) (string, []string) {
				if !containsAny(text, "address already in use", "address in use", "eaddrinuse") {
					return "", nil
				}
				if c.pod.Spec.HostNetwork {
					return "a port that it listens on is taken on its node", []string{"stop what holds the port, or choose another one"}
				}
				return "a port that it listens on is taken inside its Pod", []string{"let the Pod's containers listen on different ports"}
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
		docs: []RuleDoc{{
			"liveness-probe-failing", "Restarted because a probe failed",
			"The container runs, but its liveness or startup probe fails, so Kubernetes kills and restarts it.",
			"Read the probe's answer and the last lines; give a slow start more time.",
		}},
		find: func(f *facts) []found {
			var out []found
			f.eachContainer(func(c containerFacts) {
				kill, ok := killedByProbe(c)
				if !ok || c.status.RestartCount == 0 || c.status.Ready {
					return
				}
				finding := ofContainer(c, "liveness-probe-failing")
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
				finding.Advice = []string{
					"diorama logs " + logTarget(c.pod) + ", around the restarts",
					"give it more time: a longer start_period of the healthcheck",
				}
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
		docs: []RuleDoc{{
			"crash-loop", "Crashes again and again",
			"The container starts and ends with an error; Kubernetes restarts it, each time later.",
			"Its last lines usually name the cause.",
		}},
		find: func(f *facts) []found {
			var out []found
			f.eachContainer(func(c containerFacts) {
				job := c.pod.owner != nil && c.pod.owner.kind == "Job"
				if !c.crashed() || job && c.pod.owner.failed {
					return
				}
				end := c.lastEnd()
				finding := ofContainer(c, "crash-loop")
				finding.Since = end.FinishedAt.Time
				finding.Terminal = !job && c.givenUp(crashTerminal)
				finding.Summary = fmt.Sprintf("crashed %s (%s), last %s", times(c.runs()), exitText(end), ago(f.Time, end.FinishedAt.Time))
				if lines := cleanLines(c.lines, 1); len(lines) > 0 {
					finding.Summary += ": " + lines[0]
				}
				finding.Evidence = append([]string{fmt.Sprintf("container %s: %s", clean(c.status.Name), exitText(end))}, c.lastWords()...)
				finding.Advice = []string{"diorama logs " + logTarget(c.pod)}
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
		docs: []RuleDoc{{
			"job-failed", "Job failed",
			"A Job's Pods ended with an error as often as it may try, or it took too long.",
			"Its last lines usually name the cause; `diorama up` tries it again once it was changed.",
		}},
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
	finding := found{owner: job, explains: job}
	finding.ID, finding.Subject, finding.Service = "job-failed", "job/"+clean(job.name), clean(job.service())
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
	finding.Advice = []string{"diorama logs " + clean(job.service())}
	return finding
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
