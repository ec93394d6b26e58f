package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/terminal"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// recorded is the event list of an `up` that ends badly.
func recorded(t *testing.T) []env.Event {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "streaming.events.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var events []env.Event
	for line := range bytes.Lines(data) {
		var e env.Event
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		events = append(events, e)
	}
	return events
}

// fold returns the snapshot after each event.
func fold(events []env.Event) []env.Snapshot {
	var s env.Snapshot
	var all []env.Snapshot
	for _, e := range events {
		s = s.With(e)
		all = append(all, s)
	}
	return all
}

// TestOneRecordingThroughAllOutputs plays one list of events through every
// output, so that they cannot tell different stories.
func TestOneRecordingThroughAllOutputs(t *testing.T) {
	events := recorded(t)
	snapshots := fold(events)
	last := snapshots[len(snapshots)-1]

	var lines bytes.Buffer
	follower := NewLines(Options{})
	for _, s := range snapshots {
		for _, l := range follower.Next(s) {
			fmt.Fprintln(&lines, l)
		}
	}
	golden(t, "streaming.lines.txt", lines.Bytes())

	var out bytes.Buffer
	for _, e := range events {
		data, err := EventJSON(e)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(data)
	}
	golden(t, "streaming.events.json", out.Bytes())

	data, err := StatusJSON(last)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "streaming.status.json", data)

	for _, width := range []int{0, 120, 80, 40} {
		var status, summary bytes.Buffer
		if err := Status(&status, last, Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		if err := Summary(&summary, last, Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		golden(t, fmt.Sprintf("streaming.status.%d.txt", width), status.Bytes())
		golden(t, fmt.Sprintf("streaming.summary.%d.txt", width), summary.Bytes())
		for line := range strings.Lines(status.String()) {
			if w := terminal.Width(strings.TrimRight(line, "\n")); width > 0 && w > width {
				t.Errorf("a line of %d columns at %d: %q", w, width, line)
			}
		}
		namesAllTrouble(t, last, status.String(), summary.String(), string(data))
	}
}

// namesAllTrouble looks for the beginning of each cause in every output.
func namesAllTrouble(t *testing.T, s env.Snapshot, outputs ...string) {
	t.Helper()
	all := troubles(s)
	if len(all) < 3 {
		t.Fatalf("the recording has %d troubles, too few to tell anything", len(all))
	}
	for i, out := range outputs {
		flat := strings.Join(strings.Fields(out), " ")
		for _, tr := range all {
			words := strings.Fields(tr.text)
			if first := strings.Join(words[:min(3, len(words))], " "); !strings.Contains(flat, first) && i < 2 {
				t.Errorf("output %d does not say %q:\n%s", i, tr.text, out)
			}
		}
	}
}

func ready() env.Snapshot {
	start := time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	used := int64(1234 << 20)
	return env.Snapshot{
		Identity: env.Identity{Environment: "minimal", Profile: "minimal", Runtime: "kind", Namespace: "diorama"},
		Phase:    env.PhaseReady, Started: start, ReadyAt: start.Add(34200 * time.Millisecond),
		Updated: start.Add(2*time.Hour + 11*time.Minute), Budget: 6 << 30, Usage: env.Usage{Memory: &used},
		Services: []env.Service{
			{Stack: "redis", Category: "cache", Name: "redis", Phase: env.PhaseReady, Ready: 1, Desired: 1, Created: start},
			{Stack: "postgres", Category: "database", Name: "postgres", Phase: env.PhaseReady, Ready: 1, Desired: 1, Created: start},
		},
		Endpoints: []env.Endpoint{
			{Stack: "redis", Name: "redis", Service: "redis", Host: "127.0.0.1", Port: 6379, Preferred: 6379, URL: "redis://:s3cret@127.0.0.1:6379/0", Env: "REDIS"},
			{Stack: "postgres", Name: "sql", Service: "postgres", Host: "127.0.0.1", Port: 15432, Preferred: 5432, URL: "postgres://app:s3cret@127.0.0.1:15432/app?sslmode=disable", Env: "POSTGRES", SQL: true},
		},
	}
}

func TestReady(t *testing.T) {
	for _, color := range []bool{false, true} {
		var status, summary bytes.Buffer
		if err := Status(&status, ready(), Options{Width: 100, Color: color}); err != nil {
			t.Fatal(err)
		}
		if err := Summary(&summary, ready(), Options{Width: 100, Color: color}); err != nil {
			t.Fatal(err)
		}
		golden(t, fmt.Sprintf("ready.status.color-%v.txt", color), status.Bytes())
		golden(t, fmt.Sprintf("ready.summary.color-%v.txt", color), summary.Bytes())
	}
}

// TestSummaryNamesWhatIsNotUsual: an environment with a name of its own, and an
// imitation; where there is no room, commands stand alone.
func TestSummaryAdvisesOnAStepThatFailed(t *testing.T) {
	s := ready()
	s.Phase = env.PhaseFailed
	s.Steps = []env.StepState{{
		Step:  env.Step{ID: "load/redis", Kind: env.StepLoad, Subject: "redis"},
		Phase: env.StepFailed, Error: "write blob: no space left on device", Advice: []string{"make room"},
	}}
	var out bytes.Buffer
	if err := Summary(&out, s, Options{Width: 80}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "no space left on device\n     → make room\n") {
		t.Errorf("got:\n%s", out.String())
	}
}

// TestAReadyServiceDoesNotHideAnother: that something is to be said of it does
// not explain why another one is not ready.
func TestAReadyServiceDoesNotHideAnother(t *testing.T) {
	s := ready()
	s.Phase = env.PhaseFailed
	s.Services[0].Why = []env.Finding{{ID: "mesh-refuses", Summary: "it refuses"}}
	s.Services = append(s.Services, env.Service{Stack: "redis", Name: "sentinel", Phase: env.PhaseStarting})
	s.Steps = []env.StepState{{
		Step:  env.Step{ID: "wait/redis", Kind: env.StepWait, Subject: "redis"},
		Phase: env.StepFailed, Error: "wait for redis: sentinel was not ready in time",
	}}
	var out bytes.Buffer
	if err := Summary(&out, s, Options{Width: 80}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sentinel was not ready in time", "explain sentinel"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out.String())
		}
	}
}

func TestSummaryNamesWhatIsNotUsual(t *testing.T) {
	s := ready()
	s.Environment, s.Budget, s.Usage = "shop", 0, env.Usage{}
	s.Services[0].Server = &env.Server{Form: env.FormImitation}
	for _, width := range []int{0, 40} {
		var summary bytes.Buffer
		if err := Summary(&summary, s, Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		golden(t, fmt.Sprintf("shop.summary.%d.txt", width), summary.Bytes())
	}
}

func TestNoOutputReveals(t *testing.T) {
	s := ready()
	began := env.Event{Began: &env.Began{Endpoints: s.Endpoints}}
	var out bytes.Buffer
	status, err := StatusJSON(s)
	if err != nil {
		t.Fatal(err)
	}
	event, err := EventJSON(began)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(status)
	out.Write(event)
	if err := Summary(&out, s, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := Status(&out, s, Options{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "s3cret") {
		t.Errorf("a password got out:\n%s", out.String())
	}
	if s.Endpoints[0].URL != ready().Endpoints[0].URL || began.Began.Endpoints[0].URL != ready().Endpoints[0].URL {
		t.Error("redacting changed what it was given")
	}
}

func TestRedact(t *testing.T) {
	for in, want := range map[string]string{
		"redis://127.0.0.1:6379":     "redis://127.0.0.1:6379",
		"redis://:pw@127.0.0.1:6379": "redis://:xxxxx@127.0.0.1:6379",
		"amqp://app:pw@127.0.0.1/":   "amqp://app:xxxxx@127.0.0.1/",
		"127.0.0.1:9092":             "127.0.0.1:9092",
		"app:p%zz@tcp(127.0.0.1)/x":  "app:xxxxx@tcp(127.0.0.1)/x",
		"app:pw@tcp(127.0.0.1:1)/x":  "app:xxxxx@tcp(127.0.0.1:1)/x",
		"app:p@:w@tcp(127.0.0.1)/x":  "app:xxxxx@tcp(127.0.0.1)/x",
		"http://a:p%zz@127.0.0.1/":   "xxxxx",
		"odd@place":                  "xxxxx",
		"http://x/?password=pw&a=b":  "http://x/?a=b&password=xxxxx",
		"jdbc:mysql://h/x?a=b":       "jdbc:mysql://h/x?a=b",
		"":                           "",
	} {
		if got := Redact(in); got != want {
			t.Errorf("Redact(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestTextOfOthersIsHarmless puts control sequences everywhere.
func TestTextOfOthersIsHarmless(t *testing.T) {
	evil := "a\x1b]52;c;aGk=\x07\x1b[2J\u202e\r\nb"
	f := env.Finding{ID: "x", Subject: evil, Summary: evil, Evidence: []string{evil}, Advice: []string{evil}}
	s := env.Snapshot{
		Identity: env.Identity{Environment: evil, Profile: evil, Runtime: evil}, Phase: env.PhaseFailed, Error: evil,
		Services:  []env.Service{{Stack: evil, Category: evil, Name: evil, Waiting: evil, Phase: env.PhaseFailed, Why: []env.Finding{f}}},
		Endpoints: []env.Endpoint{{Stack: evil, Name: evil, Host: evil, URL: evil}},
		Findings:  []env.Finding{f},
		Steps:     []env.StepState{{Step: env.Step{ID: evil, Kind: env.StepWait, Subject: evil}, Phase: env.StepFailed, Error: evil, Detail: evil}},
	}
	var out bytes.Buffer
	if err := Status(&out, s, Options{Width: 60}); err != nil {
		t.Fatal(err)
	}
	if err := Summary(&out, s, Options{}); err != nil {
		t.Fatal(err)
	}
	s.Phase = env.PhaseReady
	if err := Summary(&out, s, Options{}); err != nil {
		t.Fatal(err)
	}
	for _, l := range NewLines(Options{}).Next(s) {
		out.WriteString(l + "\n")
	}
	for line := range strings.Lines(out.String()) {
		if line = strings.TrimSuffix(line, "\n"); terminal.Harmless(line) != line {
			t.Errorf("not harmless: %q", line)
		}
	}
}

func TestFormats(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{age(-time.Second), "–"},
		{age(59 * time.Second), "59 s"},
		{age(61 * time.Second), "1 m"},
		{age(47 * time.Hour), "47 h"},
		{age(49 * time.Hour), "2 d"},
		{took(1100 * time.Millisecond), "1.1 s"},
		{took(59990 * time.Millisecond), "59.9 s"},
		{took(125 * time.Second), "2 m 05 s"},
		{took(3*time.Hour + 59*time.Second), "3 h 00 m"},
		{bytesText(5), "5 B"},
		{bytesText(64 << 20), "64 MiB"},
		{bytesText(1288490189), "1.2 GiB"},
		{memory(env.Usage{}), "–"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestWrapLosesNothing(t *testing.T) {
	text := "killed 6 times for using more than 64Mi 连接被拒绝连接被拒绝 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b"
	for width := 1; width < 60; width++ {
		lines := wrap(text, width)
		if got := strings.ReplaceAll(strings.Join(lines, ""), " ", ""); got != strings.ReplaceAll(text, " ", "") {
			t.Errorf("at %d: %q", width, lines)
		}
		for _, l := range lines {
			if terminal.Width(l) > max(width, 2) {
				t.Errorf("at %d: a line of %d columns: %q", width, terminal.Width(l), l)
			}
		}
	}
}
