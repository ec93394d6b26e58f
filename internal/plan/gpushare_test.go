package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/internal/gpu/pass"
	"github.com/diorama-dev/diorama/internal/manifest"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/profiles"
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

// asksFor is a workload that asks for one ASKED, by a selector for several.
const asksFor = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: one}
spec:
  selector: {matchLabels: {app: one}}
  template:
    metadata: {labels: {app: one}}
    spec:
      nodeSelector: {nvidia.com/mig-4g.40gb.count: "2"}
      containers:
        - name: one
          image: example.com/one:1
          resources: {limits: {ASKED: 1, memory: 20Mi}}
`

// TestNamesOfMIGDevices: those of several kinds are asked for by profile, and
// whoever asks otherwise is told so, not that there are none.
func TestNamesOfMIGDevices(t *testing.T) {
	divided := func(profiles ...string) pass.Facts {
		f := machine(1)
		f.Inventory.Devices[0].MIG.Enabled = len(profiles) > 0
		for i, p := range profiles {
			f.Inventory.Devices[0].MIG.Instances = append(f.Inventory.Devices[0].MIG.Instances, gpu.Partition{UUID: fmt.Sprintf("MIG-%d", i), Profile: p})
		}
		return f
	}
	both := machine(2)
	both.Inventory.Devices[0].MIG = divided("1g.10gb").Inventory.Devices[0].MIG
	const kinds = "GPUs are advertised as nvidia.com/mig-1g.10gb, nvidia.com/mig-2g.20gb.me"
	for name, c := range map[string]struct {
		facts pass.Facts
		asks  string // for one of it
		want  string // of the only warning
	}{
		"of several kinds":   {divided("2g.20gb+me", "1g.10gb", "1g.10gb"), "nvidia.com/gpu", "Pods of one ask for nvidia.com/gpu, and " + kinds + ": they will find none; ask for one of those"},
		"of one of them":     {divided("2g.20gb+me", "1g.10gb"), "nvidia.com/mig-1g.10gb", ""},
		"of another kind":    {divided("2g.20gb+me", "1g.10gb"), "nvidia.com/mig-7g.80gb", "Pods of one ask for nvidia.com/mig-7g.80gb, and " + kinds},
		"all alike":          {divided("1g.10gb", "1g.10gb"), "nvidia.com/gpu", ""},
		"all alike, by kind": {divided("1g.10gb", "1g.10gb"), "nvidia.com/mig-1g.10gb", "Pods of one ask for nvidia.com/mig-1g.10gb, and GPUs are advertised as nvidia.com/gpu: they will find none; ask for nvidia.com/gpu"},
		"one is whole":       {both, "nvidia.com/gpu", ""},
		"one is divided":     {both, "nvidia.com/mig-1g.10gb", ""},
		"neither":            {both, "nvidia.com/gpu.shared", "GPUs are advertised as nvidia.com/gpu, nvidia.com/mig-1g.10gb"},
	} {
		t.Run(name, func(t *testing.T) {
			in := own(t, map[string]string{
				"stack.yaml":         "name: mine\ntitle: Mine\ncategory: app\nsummary: Of mine.\n",
				"manifests/one.yaml": strings.ReplaceAll(asksFor, "ASKED", c.asks),
			})
			in.Host.GPU, in.Profile.GPU.Wish = c.facts, profiles.GPURequire
			for range 2 { // the second time the cluster is there
				p := resolve(t, in)
				if text := strings.ReplaceAll(said(p), "MIG devices are of several kinds: Pods ask for them by profile, such as nvidia.com/mig-1g.10gb", ""); !strings.Contains(text, c.want) || c.want == "" && text != "" || strings.Contains(text, "gpu.simulate") {
					t.Errorf("warnings %q, want %q", text, c.want)
				}
				if text := p.Cluster.GPU.String(); strings.HasPrefix(text, "none") {
					t.Error(text)
				}
				in.Record.Ports = p.Ports
				in.Record.Cluster = env.ClusterRecord{Name: p.Cluster.Name, NodeImage: p.Cluster.Image, Nodes: 1, Complete: true, Ports: p.Cluster.Ports, GPU: p.Cluster.GPU.Record()}
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
