package plan_test

import (
	"encoding/json"
	"testing"

	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/profiles"
)

// BenchmarkResolve is the making of a plan, which every `up` begins with: of a
// profile without charts, and of one with a mesh.
func BenchmarkResolve(b *testing.B) {
	for _, name := range []string{"streaming", "ai-platform"} {
		b.Run(name, func(b *testing.B) {
			in := input(b)
			loaded, err := profiles.Library{WorkingFolder: b.TempDir()}.Load(profiles.Request{Name: name, Catalogue: in.Catalogue})
			if err != nil {
				b.Fatal(err)
			}
			in.Profile = loaded
			b.ReportAllocs()
			for b.Loop() {
				if _, err := plan.Resolve(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPlanJSON is what a plan costs on its way to the keeper.
func BenchmarkPlanJSON(b *testing.B) {
	in := input(b)
	loaded, err := profiles.Library{WorkingFolder: b.TempDir()}.Load(profiles.Request{Name: "ai-platform", Catalogue: in.Catalogue})
	if err != nil {
		b.Fatal(err)
	}
	in.Profile = loaded
	p, err := plan.Resolve(b.Context(), in)
	if err != nil {
		b.Fatal(err)
	}
	data, err := json.Marshal(p)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("write", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if _, err := json.Marshal(p); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			var read plan.Plan
			if err := json.Unmarshal(data, &read); err != nil {
				b.Fatal(err)
			}
		}
	})
}
