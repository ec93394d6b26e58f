package plan_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/diorama-dev/diorama/internal/manifest"
	"github.com/diorama-dev/diorama/internal/plan"
)

func TestSharesHaveBounds(t *testing.T) {
	for name, c := range map[string]struct {
		gpus string
		real bool
		want string // of the error
	}{
		"simulated":                {gpus: "gpu: simulate\nparameters: {gpu-simulated: {share: 64}}"},
		"simulated, too many":      {gpus: "gpu: simulate\nparameters: {gpu-simulated: {share: 500}}", want: "share of gpu-simulated: found 500, expected 1 to 64"},
		"simulated, none":          {gpus: "gpu: simulate\nparameters: {gpu-simulated: {share: 0}}", want: "found 0"},
		"real":                     {gpus: "gpu: auto\nparameters: {gpu-nvidia: {sharing: time, share: 2}}", real: true},
		"real, for one":            {gpus: "gpu: auto\nparameters: {gpu-nvidia: {sharing: time, share: 1}}", real: true, want: "share of gpu-nvidia: found 1, expected 2 to 64"},
		"real, and it counts not":  {gpus: "gpu: auto\nparameters: {gpu-nvidia: {share: 1}}", real: true},
		"real, one by the wish":    {gpus: "gpu: {wish: auto, share: 1}", real: true},
		"real, more than too many": {gpus: "gpu: auto\nparameters: {gpu-nvidia: {sharing: time, share: 65}}", real: true, want: "found 65"},
	} {
		t.Run(name, func(t *testing.T) {
			in := asking(t, c.gpus, "one=1")
			if c.real {
				in.Host.GPU = machine(1)
			}
			_, err := plan.Resolve(t.Context(), in)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestRenamedShares: apps ask for nvidia.com/gpu, and are told where there is
// none under that name.
func TestRenamedShares(t *testing.T) {
	for name, c := range map[string]struct {
		gpus string
		real bool
		want string
	}{
		"renamed":           {gpus: "gpu: {simulate: 1xA100, share: 4}\nparameters: {gpu-simulated: {rename: true}}", want: "Pods of one ask for nvidia.com/gpu, and GPUs are advertised as nvidia.com/gpu.shared: they will find none; ask for nvidia.com/gpu.shared, or --set gpu-simulated.rename=false"},
		"nothing is shared": {gpus: "gpu: simulate\nparameters: {gpu-simulated: {rename: true}}"},
		"kept":              {gpus: "gpu: {simulate: 1xA100, share: 4}"},
		"real, renamed":     {gpus: "gpu: {wish: auto, share: 4}\nparameters: {gpu-nvidia: {rename: true}}", real: true, want: "--set gpu-nvidia.rename=false"},
		"real, kept":        {gpus: "gpu: {wish: auto, share: 4}", real: true},
		"real, not shared":  {gpus: "gpu: auto\nparameters: {gpu-nvidia: {rename: true}}", real: true},
	} {
		t.Run(name, func(t *testing.T) {
			in := asking(t, c.gpus, "one=1")
			if c.real {
				in.Host.GPU = machine(1)
			}
			if text := said(resolve(t, in)); !strings.Contains(text, c.want) || c.want == "" && text != "" {
				t.Errorf("warnings %q, want %q", text, c.want)
			}
		})
	}
}

// TestAnotherShareIsAnotherPlugin: the plugin reads its configuration when it
// starts, so that its Pods must be others.
func TestAnotherShareIsAnotherPlugin(t *testing.T) {
	config := func(gpus string) string {
		in := asking(t, gpus, "one=1")
		in.Host.GPU = machine(1)
		p := resolve(t, in)
		for _, object := range p.Stacks[0].Objects() {
			if object.GetKind() == "DaemonSet" {
				hash, _, err := unstructured.NestedString(object.Object, "spec", "template", "metadata", "annotations", manifest.AnnotationConfig)
				if err != nil {
					t.Fatal(err)
				}
				return hash
			}
		}
		return ""
	}
	seen := map[string]string{}
	for _, gpus := range []string{
		"gpu: auto", "gpu: {wish: auto, share: 2}", "gpu: {wish: auto, share: 4}", "gpu: {wish: auto, share: 4}\nparameters: {gpu-nvidia: {rename: true}}",
	} {
		hash := config(gpus)
		if other, same := seen[hash]; same || hash == "" {
			t.Errorf("%q has the Pods of %q: %q", gpus, other, hash)
		}
		seen[hash] = gpus
	}
}
