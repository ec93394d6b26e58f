package plan_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/compose"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/profiles"
)

// seeded is the input of a profile with seeds, for a runtime.
func seeded(t *testing.T, in plan.Input) plan.Input {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"mine.yaml": `extends: streaming
seeds:
  - kafka:
      topics: [{name: orders, partitions: 3}, {name: features}]
      groups: [{name: billing, topics: [orders]}]
  - postgres:
      users: [{name: shop, password: Secret0shop}]
      databases: [{name: shop, owner: shop}]
      sql: [a.sql]
  - redis: {file: a.redis}
`,
		"a.sql": "CREATE TABLE text_of_a_file (id int);\n", "a.redis": "SET a b\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	in.Profile, err = profiles.Library{WorkingFolder: folder}.Load(profiles.Request{Name: "./mine.yaml", Catalogue: in.Catalogue})
	if err != nil {
		t.Fatal(err)
	}
	in.Credentials["postgres"]["SEED_SHOP_PASSWORD"] = "Secret0shop"
	return in
}

// TestSeededDatabases have addresses and variables of their own.
func TestSeededDatabases(t *testing.T) {
	p := resolve(t, seeded(t, input(t)))
	i := slices.IndexFunc(p.Endpoints, func(e plan.Endpoint) bool { return e.Name == "sql-shop" })
	if i < 0 {
		t.Fatal("the seeded database has no endpoint")
	}
	got := p.Endpoints[i].Reveal(map[string]string{"SEED_SHOP_PASSWORD": "pw"})
	if got.URL != "postgres://shop:pw@127.0.0.1:5432/shop?sslmode=disable" || got.User != "shop" || got.Password != "pw" || got.Env != "POSTGRES_SHOP" {
		t.Errorf("endpoint = %+v", got)
	}
	if !strings.Contains(p.Endpoints[i].URL, "shop:xxxxx@") {
		t.Errorf("URL %s shows something", p.Endpoints[i].URL)
	}
	in := seeded(t, input(t))
	in.Profile.Apps = []profiles.App{{Name: "mine"}}
	var inside map[string]string
	in.LoadApp = func(_ context.Context, _ profiles.App, vars map[string]string) (compose.Project, error) {
		inside = vars
		return compose.Project{}, os.ErrNotExist
	}
	if _, err := plan.Resolve(t.Context(), in); !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"POSTGRES_SHOP_URL": "postgres://shop:Secret0shop@postgres:5432/shop?sslmode=disable", "POSTGRES_SHOP_USER": "shop",
		"POSTGRES_SHOP_PASSWORD": "Secret0shop", "POSTGRES_SHOP_HOST": "postgres", "POSTGRES_SHOP_PORT": "5432",
	} {
		if inside[name] != want {
			t.Errorf("%s=%s inside, want %s", name, inside[name], want)
		}
	}
}

// TestSeeds: a step for each instance that has seeds, after the one that waits
// for it, and before all that requires the instance.
func TestSeeds(t *testing.T) {
	for name, in := range map[string]plan.Input{"seeds": input(t), "seeds-embedded": embedded(t)} {
		p := resolve(t, seeded(t, in))
		got, err := json.MarshalIndent(p.Report(), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name+".json", got)
		if strings.Contains(string(got), "text_of_a_file") || strings.Contains(string(got), "Secret0") {
			t.Errorf("%s: the report shows the text of a file, or a password", name)
		}
		whole, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(whole), "text_of_a_file") || strings.Contains(string(whole), "Secret0shop") {
			t.Errorf("%s: the plan lacks the text of a file, or shows a password", name)
		}
		needs := make(map[string][]string)
		for _, step := range p.Steps {
			needs[step.ID] = step.Needs
		}
		if diff := cmp.Diff([]string{"wait/kafka"}, needs["seed/kafka"]); diff != "" {
			t.Errorf("%s: seed/kafka needs (-want +got):\n%s", name, diff)
		}
		for _, instance := range []string{"kafka", "redis", "postgres"} {
			if !slices.Contains(needs["apply/demo"], string(env.StepSeed)+"/"+instance) || slices.Contains(needs["apply/demo"], "wait/"+instance) {
				t.Errorf("%s: apply/demo needs %v", name, needs["apply/demo"])
			}
		}
	}
}

// TestSeedsOfWhatIsLeftOut go with it.
func TestSeedsOfWhatIsLeftOut(t *testing.T) {
	in := seeded(t, embedded(t))
	offer := in.Offer
	in.Offer = func(kind string) (plan.Offer, error) {
		if kind == "postgres" {
			return plan.Offer{}, os.ErrNotExist
		}
		return offer(kind)
	}
	p := resolve(t, in)
	if slices.ContainsFunc(p.Steps, func(s env.Step) bool { return s.ID == "seed/postgres" }) {
		t.Error("there are seeds for a stack that is left out")
	}
}

func TestOwnCredentials(t *testing.T) {
	got := plan.OwnCredentials(map[string]string{"POSTGRES_PASSWORD": "a", "SEED_SHOP_PASSWORD": "b"})
	if diff := cmp.Diff(map[string]string{"POSTGRES_PASSWORD": "a"}, got); diff != "" {
		t.Error(diff)
	}
}
