package cache

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/demo/story"
)

func open(t *testing.T) (*Cache, *miniredis.Miniredis) {
	t.Helper()
	server := miniredis.RunT(t)
	server.RequireAuth("secret")
	c, err := New("redis://:secret@"+server.Addr()+"/0", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, server
}

func TestFeatures(t *testing.T) {
	c, server := open(t)
	user := story.Key{Kind: story.UserFeatures, Name: "用户 1"}
	item := story.Key{Kind: story.ItemFeatures, Name: "用户 1"} // the same name, another kind
	keys := []story.Key{user, item}
	lookup := func(want map[story.Key]story.Features) {
		t.Helper()
		got, err := c.Lookup(t.Context(), keys)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("features (-want +got):\n%s", diff)
		}
	}
	lookup(map[story.Key]story.Features{})
	filled := map[story.Key]story.Features{user: {Segment: "fan", Weight: 0.5}}
	if err := c.Fill(t.Context(), filled); err != nil {
		t.Fatal(err)
	}
	lookup(filled)
	server.Set("features:item:用户 1", "not JSON")
	lookup(filled)
	server.FastForward(2 * time.Minute)
	lookup(map[story.Key]story.Features{})
}

func event(n int) story.Completed {
	return story.Completed{
		ID: fmt.Sprintf("e%d", n), Time: time.Unix(int64(n), 0).UTC(),
		User: "user-1", Item: fmt.Sprintf("item-%d", n%3), Model: "resnet50", Score: 0.5,
	}
}

func TestProfileCountsEachEventOnce(t *testing.T) {
	c, server := open(t)
	for round := range 3 {
		for n := range 50 {
			fresh, err := c.UpdateProfile(t.Context(), event(n))
			if err != nil {
				t.Fatal(err)
			}
			if fresh != (round == 0) {
				t.Errorf("event %d, delivery %d: fresh %v", n, round+1, fresh)
			}
		}
	}
	got := map[string]string{}
	for _, field := range []string{"inferences", "score_sum", "last_item", "last_seen"} {
		got[field] = server.HGet("profile:user-1", field)
	}
	want := map[string]string{"inferences": "50", "score_sum": "25", "last_item": "item-1", "last_seen": "1970-01-01T00:00:49Z"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("profile (-want +got):\n%s", diff)
	}
	if score, err := server.ZScore("items:popular", "item-0"); err != nil || score != 17 {
		t.Errorf("item-0 was asked for %v times (%v), want 17", score, err)
	}
}

// An event that was published late is older than all that its user did since.
func TestLateEventIsCountedOnceToo(t *testing.T) {
	c, server := open(t)
	for n := 100; n > 0; n-- {
		for delivery := range 2 {
			if fresh, err := c.UpdateProfile(t.Context(), event(n)); err != nil || fresh != (delivery == 0) {
				t.Fatalf("event %d, delivery %d: fresh %v (%v)", n, delivery+1, fresh, err)
			}
		}
	}
	if n := server.HGet("profile:user-1", "inferences"); n != "100" {
		t.Errorf("%s events counted, want 100", n)
	}
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	c, server := open(t)
	now := time.Unix(1000, 0)
	c.now = func() time.Time { return now }
	count := func(n int) bool {
		t.Helper()
		fresh, err := c.UpdateProfile(t.Context(), event(n))
		if err != nil {
			t.Fatal(err)
		}
		return fresh
	}
	for n := range remembered + 10 {
		now = now.Add(time.Millisecond)
		count(n)
	}
	members, err := server.ZMembers("profile-events:user-1")
	if err != nil || len(members) != remembered {
		t.Errorf("%d events remembered (%v), want %d", len(members), err, remembered)
	}
	if count(remembered + 9) {
		t.Error("the newest event was counted twice")
	}
	now = now.Add(rememberedFor)
	count(remembered + 11)
	if members, err = server.ZMembers("profile-events:user-1"); err != nil || len(members) != 1 {
		t.Errorf("%d events remembered after %s (%v), want the newest", len(members), rememberedFor, err)
	}
	if ttl := server.TTL("profile-events:user-1"); ttl != rememberedFor {
		t.Errorf("they are remembered for %s after the last", ttl)
	}
}

func TestTrouble(t *testing.T) {
	c, server := open(t)
	if err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Close()
	errs := []error{c.Ping(t.Context())}
	_, err := c.Lookup(t.Context(), []story.Key{{Kind: story.UserFeatures, Name: "u"}})
	errs = append(errs, err, c.Fill(t.Context(), map[story.Key]story.Features{{}: {}}))
	_, err = c.UpdateProfile(t.Context(), event(1))
	errs = append(errs, err)
	for i, err := range errs {
		if err == nil || !strings.Contains(err.Error(), "Redis") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%d: error %v, want one that names Redis and not its password", i, err)
		}
	}
	if _, err := New("redis://:secret@host:port/x", 0); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v, want one without the password", err)
	}
}
