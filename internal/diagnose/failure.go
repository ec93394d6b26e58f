package diagnose

import (
	"net"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/diorama-dev/diorama/internal/env"
)

// hostTrouble is a trouble of the host, told by the words of an error.
type hostTrouble struct {
	doc RuleDoc
	// all of these, each one of several words, are in the error, in lower case.
	words   [][]string
	subject string
	says    string
}

// hostTroubles are tried in order; words are those of the Docker client and
// engine, and of the kernel.
func hostTroubles() []hostTrouble {
	return []hostTrouble{
		{
			dockerNotPermittedDoc(), [][]string{{"docker"}, {"permission denied", "access is denied"}},
			"host/docker", "Docker runs, but this user may not use it",
		},
		{
			dockerNotRunningDoc(), [][]string{{"docker"}, {
				"cannot connect", "is the docker daemon running", "connection refused",
				"docker.sock: no such file", "connect: no such file", "error during connect", "executable file not found", "no docker",
			}},
			"host/docker", "Docker does not answer",
		},
		{
			portDoc(), [][]string{{"port is already allocated", "address already in use", "ports are not available", "eaddrinuse", "only one usage of each socket address"}},
			"host/port", "a port of this machine is taken",
		},
		{
			inotifyDoc(), [][]string{{"too many open files", "inotify"}},
			"host/inotify", "the host's inotify limit is used up",
		},
		{diskFullDoc(), [][]string{{"no space left on device"}}, "host/disk", "the disk is full"},
		{
			rateLimitedCause().doc, [][]string{{"toomanyrequests", "too many requests"}},
			"host/registry", "the registry refuses: too many pulls",
		},
	}
}

// ExplainError tells what is known of an error of the host's programs: Docker
// not running or not permitted, a port taken, a disk full, a limit used up. An
// error that says none of these has no findings. All are terminal: whatever
// met the error has ended.
func ExplainError(err error) []env.Finding {
	if err == nil {
		return nil
	}
	text := strings.ToLower(err.Error())
	for _, trouble := range hostTroubles() {
		missing := slices.ContainsFunc(trouble.words, func(words []string) bool { return !containsAny(text, words...) })
		if missing {
			continue
		}
		f := begin(trouble.doc, trouble.subject)
		f.known = map[string]string{"machine": "this machine"}
		f.Summary, f.Evidence, f.Terminal = trouble.says, []string{clean(err.Error())}, true
		return []env.Finding{f.finished().Finding}
	}
	return nil
}

// creationFailure is the newest event of Pods of the workload being refused.
func (f *facts) creationFailure(w *workload) (corev1.Event, bool) {
	var newest corev1.Event
	ok := false
	for key, events := range f.events {
		kind, name := key.kind, key.name
		if kind == "ReplicaSet" {
			kind = "Deployment"
			if at := strings.LastIndexByte(name, '-'); at >= 0 {
				name = name[:at]
			}
		}
		if kind != w.kind || name != w.name || key.namespace != w.namespace {
			continue
		}
		for _, event := range events {
			if event.Reason == "FailedCreate" && !eventTime(event).Before(eventTime(newest)) {
				newest, ok = event, true
			}
		}
	}
	return newest, ok
}

// hostOf is the host of a host:port; empty where there is none.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	return host
}
