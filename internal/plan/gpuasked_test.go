package plan

import "testing"

func TestMentionsNVIDIA(t *testing.T) {
	pod := func(spec map[string]any) any { return map[string]any{"spec": []any{spec}} }
	limits := func(name string, n any) any {
		return pod(map[string]any{"resources": map[string]any{"limits": map[string]any{name: n}}})
	}
	for name, c := range map[string]struct {
		object any
		want   bool
	}{
		"a MIG device":    {limits("nvidia.com/mig-1g.10gb", int64(1)), true},
		"none":            {limits("nvidia.com/gpu", "0"), false},
		"memory":          {limits("memory", "1Gi"), false},
		"the class":       {pod(map[string]any{"runtimeClassName": "nvidia"}), true},
		"another class":   {pod(map[string]any{"runtimeClassName": "gvisor"}), false},
		"only a tolerant": {pod(map[string]any{"key": "nvidia.com/gpu", "operator": "Exists"}), false},
	} {
		if got := mentionsNVIDIA(c.object); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
