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
	advice  []string
}

// hostTroubles are tried in order; words are those of the Docker client and
// engine, and of the kernel.
func hostTroubles() []hostTrouble { return append(dockerTroubles(), limitTroubles()...) }

func dockerTroubles() []hostTrouble {
	return []hostTrouble{
		{
			doc: RuleDoc{
				"docker-not-permitted", "Docker not permitted",
				"Docker runs, but this user may not use its socket.",
				"Join the group docker (sudo usermod -aG docker $USER, then log in again), or use rootless Docker.",
			},
			words:   [][]string{{"docker"}, {"permission denied", "access is denied"}},
			subject: "host/docker", says: "Docker runs, but this user may not use it",
			advice: []string{"sudo usermod -aG docker $USER, then log in again", "or use rootless Docker: dockerd-rootless-setuptool.sh install"},
		},
		{
			doc: RuleDoc{
				"docker-not-running", "Docker not running",
				"No Docker engine answers at the address that is set.",
				"Start Docker Desktop, or sudo systemctl start docker; check DOCKER_HOST and `docker context ls`.",
			},
			words: [][]string{{"docker"}, {
				"cannot connect", "is the docker daemon running", "connection refused",
				"docker.sock: no such file", "connect: no such file", "error during connect", "executable file not found", "no docker",
			}},
			subject: "host/docker", says: "Docker does not answer",
			advice: []string{"start Docker Desktop, or: sudo systemctl start docker", "check DOCKER_HOST and: docker context ls"},
		},
	}
}

func limitTroubles() []hostTrouble {
	return []hostTrouble{
		{
			doc: RuleDoc{
				"port-in-use", "Port in use",
				"A port that is wanted is held by another process, container or Pod.",
				"Stop its holder, or choose another port, for example with `ports:` in the profile.",
			},
			words:   [][]string{{"port is already allocated", "address already in use", "ports are not available", "eaddrinuse", "only one usage of each socket address"}},
			subject: "host/port", says: "a port of this machine is taken",
			advice: []string{"diorama doctor names the process that holds it", "choose another port: ports in the profile"},
		},
		{
			doc: RuleDoc{
				"inotify-limit", "Too many open files",
				"A process got no more files or inotify watches.",
				"Raise it: sudo sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288.",
			},
			words:   [][]string{{"too many open files", "inotify"}},
			subject: "host/inotify", says: "the host's inotify limit is used up", advice: inotifyAdvice(),
		},
		{
			doc:     RuleDoc{ID: "disk-full"},
			words:   [][]string{{"no space left on device"}},
			subject: "host/disk", says: "the disk is full",
			advice: []string{"docker system df, then docker system prune", "give Docker's machine a bigger disk"},
		},
		{
			doc:     RuleDoc{ID: "image-rate-limited"},
			words:   [][]string{{"toomanyrequests", "too many requests"}},
			subject: "host/registry", says: "the registry refuses: too many pulls",
			advice: []string{"docker login, then run up again", "name a mirror in a file given with --images"},
		},
	}
}

// errorDocs document what only errors tell.
func errorDocs() []RuleDoc {
	var out []RuleDoc
	for _, trouble := range hostTroubles() {
		if strings.HasPrefix(trouble.doc.ID, "docker-") {
			out = append(out, trouble.doc)
		}
	}
	return out
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
		return []env.Finding{{
			ID: trouble.doc.ID, Subject: trouble.subject,
			Summary:  trouble.says + " · try: " + trouble.advice[0],
			Evidence: []string{clean(err.Error())},
			Advice:   trouble.advice,
			Terminal: true,
		}}
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
