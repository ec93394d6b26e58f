package kind

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	"sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/exec"
	kindlog "sigs.k8s.io/kind/pkg/log"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/plan"
)

// order is what a creating child is told on its standard input, as one line
// of JSON.
type order struct {
	Cluster    plan.Cluster `json:"cluster"`
	Kubeconfig string       `json:"kubeconfig"`
	// GPUImage is what nodes with GPUs run; empty: what all others do.
	GPUImage string `json:"gpuImage,omitempty"`
}

// notice is what a creating child tells on its standard output, a line of
// JSON each.
type notice struct {
	// Doing is what kind has begun: "Preparing nodes".
	Doing string `json:"doing,omitempty"`
	// Done is what it has finished.
	Done string `json:"done,omitempty"`
	// Warning is something that kind wants known.
	Warning string `json:"warning,omitempty"`
	// Error ends the child without success.
	Error string `json:"error,omitempty"`
	// Output is what a failed command of kind's printed.
	Output string `json:"output,omitempty"`
}

// preparing is kind's name for starting the node containers.
const preparing = "Preparing nodes"

// CreateMain is the whole life of the child that makes a cluster. kind is a
// library that cannot be cancelled, and runs programs of its own: so it runs
// in a process group that ends, all of it, when the parent closes the child's
// standard input or dies. It returns the exit code.
func CreateMain(stdin io.Reader, stdout io.Writer) int {
	lines := bufio.NewReader(stdin)
	out := json.NewEncoder(stdout)
	line, err := lines.ReadBytes('\n')
	if err != nil {
		return 1
	}
	var o order
	if err := json.Unmarshal(line, &o); err != nil {
		_ = out.Encode(notice{Error: fmt.Sprintf("read what to create: %v", err)})
		return 1
	}
	go func() {
		_, _ = io.Copy(io.Discard, lines)
		// The parent is gone or wants an end: take kind's commands along.
		killOwnGroup()
	}()
	logger := progressLogger{out: out}
	provider := cluster.NewProvider(cluster.ProviderWithDocker(), cluster.ProviderWithLogger(logger))
	err = provider.Create(o.Cluster.Name,
		cluster.CreateWithV1Alpha4Config(config(o.Cluster, o.GPUImage)),
		cluster.CreateWithKubeconfigPath(o.Kubeconfig),
		cluster.CreateWithRetain(true), // what failed is looked at first, then deleted by the parent
		cluster.CreateWithDisplayUsage(false),
		cluster.CreateWithDisplaySalutation(false),
	)
	if err != nil {
		_ = out.Encode(notice{Error: err.Error(), Output: output(err)})
		return 1
	}
	return 0
}

// config is the cluster as kind wants to hear it. Nodes with GPUs run the
// image for these, where there is one.
func config(c plan.Cluster, gpuImage string) *v1alpha4.Cluster {
	nodes := make([]v1alpha4.Node, c.Nodes)
	for i := range nodes {
		nodes[i] = v1alpha4.Node{Role: v1alpha4.WorkerRole, Image: c.Image}
		passOn(&nodes[i], c.GPU.Passing, i, gpuImage)
	}
	nodes[0].Role = v1alpha4.ControlPlaneRole
	nodes[0].ExtraPortMappings = mappings(c.Ports)
	result := &v1alpha4.Cluster{
		Name:  c.Name,
		Nodes: nodes,
		KubeadmConfigPatches: []string{
			// Logs are kept by our own store; the kubelet must not rotate a
			// line away before it has been read.
			"kind: KubeletConfiguration\ncontainerLogMaxSize: 64Mi\ncontainerLogMaxFiles: 5\n",
		},
	}
	result.Networking.APIServerAddress = plan.Localhost
	v1alpha4.SetDefaultsCluster(result)
	return result
}

func mappings(ports []env.PortRecord) []v1alpha4.PortMapping {
	list := make([]v1alpha4.PortMapping, len(ports))
	for i, port := range ports {
		list[i] = v1alpha4.PortMapping{
			ContainerPort: int32(port.Node), HostPort: int32(port.Host), //nolint:gosec // ports are below 65536
			ListenAddress: plan.Localhost, Protocol: v1alpha4.PortMappingProtocolTCP,
		}
	}
	return list
}

// output is what kind's failed command was and printed; kind's errors carry
// it without showing it.
func output(err error) string {
	run := exec.RunErrorForError(err)
	if run == nil {
		return ""
	}
	return run.PrettyCommand() + "\n" + string(run.Output)
}

// progressLogger turns kind's log lines into notices. kind marks a stage that
// it begins with a bullet and one that it ends with a tick or a cross.
type progressLogger struct{ out *json.Encoder }

func (l progressLogger) Warn(message string) { _ = l.out.Encode(notice{Warning: message}) }
func (l progressLogger) Warnf(format string, args ...any) {
	l.Warn(fmt.Sprintf(format, args...))
}
func (l progressLogger) Error(message string)              { l.Warn(message) }
func (l progressLogger) Errorf(format string, args ...any) { l.Warnf(format, args...) }
func (l progressLogger) V(level kindlog.Level) kindlog.InfoLogger {
	return infoLogger{progressLogger: l, enabled: level == 0}
}

type infoLogger struct {
	progressLogger
	enabled bool
}

func (l infoLogger) Enabled() bool { return l.enabled }

func (l infoLogger) Infof(format string, args ...any) { l.Info(fmt.Sprintf(format, args...)) }

func (l infoLogger) Info(message string) {
	if !l.enabled {
		return
	}
	message = strings.TrimSpace(message)
	if stage, ok := strings.CutPrefix(message, "•"); ok {
		_ = l.out.Encode(notice{Doing: stageName(stage)})
	} else if stage, ok := strings.CutPrefix(message, "✓"); ok {
		_ = l.out.Encode(notice{Done: stageName(stage)})
	}
}

// stageName is a stage without kind's ornaments.
func stageName(stage string) string {
	stage = strings.TrimSuffix(strings.TrimSpace(stage), "...")
	return strings.TrimFunc(stage, func(r rune) bool { return r > 0x2000 || r == ' ' })
}
