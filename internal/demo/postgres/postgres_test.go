package postgres_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/diorama-dev/diorama/internal/demo/postgres"
	"github.com/diorama-dev/diorama/internal/demo/story"
)

// urlVariable names the variable with the URL of a PostgreSQL server on which
// the user may make databases; each test makes one of its own.
const urlVariable = "DIORAMA_TEST_POSTGRES_URL"

// database makes an empty one and returns its URL.
func database(t *testing.T) string {
	t.Helper()
	server := os.Getenv(urlVariable)
	if server == "" {
		t.Skipf("needs a real PostgreSQL: set %s=postgres://USER:PASSWORD@HOST:PORT/DATABASE", urlVariable)
	}
	name := "demo_test_" + story.NewID()[:12]
	run(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { run(t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func run(t *testing.T, server, statement string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // also when the test is over
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T) *postgres.DB {
	t.Helper()
	db := connect(t, database(t))
	if err := db.EnsureSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func connect(t *testing.T, server string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), server, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

func TestSchemaIsMadeByAllAtOnce(t *testing.T) {
	server := database(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			db := connect(t, server) // as many processes would
			for range 3 {
				if err := db.EnsureSchema(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func TestFeatures(t *testing.T) {
	db := open(t)
	user, item := story.Key{Kind: story.UserFeatures, Name: "user-7"}, story.Key{Kind: story.ItemFeatures, Name: "item-200"}
	got, err := db.Features(t.Context(), []story.Key{user, item, {Kind: story.ItemFeatures, Name: "user-7"}, {Kind: story.UserFeatures, Name: "nobody"}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[story.Key]story.Features{user: {Segment: "fan", Weight: 0.57}, item: {Segment: "image", Weight: 0.96}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("features (-want +got):\n%s", diff)
	}
}

func event(n int) story.Completed {
	return story.Completed{
		ID: fmt.Sprintf("e%d", n), Time: time.Date(2026, 11, 22, 14, 0, n, 123_456_000, time.UTC),
		User: "用户-1", Item: "item-1", Model: "resnet50", Score: 0.5, LatencyMS: 40.5, Cached: true, Trace: story.NewTrace(),
	}
}

func TestOutbox(t *testing.T) {
	db := open(t)
	want := []story.Completed{event(1), event(2), event(3)}
	for _, c := range []story.Completed{want[2], want[0], want[1]} {
		if err := db.Save(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	unpublished := func(before time.Time, limit int, want []story.Completed) {
		t.Helper()
		got, err := db.Unpublished(t.Context(), before, limit)
		if err != nil {
			t.Fatal(err)
		}
		same := cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })
		if diff := cmp.Diff(want, got, same); diff != "" {
			t.Errorf("unpublished (-want +got):\n%s", diff)
		}
	}
	later := want[2].Time.Add(time.Minute)
	unpublished(later, 10, want)
	unpublished(later, 2, want[:2])
	unpublished(want[1].Time, 10, want[:1])
	if err := db.MarkPublished(t.Context(), []string{"e1", "e3", "not there"}); err != nil {
		t.Fatal(err)
	}
	unpublished(later, 10, want[1:2])
	if n, err := db.Prune(t.Context(), later); n != 2 || err != nil {
		t.Errorf("%d rows deleted (%v), want the two that are published", n, err)
	}
	unpublished(later, 10, want[1:2])
}

func TestChargeIsWrittenOnce(t *testing.T) {
	db := open(t)
	charge := story.ChargeFor(event(1))
	var all sync.WaitGroup
	fresh := make(chan bool, 20)
	for range cap(fresh) {
		all.Go(func() {
			ok, err := db.Charge(t.Context(), charge)
			if err != nil {
				t.Error(err)
			}
			fresh <- ok
		})
	}
	all.Wait()
	close(fresh)
	written := 0
	for ok := range fresh {
		if ok {
			written++
		}
	}
	if written != 1 {
		t.Errorf("written %d times, want once", written)
	}
}

func TestURLThatIsNotValidKeepsItsPassword(t *testing.T) {
	_, err := postgres.Open(t.Context(), "postgres://app:secret@host:notaport/app", 1)
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v, want one without the password", err)
	}
}
