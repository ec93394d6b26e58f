package demo_test

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/demo"
	"github.com/diorama-dev/diorama/internal/demo/model"
)

func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestParseRole(t *testing.T) {
	for line, want := range map[string]demo.Role{
		"gateway":                      demo.Gateway,
		"load":                         demo.Load,
		"billing":                      demo.Billing,
		"user-profile":                 demo.UserProfile,
		"consumer --group fraud":       demo.Fraud,
		"consumer --group=log":         demo.Log,
		"consumer --group my-own-2":    "my-own-2",
		"":                             "",
		"gateways":                     "",
		"gateway now":                  "",
		"fraud":                        "", // joins later, by its group
		"consumer":                     "",
		"consumer --group":             "",
		"consumer --group=":            "",
		"consumer --group gateway":     "",
		"recommender":                  demo.Recommender,
		"consumer --group recommender": "",
		"consumer --group Fraud":       "",
		"consumer --group fraud extra": "",
	} {
		got, err := demo.ParseRole(strings.Fields(line))
		if got != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, demo.ErrUsage) {
			t.Errorf("%q: role %q, error %v, want role %q", line, got, err, want)
		}
	}
}

func TestLoadConfig(t *testing.T) {
	got, err := demo.LoadConfig(demo.Billing, environment(map[string]string{
		"KAFKA_BOOTSTRAP_SERVERS": "kafka-0:9092, kafka-1:9092",
		"REDIS_URL":               "redis://redis:6379/0",
		"POSTGRES_URL":            " ",
		"DEMO_MODEL_LATENCY":      "100ms",
		"DEMO_MODEL_FAILURES":     "0",
		"DEMO_DELAY":              "200ms",
		"DEMO_LOG_LEVEL":          "warn",
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := demo.Config{
		Kafka: []string{"kafka-0:9092", "kafka-1:9092"}, Redis: "redis://redis:6379/0",
		Postgres: "postgres://app:app@127.0.0.1:5432/app?sslmode=disable",
		Listen:   ":8084", Gateway: "http://127.0.0.1:8080", Rate: 5,
		Model: model.Model{Latency: model.Latency{Median: 100 * time.Millisecond, Spread: 0.4, Stragglers: 0.01}},
		Delay: 200 * time.Millisecond, Session: 10 * time.Second,
		FeatureTTL: 10 * time.Minute, Retention: 24 * time.Hour, Drain: 2 * time.Second,
		Connections: 8, Level: slog.LevelWarn, Served: demo.Served{Slow: 400 * time.Millisecond, Version: "v1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

func TestWhereTheModelRuns(t *testing.T) {
	const url = "http://recommender:8086"
	for name, c := range map[string]struct {
		role demo.Role
		env  map[string]string
		want demo.Served
		next bool
	}{
		"inside":   {demo.Gateway, map[string]string{"DEMO_RECOMMENDER": "inside", "DEMO_RECOMMENDER_URL": url}, demo.Served{Version: "v1"}, false},
		"served":   {demo.Gateway, map[string]string{"DEMO_RECOMMENDER_URL": url, "DEMO_BACKENDS": "memory"}, demo.Served{URL: url, Version: "v1", Alone: true}, false},
		"first":    {demo.Recommender, map[string]string{"DEMO_VERSION": "v1"}, demo.Served{Version: "v1"}, false},
		"next":     {demo.Recommender, map[string]string{"DEMO_VERSION": "v2"}, demo.Served{Version: "v2"}, true},
		"with GPU": {demo.Recommender, map[string]string{"NVIDIA_VISIBLE_DEVICES": "GPU-1"}, demo.Served{Version: "v1", GPU: "GPU-1"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := demo.LoadConfig(c.role, environment(c.env))
			c.want.Slow = 160 * time.Millisecond
			if err != nil || got.Served != c.want || got.Model.Next != c.next {
				t.Errorf("%+v, next %t, error %v", got.Served, got.Model.Next, err)
			}
		})
	}
}

func TestLoadConfigNamesAllThatIsWrong(t *testing.T) {
	wrong := map[string]string{
		"KAFKA_BOOTSTRAP_SERVERS":   "kafka",
		"DEMO_LISTEN":               "8080",
		"DEMO_RATE":                 "NaN",
		"DEMO_MODEL_LATENCY":        "40",
		"DEMO_MODEL_FAILURES":       "1.5",
		"DEMO_DELAY":                "-1s",
		"DEMO_POSTGRES_CONNECTIONS": "many",
		"DEMO_LOG_LEVEL":            "loud",
		"DEMO_RECOMMENDER":          "somewhere",
		"DEMO_BACKENDS":             "kafka",
	}
	_, err := demo.LoadConfig(demo.Gateway, environment(wrong))
	if err == nil {
		t.Fatal("no error")
	}
	for name := range wrong {
		if !strings.Contains(err.Error(), name+"=") {
			t.Errorf("%s is not in the error:\n%v", name, err)
		}
	}
}

func TestMemoryLimit(t *testing.T) {
	const v1, v2 = "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max"
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"version 2":           {map[string]string{v2: "67108864\n"}, 53687088},
		"version 1":           {map[string]string{v1: "67108864\n"}, 53687088},
		"no limit":            {map[string]string{v2: "max\n"}, 0},
		"no limit, version 1": {map[string]string{v1: "9223372036854771712\n"}, 0},
		"nonsense":            {map[string]string{v2: "\x00", v1: "-1"}, 0},
		"no container":        {nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := demo.MemoryLimit(func(file string) ([]byte, error) {
				if text, ok := c.files[file]; ok {
					return []byte(text), nil
				}
				return nil, fs.ErrNotExist
			})
			if got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
}

func TestRunRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		env  map[string]string
		want string
	}{
		"unknown role":  {[]string{"gatway"}, nil, "usage: demo"},
		"bad variable":  {[]string{"log"}, map[string]string{"DEMO_DELAY": "soon"}, "DEMO_DELAY"},
		"bad Redis URL": {[]string{"user-profile"}, map[string]string{"DEMO_LISTEN": "127.0.0.1:0", "REDIS_URL": "http://x"}, "REDIS_URL"},
		"bad address":   {[]string{"log"}, map[string]string{"DEMO_LISTEN": "127.0.0.1:99999"}, "DEMO_LISTEN"},
	} {
		t.Run(name, func(t *testing.T) {
			err := demo.Run(t.Context(), c.args, environment(c.env), io.Discard)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}
