package alone_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/demo/alone"
	"github.com/diorama-dev/diorama/internal/demo/story"
)

func TestEverybodyIsKnown(t *testing.T) {
	user, item, nobody := story.Key{Kind: story.UserFeatures, Name: "user-3"}, story.Key{Kind: story.ItemFeatures, Name: "item-4"}, story.Key{Kind: story.UserFeatures, Name: "nobody"}
	got, err := alone.Backends{}.Lookup(t.Context(), []story.Key{user, item, nobody})
	if err != nil {
		t.Fatal(err)
	}
	want := map[story.Key]story.Features{user: {Segment: "fan", Weight: 0.1}, item: {Segment: "image", Weight: 0.1}, nobody: {}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("features (-want +got):\n%s", diff)
	}
}
