// Package arch owns the law of the layout: which package may import what, and
// the budgets of size that keep each readable. Its tests hold the whole module
// to it.
package arch

import "strings"

// Module is the import path of this module.
const Module = "github.com/diorama-dev/diorama"

// ours says which of our packages each may import. A pattern that ends in
// "/..." stands for a folder and all below it. A package that no pattern
// covers may import none, so that a new package is a decision made here.
//
// Events and snapshots flow from the bottom of this table to the top; a
// person's intents go the other way, through the engine. Nothing below knows a
// terminal, nothing above knows Kubernetes.
//
//nolint:gochecknoglobals // a table, never changed
var ours = map[string][]string{
	"cmd/diorama": {"internal/cli"},
	"cmd/demo":    {"internal/demo"},
	"cmd/reader":  {"internal/logs/node"},
	"cmd/gpu":     {"internal/gpu/plugin"},
	"": {
		"stacks", "profiles", "tui", "internal/chart", "internal/compose", "internal/credentials", "internal/demo/control", "internal/diagnose",
		"internal/docker", "internal/doctor", "internal/engine", "internal/env", "internal/fetch", "internal/gpu/...", "internal/image",
		"internal/keeper", "internal/logs/...", "internal/mesh/...", "internal/manifest", "internal/plan", "internal/queue/...", "internal/report",
		"internal/runtime/...", "internal/seed", "internal/seed/apply", "internal/terminal",
	},
	"internal/cli": {
		"", "stacks", "profiles", "tui/...", "internal/chart", "internal/compose", "internal/demo", "internal/demo/control", "internal/docker", "internal/doctor",
		"internal/engine", "internal/env", "internal/gpu", "internal/image", "internal/keeper", "internal/latest", "internal/logs", "internal/mesh",
		"internal/plan", "internal/queue", "internal/report", "internal/runtime/...", "internal/seed", "internal/terminal", "internal/yamlpos",
	},

	"tui/...":           {"tui/...", "internal/env", "internal/gpu", "internal/logs", "internal/mesh", "internal/queue", "internal/queue/content", "internal/terminal"},
	"internal/report":   {"internal/env", "internal/gpu", "internal/mesh", "internal/queue", "internal/queue/content", "internal/terminal"},
	"internal/terminal": {},

	"internal/keeper": {
		"internal/credentials", "internal/engine", "internal/env", "internal/gpu", "internal/kube", "internal/logs", "internal/logs/intake", "internal/mesh",
		"internal/plan", "internal/queue", "internal/runtime/...", "internal/seed",
	},
	"internal/engine":          {"internal/env", "internal/plan"},
	"internal/queue":           {"internal/latest", "internal/yamlpos"},
	"internal/queue/content":   {},
	"internal/queue/kafka":     {"internal/queue"},
	"internal/queue/rabbitmq":  {"internal/queue"},
	"internal/queue/redis":     {"internal/queue"},
	"internal/queue/rocketmq":  {"internal/queue"},
	"internal/queue/queuetest": {"internal/image"},
	"internal/seed":            {"internal/yamlpos"},
	"internal/seed/apply":      {"internal/queue", "internal/seed"},
	"internal/runtime/...": {
		"internal/runtime/...", "internal/credentials", "internal/diagnose", "internal/docker",
		"internal/engine", "internal/env", "internal/fetch", "internal/gpu", "internal/gpu/...", "internal/image", "internal/kube",
		"internal/logs", "internal/logs/intake", "internal/manifest", "internal/mesh", "internal/mesh/...", "internal/plan",
	},
	"internal/kube":     {"internal/diagnose", "internal/env", "internal/logs", "internal/manifest"},
	"internal/diagnose": {"internal/env"},
	"internal/doctor":   {"internal/docker", "internal/env", "internal/gpu", "internal/gpu/pass"},
	// What GPUs there are, what the driver says, how they get into nodes, and
	// what advertises some that are not there.
	"internal/gpu":        {},
	"internal/gpu/nvml":   {"internal/gpu"},
	"internal/gpu/pass":   {"internal/gpu"},
	"internal/gpu/plugin": {"internal/gpu"},
	"internal/gpu/watch":  {"internal/gpu"},
	// What a mesh is and does; how Istio says it.
	"internal/mesh":       {},
	"internal/mesh/istio": {"internal/mesh"},
	"internal/chart":      {},
	"internal/image":      {"internal/docker", "internal/env"},
	"internal/docker":     {},
	"internal/fetch":      {},
	"internal/logs":       {"internal/env", "internal/filelock"},
	// What runs inside a node, what it says, and who takes it in.
	"internal/logs/node":   {"internal/logs/wire"},
	"internal/logs/wire":   {},
	"internal/logs/intake": {"internal/logs", "internal/logs/wire"},
	// The query languages, and the systems that answer them.
	"internal/logs/logql":   {"internal/logs"},
	"internal/logs/kql":     {"internal/logs"},
	"internal/logs/loki":    {"internal/logs", "internal/logs/logql"},
	"internal/logs/elastic": {"internal/logs", "internal/logs/kql"},

	"internal/plan": {
		"stacks", "profiles", "internal/chart", "internal/compose", "internal/credentials", "internal/env", "internal/gpu",
		"internal/gpu/pass", "internal/manifest", "internal/seed", "internal/yamlpos",
	},
	"internal/manifest":    {"stacks", "internal/compose"},
	"internal/compose":     {"internal/yamlpos"},
	"internal/credentials": {"stacks"},
	"profiles":             {"stacks", "internal/seed", "internal/yamlpos"},
	"stacks":               {"internal/yamlpos"},
	"internal/yamlpos":     {},
	"internal/env":         {"internal/filelock", "internal/latest"},
	"internal/latest":      {},
	"internal/filelock":    {},

	"internal/demo/...": {"internal/demo/..."},
	"internal/arch/...": {},
	"internal/release":  {"internal/cli", "internal/image"},
}

// theirs says which of our packages may import a module that is not ours, by
// the beginning of its import path; the longest beginning counts. What is not
// here may be imported by nobody.
//
//nolint:gochecknoglobals // a table, never changed
var theirs = map[string][]string{
	// free for all: no more than an extension of the standard library
	"golang.org/x/sync":          {"..."},
	"golang.org/x/sys":           {"..."},
	"golang.org/x/term":          {"..."},
	"github.com/docker/go-units": {"..."},

	// the terminal
	"charm.land":                           {"tui/..."},
	"github.com/charmbracelet/x":           {"tui/...", "internal/terminal"},
	"github.com/charmbracelet/ultraviolet": {"tui/tuitest/svg"}, // cells of a frame
	"github.com/spf13/cobra":               {"internal/cli"},
	"github.com/spf13/pflag":               {"internal/cli"},
	"github.com/invopop/jsonschema":        {"stacks", "profiles"},

	// Kubernetes: objects as values are for many, its clients for one
	"k8s.io/api": {
		"internal/plan", "internal/manifest", "internal/diagnose", "internal/kube", "internal/runtime/...",
	},
	"k8s.io/apimachinery": {
		"internal/plan", "internal/manifest", "internal/diagnose", "internal/kube", "internal/runtime/...",
	},
	"k8s.io/apimachinery/pkg/api/resource": {
		"stacks", "profiles", "internal/plan", "internal/manifest", "internal/diagnose", "internal/kube",
		"internal/runtime/...",
	},
	"k8s.io/client-go":                  {"internal/kube"},
	"k8s.io/klog":                       {"internal/kube"},
	"k8s.io/metrics":                    {"internal/kube"},
	"k8s.io/streaming":                  {"internal/kube"},
	"sigs.k8s.io/controller-runtime":    {"internal/kube"},
	"github.com/fluxcd":                 {"internal/kube"},
	"sigs.k8s.io/structured-merge-diff": {"internal/kube"}, // reads which fields are whose
	"github.com/go-logr/logr":           {"internal/kube"},
	"sigs.k8s.io/kind":                  {"internal/runtime/kind"},
	"helm.sh/helm":                      {"internal/chart"},
	"github.com/Masterminds/sprig":      {"internal/chart"}, // the functions of its templates
	"istio.io/istio/manifests":          {"internal/chart", "internal/mesh/istio"},

	// GPUs
	"github.com/NVIDIA/go-nvml": {"internal/gpu/nvml"},
	"k8s.io/kubelet":            {"internal/gpu/plugin"},
	"google.golang.org/grpc":    {"internal/gpu/plugin"},

	// Docker and images
	"github.com/docker/docker": {
		"internal/docker", "internal/image", "internal/doctor", "internal/runtime/kind", "internal/runtime/containers",
	},
	"github.com/containerd/errdefs":          {"internal/docker", "internal/image", "internal/runtime/kind"},
	"github.com/distribution/reference":      {"internal/image"},
	"github.com/google/go-containerregistry": {"internal/image", "internal/chart"},
	"github.com/moby/patternmatcher":         {"internal/image"},
	"github.com/opencontainers/image-spec":   {"internal/image"},
	"golang.org/x/mod":                       {"internal/image"},

	// servers' programs
	"github.com/mikelolasagasti/xz": {"internal/fetch"},

	// files that people write
	"github.com/compose-spec/compose-go": {"internal/compose", "internal/manifest"},
	"go.yaml.in/yaml": {
		"stacks", "profiles", "internal/compose", "internal/doctor", "internal/image", "internal/yamlpos",
	},
	"github.com/sirupsen/logrus": {"internal/compose"}, // compose-go's own logger, to silence it
	"sigs.k8s.io/yaml":           {"internal/chart", "internal/cli", "internal/kube", "internal/manifest", "internal/mesh/istio", "internal/plan", "internal/runtime/..."},

	// log lines on disk and on their way
	"github.com/klauspost/compress": {"internal/logs", "internal/logs/wire", "internal/logs/node"},
	"github.com/cespare/xxhash":     {"internal/logs", "internal/logs/wire"},

	// what this module is checked with
	"golang.org/x/tools": {"internal/arch/typecheck"},

	// what the demo talks to
	"github.com/jackc/pgx":      {"internal/demo/...", "internal/seed/apply"},
	"github.com/redis/go-redis": {"internal/demo/...", "internal/queue/redis", "internal/seed/apply"},
	"github.com/twmb/franz-go":  {"internal/demo/...", "internal/queue/kafka", "internal/seed/apply"},

	// what brokers and databases are asked and seeded with
	"github.com/go-sql-driver/mysql":              {"internal/seed/apply"},
	"github.com/michaelklishin/rabbit-hole":       {"internal/queue/rabbitmq", "internal/seed/apply"},
	"github.com/rabbitmq/amqp091-go":              {"internal/queue/rabbitmq"},
	"github.com/apache/rocketmq-client-go":        {"internal/queue/rocketmq"},
	"github.com/testcontainers/testcontainers-go": {"internal/queue/queuetest"},
	"github.com/moby/moby/api":                    {"internal/queue/queuetest"},

	// servers without a cluster
	"github.com/twmb/franz-go/pkg/kmsg":  {"internal/demo/...", "internal/queue/kafka", "internal/runtime/embedded/imitation"},
	"github.com/twmb/franz-go/pkg/kfake": {"internal/demo/...", "internal/runtime/embedded/imitation"},
	"github.com/alicebob/miniredis":      {"internal/demo/...", "internal/runtime/embedded/imitation"},
}

// covers reports whether a pattern of the tables stands for a package, both
// relative to the module.
func covers(pattern, pkg string) bool {
	if pattern == "..." {
		return true
	}
	folder, below := strings.CutSuffix(pattern, "/...")
	return pkg == folder || (below && strings.HasPrefix(pkg, folder+"/"))
}

func anyCovers(patterns []string, pkg string) bool {
	for _, p := range patterns {
		if covers(p, pkg) {
			return true
		}
	}
	return false
}

// mayImport reports whether the law lets a package import another; ruled is
// false where no line of the law speaks of it.
func mayImport(pkg, imported string) (allowed, ruled bool) {
	if imported == Module || strings.HasPrefix(imported, Module+"/") {
		return mayImportOurs(pkg, strings.TrimPrefix(strings.TrimPrefix(imported, Module), "/"))
	}
	longest := ""
	for prefix := range theirs {
		if (imported == prefix || strings.HasPrefix(imported, prefix+"/")) && len(prefix) > len(longest) {
			longest = prefix
		}
	}
	if longest == "" {
		return false, false
	}
	return anyCovers(theirs[longest], pkg), true
}

func mayImportOurs(pkg, imported string) (allowed, ruled bool) {
	for pattern, may := range ours {
		if covers(pattern, pkg) {
			return anyCovers(may, imported), true
		}
	}
	return false, false
}
