// Package queuetest starts real brokers for tests, as containers.
package queuetest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/exec"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/diorama-dev/diorama/internal/image"
)

// startsWithin bounds how long a broker may take to listen: it ends a hang, for
// on a busy machine minutes are usual. Each strategy has a bound of its own, of
// a minute, beside the common one.
const startsWithin = 10 * time.Minute

// Spec is a broker to start.
type Spec struct {
	// Image is upstream's reference; DIORAMA_IMAGES may put another in its place.
	Image string
	Env   map[string]string
	Cmd   []string
	// Ports are those of the container, by the port of 127.0.0.1 where each is
	// published: see [FreePort].
	Ports map[int]int
	// Files are put into the container before it starts, by path.
	Files map[string]string
	// Small are folders on a file system of their own, with their size ("64m").
	Small map[string]string
	// Ready is the line of output that says that it is; empty: its ports listen.
	Ready string
}

// Broker is a running container.
type Broker struct{ testcontainers.Container }

// mostTries bounds how often another port is tried.
const mostTries = 10

// Start starts the broker that spec says and takes it away when the test ends.
// Where somebody has taken one of its ports meanwhile, spec is asked again, and
// is to choose others. It skips the test where no Docker answers.
func Start(tb testing.TB, spec func() Spec) Broker {
	tb.Helper()
	if why := os.Getenv("DIORAMA_E2E_NO_KIND"); why != "" { // .ci/e2e has looked
		tb.Skipf("left out: %s", why)
	}
	if err := dockerAnswers(tb.Context()); err != nil {
		tb.Skipf("left out: Docker does not answer: %v", err)
	}
	for try := 1; ; try++ {
		request := request(tb, spec())
		made, err := testcontainers.GenericContainer(tb.Context(), testcontainers.GenericContainerRequest{ContainerRequest: request, Started: true})
		testcontainers.CleanupContainer(tb, made)
		switch {
		case err == nil:
			return Broker{Container: made}
		case !taken(err) || try == mostTries:
			tb.Fatalf("start %s: %v", request.Image, err)
		}
	}
}

// taken reports whether a port is somebody else's by now: a program's, or a
// container's, of which Docker has words of its own.
func taken(err error) bool {
	return strings.Contains(err.Error(), "address already in use") || strings.Contains(err.Error(), "port is already allocated")
}

func request(tb testing.TB, s Spec) testcontainers.ContainerRequest {
	tb.Helper()
	request := testcontainers.ContainerRequest{
		Image: substituted(tb, s.Image), Env: s.Env, Cmd: s.Cmd,
		Labels: map[string]string{"diorama.dev/test": "queue"},
	}
	for path, content := range s.Files {
		request.Files = append(request.Files, testcontainers.ContainerFile{
			Reader: strings.NewReader(content), ContainerFilePath: path, FileMode: 0o644,
		})
	}
	published := make(network.PortMap, len(s.Ports))
	small := make(map[string]string, len(s.Small))
	for folder, size := range s.Small {
		small[folder] = "mode=1777,size=" + size
	}
	request.HostConfigModifier = func(c *container.HostConfig) { c.PortBindings, c.Tmpfs = published, small }
	var waits []wait.Strategy
	for host, inside := range s.Ports {
		port := strconv.Itoa(inside) + "/tcp"
		request.ExposedPorts = append(request.ExposedPorts, port)
		published[network.MustParsePort(port)] = []network.PortBinding{{HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: strconv.Itoa(host)}}
		waits = append(waits, wait.ForListeningPort(port).SkipInternalCheck().WithStartupTimeout(startsWithin), listens(inside))
	}
	if s.Ready != "" {
		waits = append(waits, wait.ForLog(s.Ready).WithStartupTimeout(startsWithin))
	}
	request.WaitingFor = wait.ForAll(waits...).WithDeadline(startsWithin)
	return request
}

// listens waits until a server in the container listens: Docker itself accepts
// what comes from outside before. [wait.ForListeningPort] can do so too, but
// asks without a pause, and takes the processor from the server.
func listens(port int) wait.Strategy {
	// In state 0A, TCP_LISTEN, on any address, proc_net_tcp(5).
	command := fmt.Sprintf("cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q ':%04X [0-9A-F]*:0000 0A '", port)
	return wait.ForExec([]string{"sh", "-c", command}).WithStartupTimeout(startsWithin).WithPollInterval(500 * time.Millisecond).
		WithExitCodeMatcher(func(code int) bool {
			return code == 0 || code == 126 || code == 127 // there is no shell to ask
		})
}

// Run runs a command in the broker's container and returns what it printed.
func (b Broker) Run(tb testing.TB, command ...string) string {
	tb.Helper()
	code, output, err := b.Exec(tb.Context(), command, exec.Multiplexed())
	if err != nil {
		tb.Fatalf("run %q: %v", command, err)
	}
	text, err := io.ReadAll(output)
	if err != nil {
		tb.Fatalf("read what %q printed: %v", command, err)
	}
	if code != 0 {
		tb.Fatalf("%q ended with %d:\n%s", command, code, text)
	}
	return string(text)
}

// CPU is the processor time that the container's processes have used so far.
func (b Broker) CPU(tb testing.TB) time.Duration {
	tb.Helper()
	var ticks int64
	for stat := range strings.Lines(b.Run(tb, "sh", "-c", "cat /proc/[0-9]*/stat")) {
		_, rest, _ := strings.Cut(stat, ") ") // the name before it may hold anything
		if fields := strings.Fields(rest); len(fields) > 12 {
			for _, field := range fields[11:13] { // utime and stime, proc(5)
				n, err := strconv.ParseInt(field, 10, 64)
				if err != nil {
					tb.Fatalf("read the processor time: %v", err)
				}
				ticks += n
			}
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond // USER_HZ is 100
}

// FreePort is a port of 127.0.0.1 that nobody listens on at this moment; later
// somebody may, so [Start] asks for its spec again.
func FreePort(tb testing.TB) int {
	tb.Helper()
	return FreePorts(tb, 1)[0]
}

// FreePorts are several, each another.
func FreePorts(tb testing.TB, n int) []int {
	tb.Helper()
	var config net.ListenConfig
	ports := make([]int, 0, n)
	for range n {
		listener, err := config.Listen(tb.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatalf("find a free port: %v", err)
		}
		defer listener.Close() // not before all are chosen
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

func dockerAnswers(ctx context.Context) error {
	provider, err := testcontainers.NewDockerProvider()
	if err != nil {
		return err
	}
	defer provider.Close()
	return provider.Health(ctx)
}

func substituted(tb testing.TB, reference string) string {
	tb.Helper()
	file := os.Getenv("DIORAMA_IMAGES")
	if file == "" {
		return reference
	}
	substitution, err := image.LoadSubstitution(file)
	if err != nil {
		tb.Fatal(err)
	}
	reference, err = substitution.Apply(reference)
	if err != nil {
		tb.Fatal(err)
	}
	return reference
}
