package credentials_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/credentials"
	"github.com/diorama-dev/diorama/stacks"
)

func postgres(fixed map[string]string) credentials.Need {
	return credentials.Need{
		Instance:    "postgres",
		Credentials: map[string]stacks.Credential{"POSTGRES_PASSWORD": {Generate: 24}},
		Fixed:       fixed,
	}
}

func TestEnsureMakesOnceAndKeeps(t *testing.T) {
	folder := t.TempDir()
	redis := credentials.Need{Instance: "redis", Credentials: map[string]stacks.Credential{"REDIS_PASSWORD": {Generate: 12}}}
	first := ensure(t, folder, postgres(nil), redis)
	password := first.Of("postgres")["POSTGRES_PASSWORD"]
	if !regexp.MustCompile(`^[A-Za-z0-9]{24}$`).MatchString(password) {
		t.Fatalf("the password has a wrong form: %d characters", len(password))
	}
	if other := first.Of("redis")["REDIS_PASSWORD"]; len(other) != 12 || strings.HasPrefix(password, other) {
		t.Errorf("the second secret is no secret of its own")
	}

	ensure(t, folder, redis) // postgres leaves the profile …
	again := ensure(t, folder, postgres(nil), redis)
	if diff := cmp.Diff(first.Of("postgres"), again.Of("postgres")); diff != "" {
		t.Errorf("… and comes back with another password: %s", diff)
	}
}

func TestFixedCredentialsWinAndStay(t *testing.T) {
	folder := t.TempDir()
	ensure(t, folder, postgres(nil))
	fixed := ensure(t, folder, postgres(map[string]string{"POSTGRES_PASSWORD": "chosen"}))
	later := ensure(t, folder, postgres(nil))
	for name, set := range map[string]credentials.Set{"fixed": fixed, "no longer fixed": later} {
		if got := set.Of("postgres")["POSTGRES_PASSWORD"]; got != "chosen" {
			t.Errorf("%s: the password is not the chosen one", name)
		}
	}
}

func TestFileIsPrivateAndAlone(t *testing.T) {
	folder := t.TempDir()
	ensure(t, folder, postgres(nil))
	ensure(t, folder, postgres(map[string]string{"POSTGRES_PASSWORD": "second"}))
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != "credentials.json" {
		t.Errorf("the folder holds %v", entries)
	}
	info, err := entries[0].Info()
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != fs.FileMode(0o600) {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
}

func TestNothingIsSavedWhereNothingIsNew(t *testing.T) {
	folder := t.TempDir()
	ensure(t, folder, postgres(nil))
	before := fileOf(t, folder)
	ensure(t, folder, postgres(nil))
	if after := fileOf(t, folder); !os.SameFile(before, after) {
		t.Error("the file was written again")
	}
}

func TestDamagedFileIsRefused(t *testing.T) {
	for name, content := range map[string]string{
		"no JSON":     "postgres-secret",
		"wrong type":  `{"schema":1,"credentials":{"postgres":"postgres-secret"}}`,
		"cut short":   `{"schema":1,"credentials":{"postgres":{"A":"postgres-sec`,
		"later form":  `{"schema":2,"credentials":{"postgres":{"A":"postgres-secret"}}}`,
		"huge":        `{"schema":1,"credentials":{"a":{"b":"` + strings.Repeat("x", 2<<20) + `"}}}`,
		"empty":       "",
		"only a list": "[]",
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, "credentials.json")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := credentials.Ensure(folder, []credentials.Need{postgres(nil)})
			if err == nil || strings.Contains(err.Error(), "postgres-sec") || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v", err)
			}
			if now, _ := os.ReadFile(path); string(now) != content {
				t.Error("the file was overwritten")
			}
		})
	}
}

func TestFillReportsWhatItCouldNotMake(t *testing.T) {
	_, _, err := credentials.Set{}.Fill([]credentials.Need{postgres(nil)}, strings.NewReader(""))
	if err == nil || !strings.Contains(err.Error(), "POSTGRES_PASSWORD of postgres") {
		t.Errorf("error %v", err)
	}
}

func TestRedact(t *testing.T) {
	secrets := []string{"secret", "secret-and-more", "e", "", "of \"two\"\nlines"}
	tests := []struct{ in, want string }{
		{"postgres://app:secret@127.0.0.1:5432/app", "postgres://app:•••@127.0.0.1:5432/app"},
		{"secret-and-more, secret", "•••, •••"},
		{`not valid: of "two" lines, "of \"two\"\nlines"`, `not valid: •••, "•••"`},
		{"Basic c2VjcmV0", "Basic •••"},
		{"nothing here", "nothing here"},
		{"", ""},
	}
	for _, test := range tests {
		if got := credentials.Redact(test.in, secrets); got != test.want {
			t.Errorf("Redact(%q) = %q, want %q", test.in, got, test.want)
		}
	}
	if got := credentials.Redact("secret", nil); got != "secret" {
		t.Errorf("without secrets the text became %q", got)
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	set := ensure(t, t.TempDir(), postgres(map[string]string{"POSTGRES_PASSWORD": "hunter22"}))
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("made", "set", set)
	printed := []string{logged.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		printed = append(printed, fmt.Sprintf(verb, set), fmt.Sprintf(verb, &set), fmt.Sprintf(verb, struct{ S credentials.Set }{set}))
	}
	marshalled, err := json.Marshal(set)
	if err == nil {
		t.Error("the set was marshalled")
	}
	for _, text := range append(printed, string(marshalled)) {
		if strings.Contains(text, "hunter22") || strings.Contains(text, fmt.Sprintf("%x", "hunter22")) {
			t.Errorf("a secret was printed: %s", text)
		}
	}
	if got := set.String(); got != "credentials{postgres: POSTGRES_PASSWORD}" {
		t.Errorf("String() = %s", got)
	}
}

func ensure(t *testing.T, folder string, needs ...credentials.Need) credentials.Set {
	t.Helper()
	set, err := credentials.Ensure(folder, needs)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func fileOf(t *testing.T, folder string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(filepath.Join(folder, "credentials.json"))
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// FuzzLoad sees that a damaged file is an error or a set, never a panic, and
// that a set which was loaded shows no secret.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"schema":1,"credentials":{"a":{"B":"hunter22"}}}`))
	f.Add([]byte(`{"schema":1,"credentials":{"a":null}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "credentials.json"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		set, err := credentials.Load(folder)
		if err != nil {
			return
		}
		filled, _, err := set.Fill([]credentials.Need{postgres(nil)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		password := filled.Of("postgres")["POSTGRES_PASSWORD"]
		if len(password) >= 4 && strings.Contains(credentials.Redact("pw="+password, []string{password}), password) && !strings.Contains("•••", password) {
			t.Errorf("a secret stays in the text")
		}
	})
}
