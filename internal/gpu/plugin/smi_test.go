package plugin

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestTableIsTheRealOne holds the table against one that a driver has printed.
func TestTableIsTheRealOne(t *testing.T) {
	data, err := os.ReadFile("../../../testdata/gpu/h200/smi.txt")
	if err != nil {
		t.Fatal(err)
	}
	want, _, _ := strings.Cut(string(data), "== ")
	at := time.Date(2026, time.November, 26, 23, 20, 14, 0, time.UTC)
	got := table(at, "580.159.04", "13.0", []row{{
		name: "NVIDIA H200", persistence: "On", bus: "00000000:00:06.0", display: "Off", ecc: "0", fan: "N/A", temperature: "33C",
		performance: "P0", power: "81W", limit: "700W", used: "0MiB", total: "143771MiB", utilisation: "0%",
	}})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// given is what the plugin gives a container with two devices.
func given(name string) string {
	return map[string]string{visibleVariable: "GPU-aa,GPU-bb", simulatedVariable: "A100"}[name]
}

func TestSMI(t *testing.T) {
	none := func(string) string { return "" }
	for name, c := range map[string]struct {
		args   string
		getenv func(string) string
		want   string
		code   int
	}{
		"list":                     {args: "-L", want: "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aa)\nGPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-bb)\n"},
		"one":                      {args: "-i 1 -L", want: "GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-bb)\n"},
		"two":                      {args: "-i 1,0 -L", want: "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aa)\nGPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-bb)\n"},
		"two, one of them by name": {args: "-i GPU-bb,7 -L", want: "GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-bb)\n"},
		"query": {
			args: "--query-gpu=index,uuid,gpu_name,memory.total,memory.used,utilization.gpu,driver_version,compute_cap --format=csv",
			want: "index, uuid, name, memory.total [MiB], memory.used [MiB], utilization.gpu [%], driver_version, compute_cap\n" +
				"0, GPU-aa, NVIDIA A100-SXM4-40GB, 40960 MiB, [N/A], [N/A], simulated, 8.0\n" +
				"1, GPU-bb, NVIDIA A100-SXM4-40GB, 40960 MiB, [N/A], [N/A], simulated, 8.0\n",
		},
		"query in two words": {args: "--id=GPU-bb --query-gpu memory.total,count --format csv,noheader,nounits", want: "40960, 1\n"},
		"processes":          {args: "--query-compute-apps=pid,used_memory --format=csv", want: "pid, used_gpu_memory [MiB]\n"},
		"no such field":      {args: "--query-gpu=speed --format=csv", want: "Field \"speed\" is not a valid field to query.\n\n", code: 2},
		"no format":          {args: "--query-gpu=index", want: "\"--format=\" switch is missing or invalid: found \"\", expected csv[,noheader][,nounits]\n", code: 2},
		"not simulated":      {args: "topo -m", want: "Invalid combination of input arguments: topo is not simulated. Please run 'nvidia-smi -h' for help.\n", code: 2},
		"no value":           {args: "-i", want: "Option -i needs a value. Please run 'nvidia-smi -h' for help.\n", code: 2},
		"no such device":     {args: "-i 7 -L", want: "No devices were found\n", code: 6},
		"no devices":         {args: "-L", getenv: none, want: "No devices were found\n", code: 6},
		"help":               {args: "-h", getenv: none, want: smiHelp},
	} {
		t.Run(name, func(t *testing.T) {
			if c.getenv == nil {
				c.getenv = given
			}
			var out strings.Builder
			code := SMI(strings.Fields(c.args), c.getenv, &out)
			if diff := cmp.Diff(c.want, out.String()); diff != "" || code != c.code {
				t.Errorf("code %d, want %d\n%s", code, c.code, diff)
			}
		})
	}
}

// TestSMINamesItsFields: each that it names can be queried.
func TestSMINamesItsFields(t *testing.T) {
	var out strings.Builder
	if code := SMI([]string{"--help-query-gpu"}, func(string) string { return "" }, &out); code != 0 {
		t.Fatal(code, out.String())
	}
	var names []string
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, `"`) {
			for name := range strings.SplitSeq(strings.TrimSpace(line), " or ") {
				names = append(names, strings.Trim(name, `"`))
			}
		}
	}
	if len(names) < 50 || !strings.Contains(out.String(), "\"name\" or \"gpu_name\"\n") {
		t.Errorf("%d names:\n%s", len(names), out.String())
	}
	out.Reset()
	if code := SMI([]string{"--query-gpu=" + strings.Join(names, ","), "--format=csv"}, given, &out); code != 0 {
		t.Error(out.String())
	}
}

// TestSimulatedTable: it says what it is, and every line is as wide as the real
// one's.
func TestSimulatedTable(t *testing.T) {
	var out strings.Builder
	if code := SMI(nil, given, &out); code != 0 {
		t.Fatal(code)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	for _, line := range lines[1:] {
		if line != "" && len(line) != 91 {
			t.Errorf("%d characters: %s", len(line), line)
		}
	}
	if !strings.Contains(lines[2], "Driver Version: simulated") || strings.Count(out.String(), "40960MiB") != 2 {
		t.Error(out.String())
	}
}

func FuzzSMI(f *testing.F) {
	f.Add("-L", "GPU-aa", "A100")
	f.Add("--query-gpu=index,name --format=csv,nounits", "GPU-aa,,none", "L4")
	f.Add("--format=csv --id", "all", "x")
	f.Fuzz(func(t *testing.T, args, visible, model string) {
		var out strings.Builder
		code := SMI(strings.Fields(args), func(name string) string {
			return map[string]string{visibleVariable: visible, simulatedVariable: model}[name]
		}, &out)
		if code != exitWell && out.Len() == 0 {
			t.Error("refused without a word")
		}
	})
}
