//go:build e2e

package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// numbered are services that write numbered lines. Each run of a container has
// a name of its own and counts from 1: "w NAME NUMBER END", the end by which a
// line is known to be whole. Writers write in bursts, end now and then and are
// started again; the flood writes so much that the kubelet rotates its file.
// All stop when Redis tells them to.
const numbered = `services:
  writer:
    image: redis:8.10.1-alpine
    environment: {URL: "${REDIS_URL}"}
    deploy: {replicas: WRITERS}
    command:
      - sh
      - -c
      - |
        r=$$(cat /proc/sys/kernel/random/uuid); n=0
        while [ $$n -lt 10000 ]; do
          awk -v r=$$r -v n=$$n 'BEGIN { for (i = 1; i <= 500; i++) print "w", r, n + i, "end" }'
          n=$$((n+500))
          [ "$$(redis-cli -u $$URL get stop 2>/dev/null)" = yes ] && exec sleep 100000
          sleep 2
        done
  flood:
    image: redis:8.10.1-alpine
    environment: {URL: "${REDIS_URL}"}
    command:
      - sh
      - -c
      - |
        r=$$(cat /proc/sys/kernel/random/uuid); n=0; pad=$$(printf %01000d 0)
        while true; do
          if [ $$n -lt 100000 ]; then awk -v r=$$r -v n=$$n -v p=$$pad 'BEGIN { for (i = 1; i <= 2000; i++) print "w", r, n + i, p }'; n=$$((n+2000)); fi
          [ "$$(redis-cli -u $$URL get stop 2>/dev/null)" = yes ] && exec sleep 100000
          sleep 0.2
        done
`

// runs are how far each run of a container has counted.
type runs map[string]int

// onNode asks the node's files. A line that is cut in two is one there too: its
// rest is in the next file of the same run.
func onNode(t *testing.T) (runs, error) {
	t.Helper()
	out, err := try(t, nil, "docker", "exec", "diorama-lines-control-plane", "sh", "-c", `cd /var/log/pods
		for run in diorama_writer*/*/ diorama_flood*/*/; do
			for f in "$run"*.log.* "$run"*.log; do
				n=${f##*/}; echo "file $run${n%%.*}"
				case $f in *.gz) zcat "$f" ;; *.tmp) ;; *) cat "$f" ;; esac
			done
		done 2>/dev/null | awk '
			function whole() { return $1 == "w" && NF == 4 && ($4 == "end" || length($4) == 1000) }
			$1 == "file" { run = $2; next }
			{
				sub(/^[^ ]+ [^ ]+ [FP] ?/, "")
				if (!whole()) $0 = head[run] $0
				head[run] = whole() || length($0) > 1100 ? "" : $0
				if (whole() && $3 + 0 > last[$2]) last[$2] = $3 + 0
			}
			END { for (r in last) print r, last[r] }'`)
	if err != nil {
		return nil, err
	}
	return parseRuns(t, out), nil
}

func parseRuns(t *testing.T, out string) runs {
	t.Helper()
	all := make(runs)
	for line := range strings.Lines(out) {
		name, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Fatalf("a run that is %q", line)
		}
		all[name] = n
	}
	return all
}

// inStore reads all numbered lines of the store, and fails where one run's are
// not every number once and in order. The error is that a line is half there.
func inStore(t *testing.T, w *world) (runs, error) {
	t.Helper()
	cmd := w.command("logs", "writer", "flood", "--tail", "-1", "-o", "json", "--name", "lines")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := counting{runs: make(runs), heads: make(map[string]string)}
	for lines := json.NewDecoder(out); lines.More(); {
		var l struct{ Pod, Message string }
		if err := lines.Decode(&l); err != nil {
			t.Fatal(err)
		}
		c.line(l.Pod, l.Message)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, wrong := range c.wrong {
		if i < 10 {
			t.Error(wrong)
		}
	}
	for pod, head := range c.heads {
		return c.runs, fmt.Errorf("of %s there is half a line: %q", pod, head)
	}
	return c.runs, nil
}

// caughtUp compares the store with the node's files.
func caughtUp(node, store runs) error {
	for name, n := range node {
		if store[name] != n {
			return fmt.Errorf("run %s has %d lines in its files and %d in the store", name, n, store[name])
		}
	}
	return nil
}

// TestLogsNothingLost has thirteen containers (or DIORAMA_E2E_WRITERS and one) write numbered lines, in bursts
// and more than a file may hold, while containers end and are started again,
// the node is killed, and the keeper is killed twice. Every line is in the
// store once, in the order of its container.
func TestLogsNothingLost(t *testing.T) {
	w := newWorld(t)
	writers := os.Getenv("DIORAMA_E2E_WRITERS")
	w.file("compose.yaml", strings.Replace(numbered, "WRITERS", cmp.Or(writers, "12"), 1))
	w.must("up", w.file("lines.yaml", "name: lines\nstacks: [redis]\napps: [./compose.yaml]\n"))
	rotated := func() error {
		const list = "ls /var/log/pods/diorama_flood*/*/*.log.* 2>/dev/null"
		_, err := try(t, nil, "docker", "exec", "diorama-lines-control-plane", "sh", "-c", list)
		return err
	}
	eventually(t, "a file that the kubelet has rotated", rotated)
	killKeeper(t, w, "lines")
	w.status("lines")

	before, err := onNode(t)
	if err != nil {
		t.Fatal(err)
	}
	endNode(t, "kill", "diorama-lines-control-plane")
	docker(t, "start", "diorama-lines-control-plane")
	eventually(t, "containers that are started again", func() error {
		now, err := onNode(t)
		fresh := 0
		for name := range now {
			if _, old := before[name]; !old { // whose files go away as new ones come
				fresh++
			}
		}
		if err == nil && fresh < 10 {
			err = fmt.Errorf("%d runs that were not there before, want 10", fresh)
		}
		return err
	})
	killKeeper(t, w, "lines")
	w.status("lines")
	options, err := redis.ParseURL(w.vars("lines")["REDIS_URL"])
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	eventually(t, "the order to stop", func() error { return client.Set(t.Context(), "stop", "yes", 0).Err() })
	var node, store runs
	eventually(t, "all lines in the store", func() (err error) {
		if node, err = onNode(t); err != nil {
			return err
		}
		if store, err = inStore(t, w); err != nil {
			return err
		}
		return caughtUp(node, store)
	})
	total := 0
	for _, n := range store {
		total += n
	}
	t.Logf("%d lines of %d runs, %d of them still on the node", total, len(store), len(node))
	log, err := os.ReadFile(filepath.Join(w.state, "lines", "keeper.log"))
	if err != nil || strings.Contains(string(log), "followed through") {
		t.Errorf("the files were not read: %v\n%s", err, log)
	}
}
