package report

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/env"
)

func endpoints() []env.Endpoint {
	return []env.Endpoint{
		{Stack: "kafka", Name: "kafka", Host: "127.0.0.1", Port: 9092, URL: "127.0.0.1:9092", Env: "KAFKA", Variable: "KAFKA_BOOTSTRAP_SERVERS"},
		{Stack: "postgres", Name: "sql", Host: "127.0.0.1", Port: 15432, URL: "postgres://app:pw@127.0.0.1:15432/app", Env: "POSTGRES", User: "app", Password: "pw", SQL: true},
		{Stack: "redis", Name: "redis", Host: "127.0.0.1", Port: 6379, URL: "redis://:pw@127.0.0.1:6379/0", Env: "REDIS", Password: "pw"},
		{Stack: "sessions", Name: "redis", Host: "127.0.0.1", Port: 6380, URL: "redis://:pw@127.0.0.1:6380/0", Env: "REDIS", Password: "pw"},
		{Stack: "more-kafka", Name: "kafka", Host: "127.0.0.1", Port: 9093, URL: "127.0.0.1:9093", Env: "KAFKA", Variable: "KAFKA_BOOTSTRAP_SERVERS"},
		{Stack: "silent", Name: "x", Host: "127.0.0.1", Port: 1, URL: "x"},
	}
}

func TestEnvVars(t *testing.T) {
	want := []Var{
		{"DATABASE_URL", "postgres://app:pw@127.0.0.1:15432/app"},
		{"KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9092"},
		{"KAFKA_HOST", "127.0.0.1"},
		{"KAFKA_PORT", "9092"},
		{"MORE_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9093"},
		{"MORE_KAFKA_HOST", "127.0.0.1"},
		{"MORE_KAFKA_PORT", "9093"},
		{"POSTGRES_HOST", "127.0.0.1"},
		{"POSTGRES_PASSWORD", "pw"},
		{"POSTGRES_PORT", "15432"},
		{"POSTGRES_URL", "postgres://app:pw@127.0.0.1:15432/app"},
		{"POSTGRES_USER", "app"},
		{"REDIS_HOST", "127.0.0.1"},
		{"REDIS_PASSWORD", "pw"},
		{"REDIS_PORT", "6379"},
		{"REDIS_URL", "redis://:pw@127.0.0.1:6379/0"},
		{"SESSIONS_HOST", "127.0.0.1"},
		{"SESSIONS_PASSWORD", "pw"},
		{"SESSIONS_PORT", "6380"},
		{"SESSIONS_URL", "redis://:pw@127.0.0.1:6380/0"},
	}
	if diff := cmp.Diff(want, EnvVars(endpoints())); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
}

func TestDatabaseURLNeedsOneSQLStack(t *testing.T) {
	two := append(endpoints(), env.Endpoint{Stack: "mysql", Name: "sql", Env: "MYSQL", URL: "mysql://x", SQL: true})
	for _, v := range EnvVars(two) {
		if v.Name == "DATABASE_URL" {
			t.Errorf("DATABASE_URL = %s with two SQL stacks", v.Value)
		}
	}
}

func TestFormatsOfVariables(t *testing.T) {
	vars := []Var{{"A_URL", "postgres://app:pw@127.0.0.1:5432/app?a=b&c=d"}, {"B", `it's "odd" \ $HOME ‘x’ #1`}, {"C", ""}}
	for _, f := range Formats() {
		data, err := WriteVars(vars, f)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "variables."+string(f)+".txt", data)
	}
	if _, err := WriteVars(vars, "csv"); err == nil || !strings.Contains(err.Error(), "powershell") {
		t.Errorf("an unknown format: %v", err)
	}
	if _, err := WriteVars([]Var{{"A", "a\x00b"}}, FormatSh); err == nil {
		t.Error("a zero byte was accepted")
	}
}

// FuzzVariables has the text evaluated by those it is for.
func FuzzVariables(f *testing.F) {
	for _, seed := range []string{"", "plain", "it's", `a\b`, "$(touch x)`y`", "line\nend", "#", " x ", `"`, "${A}", "\\'", "‘", "a\r\nb", "\\n"} {
		f.Add(seed)
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		f.Skip("no sh here")
	}
	f.Fuzz(func(t *testing.T, value string) {
		vars := []Var{{"DIORAMA_A", value}, {"DIORAMA_B", "end"}}
		text, err := WriteVars(vars, FormatSh)
		if err != nil {
			if !strings.Contains(value, "\x00") {
				t.Fatal(err)
			}
			return
		}
		cmd := exec.CommandContext(t.Context(), sh, "-c", string(text)+`printf %s. "$DIORAMA_A" "$DIORAMA_B"`)
		cmd.Env = []string{}
		out, err := cmd.Output()
		if err != nil || string(out) != value+".end." {
			t.Fatalf("sh understood %q of %q: %v", out, value, err)
		}
		file, err := WriteVars(vars, FormatDotenv)
		if err != nil {
			t.Fatal(err)
		}
		got, err := dotenv.Parse(bytes.NewReader(file))
		if err != nil || got["DIORAMA_A"] != value || got["DIORAMA_B"] != "end" {
			t.Fatalf("dotenv understood %q of %q (%q): %v", got, value, file, err)
		}
		var object map[string]string
		data, err := WriteVars(vars, FormatJSON)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &object); err != nil || (object["DIORAMA_A"] != value && strings.ToValidUTF8(value, "") == value) {
			t.Fatalf("JSON holds %q: %v", object, err)
		}
	})
}
