//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// fiftyPods write 40,000 lines each and stay.
const fiftyPods = `services:
  writer:
    image: redis:8.10.1-alpine
    deploy: {replicas: 50}
    command:
      - sh
      - -c
      - |
        awk 'BEGIN { srand(); for (i = 1; i <= 40000; i++) printf "{\"time\":\"2026-11-27T08:%02d:%02d.%03dZ\",\"level\":\"%s\",\"msg\":\"inference completed\",\"model\":\"resnet50\",\"latency_ms\":%d,\"trace\":\"%08x%08x\",\"n\":%d}\n", i/60%60, i%60, i%1000, (i%50==0?"warn":"info"), rand()*900, rand()*4294967295, rand()*4294967295, i }'
        exec sleep 100000
`

const fiftyPodsLines = 50 * 40000

// BenchmarkLogsIntoStore measures how long two million lines of fifty Pods take
// from their files on the node into the store of a keeper that begins anew, and
// what the keeper's process takes for it.
func BenchmarkLogsIntoStore(b *testing.B) {
	w := newBenchWorld(b)
	w.file("compose.yaml", fiftyPods)
	w.must("up", w.file("fifty.yaml", "name: fifty\napps: [./compose.yaml]\n"), "-q")
	all := func() error {
		if n := storedLines(b, w, "fifty"); n < fiftyPodsLines {
			return fmt.Errorf("%d lines", n)
		}
		return nil
	}
	eventually(b, "all lines written", all)
	raw, err := strconv.ParseInt(docker(b, "exec", "diorama-fifty-control-plane", "sh", "-c", "cat /var/log/pods/diorama_writer*/*/* | wc -c"), 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	killKeeper(b, w, "fifty")
	if err := os.RemoveAll(filepath.Join(w.state, "fifty", "logs")); err != nil {
		b.Fatal(err)
	}
	w.must("status", "--name", "fifty", "-o", "json")
	began := time.Now()
	from := storedLines(b, w, "fifty")
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for storedLines(b, w, "fifty") < fiftyPodsLines {
		<-look.C
	}
	took := time.Since(began)
	pid := keeperPID(b, w, "fifty")
	b.ReportMetric(float64(fiftyPodsLines-from)/took.Seconds(), "lines/s")
	b.ReportMetric(memory(b, pid, "VmHWM"), "MB-most")
	b.ReportMetric(memory(b, pid, "RssAnon"), "MB-own")
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')'):]))
	user, _ := strconv.ParseFloat(fields[12], 64)
	system, _ := strconv.ParseFloat(fields[13], 64)
	b.ReportMetric((user+system)/100/(fiftyPodsLines/1e6), "CPU-s/million")
	var disk int64
	eventually(b, "compressed segments", func() error {
		before := disk
		disk = 0
		files, err := filepath.Glob(filepath.Join(w.state, "fifty", "logs", "*.log"))
		if err != nil {
			return err
		}
		for _, file := range files {
			info, err := os.Stat(file)
			if err != nil {
				return err
			}
			disk += info.Size()
		}
		if disk != before {
			return fmt.Errorf("%d bytes, then %d", before, disk)
		}
		return nil
	})
	b.ReportMetric(100*float64(disk)/float64(raw), "%-of-raw")
}

// storedLines asks the keeper how many lines its store holds.
func storedLines(b *testing.B, w *world, name string) int {
	b.Helper()
	socket := filepath.Join(w.state, name, "keeper.sock")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	response, err := client.Get("http://keeper/v1/snapshot")
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	var snapshot struct{ Logs struct{ Lines int } }
	if err := json.NewDecoder(response.Body).Decode(&snapshot); err != nil {
		b.Fatal(err)
	}
	return snapshot.Logs.Lines
}

// memory is a line of a process's status, in MB.
func memory(b *testing.B, pid int, name string) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, name+":"); found {
			kilobytes, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			return kilobytes / 1024
		}
	}
	b.Fatalf("the status of process %d has no %s", pid, name)
	return 0
}
