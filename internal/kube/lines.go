package kube

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/diorama-dev/diorama/internal/diagnose"
)

const (
	lastLines    = 20        // kept of each container that ended badly
	lastLinesMax = 64 * 1024 // bytes read for them
	lineTimeout  = 5 * time.Second
)

// lineKeeper fetches the last log lines of containers that ended badly, once
// per run of a container, beside the observing.
type lineKeeper struct {
	client  *Client
	arrived chan struct{} // of capacity 1: new lines are held

	mu   sync.Mutex
	runs map[containerRun]diagnose.ContainerLines
}

// containerRun is one run of a container.
type containerRun struct {
	pod       types.UID
	container string
	restarts  int32
	ended     bool // the current run has ended; else the one before it has
}

func newLineKeeper(c *Client) *lineKeeper {
	return &lineKeeper{client: c, arrived: make(chan struct{}, 1), runs: map[containerRun]diagnose.ContainerLines{}}
}

// held are the lines known so far.
func (k *lineKeeper) held() []diagnose.ContainerLines {
	k.mu.Lock()
	defer k.mu.Unlock()
	var out []diagnose.ContainerLines
	for _, lines := range k.runs {
		if len(lines.Lines) > 0 {
			out = append(out, lines)
		}
	}
	return out
}

// want starts fetching what the observation lacks and forgets what it no
// longer mentions.
func (k *lineKeeper) want(ctx context.Context, o diagnose.Observation) {
	wanted := map[containerRun]diagnose.ContainerLines{}
	for _, pod := range o.Pods {
		for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
			if endedBadly(status, o.Time) {
				run := containerRun{pod.UID, status.Name, status.RestartCount, status.State.Terminated != nil}
				wanted[run] = diagnose.ContainerLines{
					Pod:       diagnose.PodKey{Namespace: pod.Namespace, Name: pod.Name},
					Container: status.Name,
				}
			}
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	known := map[diagnose.PodKey]map[string][]string{}
	for run, lines := range k.runs {
		if _, ok := wanted[run]; !ok {
			if known[lines.Pod] == nil {
				known[lines.Pod] = map[string][]string{}
			}
			known[lines.Pod][lines.Container] = lines.Lines
			delete(k.runs, run)
		}
	}
	for run, lines := range wanted {
		if _, ok := k.runs[run]; !ok {
			// Until they are fetched, those of the run before stand for them.
			lines.Lines = known[lines.Pod][lines.Container]
			k.runs[run] = lines
			go k.fetch(ctx, run, lines)
		}
	}
}

func endedBadly(status corev1.ContainerStatus, now time.Time) bool {
	if ended := status.State.Terminated; ended != nil {
		return ended.ExitCode != 0
	}
	last := status.LastTerminationState.Terminated
	return last != nil && last.ExitCode != 0 && (!status.Ready || diagnose.Relapsing(status, now))
}

func (k *lineKeeper) fetch(ctx context.Context, run containerRun, lines diagnose.ContainerLines) {
	ctx, cancel := context.WithTimeout(ctx, lineTimeout)
	defer cancel()
	stream, err := k.client.Logs(ctx, lines.Pod, LogOptions{
		Container: lines.Container, Previous: !run.ended, Once: true, Tail: lastLines,
	})
	if err != nil {
		if ctx.Err() != nil { // asked again once there is a connection
			k.mu.Lock()
			delete(k.runs, run)
			k.mu.Unlock()
		}
		return // else the container was removed meanwhile: a finding without lines
	}
	defer func() { _ = stream.Close() }()
	lines.Lines = readLines(stream)
	k.mu.Lock()
	if _, ok := k.runs[run]; ok {
		k.runs[run] = lines
	}
	k.mu.Unlock()
	select {
	case k.arrived <- struct{}{}:
	default:
	}
}

// readLines reads the last lines without the time that stands before each.
func readLines(stream io.Reader) []string {
	var out []string
	scanner := bufio.NewScanner(io.LimitReader(stream, lastLinesMax))
	scanner.Buffer(nil, lastLinesMax)
	for scanner.Scan() {
		_, message, found := strings.Cut(scanner.Text(), " ")
		if !found {
			message = ""
		}
		out = append(out, strings.ToValidUTF8(message, "�"))
	}
	if len(out) > lastLines {
		out = out[len(out)-lastLines:]
	}
	return out
}
