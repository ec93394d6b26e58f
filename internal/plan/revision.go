package plan

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"github.com/diorama-dev/diorama/internal/manifest"
)

// Revision annotates every workload with a hash of itself as it was planned.
// What is observed under another one is not yet, or no longer, what the plan
// is about.
const Revision = "diorama.dev/revision"

// LabelCategory on a workload is its stack's category.
const LabelCategory = "diorama.dev/category"

func revise(result manifest.Result, category string) error {
	for _, wave := range result.Waves {
		for _, object := range wave {
			workload := slices.ContainsFunc(result.Workloads, func(w manifest.Workload) bool {
				return w.Kind == object.GetKind() && w.Name == object.GetName()
			})
			if !workload {
				continue
			}
			labels := maps.Clone(object.GetLabels())
			labels[LabelCategory] = category
			object.SetLabels(labels)
			data, err := object.MarshalJSON()
			if err != nil {
				return fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err)
			}
			annotations := object.GetAnnotations()
			if annotations == nil {
				annotations = make(map[string]string, 1)
			}
			annotations[Revision] = fmt.Sprintf("%x", sha256.Sum256(data))[:16]
			object.SetAnnotations(annotations)
		}
	}
	return nil
}
