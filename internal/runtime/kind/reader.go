package kind

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/image"
	"github.com/diorama-dev/diorama/internal/logs/intake"
)

const (
	// readerPackage is the program that reads log files inside the nodes.
	readerPackage = "github.com/diorama-dev/diorama/cmd/reader"
	// readerFolder is in a node's own file system, whatever its image holds.
	readerFolder = "/usr/local/bin"
	// Pauses before a reader that has ended is started again.
	readerRetry    = 250 * time.Millisecond
	readerRetryMax = 5 * time.Second
	// readerTries is how often in a row a reader may end in a node that runs,
	// each time before it has lasted for readerLasts, before logs are read in
	// another way.
	readerTries = 5
	readerLasts = 10 * time.Second
)

// LogFiles say how the log files inside the nodes are read. The zero value is
// that they are not.
type LogFiles struct {
	// Intake takes in what the readers send.
	Intake *intake.Intake
	// Prebuilt is the reader's binary, where there is one; empty: it is
	// compiled.
	Prebuilt string
	// Follow has the containers' output followed through [Runtime.Logs], since
	// the files cannot be read.
	Follow func(why error)
	// Report is told why a reader ended, once for each new reason. Nil: nobody
	// is.
	Report func(error)
}

// readLogs has a reader run in each node until the context ends. Where that is
// not possible, it ends all of them and says why.
func (r *Runtime) readLogs(ctx context.Context) {
	if r.options.Files.Intake == nil {
		return
	}
	err := errNamespaces
	for errors.Is(err, errNamespaces) && ctx.Err() == nil {
		err = r.readNodes(ctx)
	}
	if err != nil && ctx.Err() == nil {
		follow := r.options.Files.Follow
		// For good: what is followed must not be read as well, also where the
		// cluster is made anew, for each line would be stored twice.
		r.options.Files = LogFiles{}
		follow(err)
	}
}

// errNamespaces ends readers, since Pods of other namespaces are to be read too.
var errNamespaces = errors.New("other namespaces are to be read")

func (r *Runtime) readNodes(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.mu.Lock()
	images, p := r.images, r.plan
	r.reread = func() { cancel(errNamespaces) }
	r.mu.Unlock()
	compiled, err := images.Compile(ctx, image.Program{
		Package: readerPackage, Repository: "diorama.local/reader", Platform: r.options.Engine.Platform(),
		Cache: r.options.Cache, Prebuilt: r.options.Files.Prebuilt,
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	binary, err := os.ReadFile(compiled.Path)
	if err != nil {
		return fmt.Errorf("read the log reader's binary: %w", err)
	}
	nodes, err := awaitNodes(ctx, r.options.Engine, p.Cluster.Name)
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	for _, node := range nodes {
		reader := nodeReader{
			engine: r.options.Engine, intake: r.options.Files.Intake, namespaces: strings.Join(p.Namespaces(), " "), node: node.Name, binary: binary,
			report: r.options.Files.Report,
		}
		all.Go(func() { cancel(reader.keep(ctx)) })
	}
	all.Wait()
	return context.Cause(ctx)
}

// awaitNodes lists the nodes, for as long as it takes Docker to answer. Its error
// is the context's cause.
func awaitNodes(ctx context.Context, engine *docker.Engine, cluster string) ([]Node, error) {
	for pause := readerRetry; ; pause = min(2*pause, readerRetryMax) {
		nodes, err := Nodes(ctx, engine, cluster)
		if err == nil {
			return nodes, nil
		}
		if !paused(ctx, pause) {
			return nil, context.Cause(ctx) // what Docker said then is only that
		}
	}
}

// paused waits and reports whether the context lasts.
func paused(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// nodeReader has the reader run in one node.
type nodeReader struct {
	engine     *docker.Engine
	intake     *intake.Intake
	namespaces string // with spaces between
	node       string
	binary     []byte
	report     func(error) // nil: nobody is told
}

// path depends on the binary, so that an older one is never taken for it.
func (n nodeReader) path() string {
	sum := sha256.Sum256(n.binary)
	return path.Join(readerFolder, fmt.Sprintf("diorama-reader-%x", sum[:5]))
}

// keep has the reader run, and again whenever it ends with its node, until the
// context ends. An error is that of a reader that cannot be started.
func (n nodeReader) keep(ctx context.Context) error {
	pause, ended := readerRetry, endings{report: n.report}
	for {
		began := time.Now()
		err := n.run(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		life := time.Since(began)
		if life >= readerLasts {
			pause = readerRetry
		}
		if ended.tooOften(n.running(ctx), life, err) {
			return fmt.Errorf("read the log files of node %s: %w", n.node, err)
		}
		if !paused(ctx, pause) {
			return context.Cause(ctx)
		}
		pause = min(2*pause, readerRetryMax)
	}
}

// endings are how a node's readers have ended.
type endings struct {
	report   func(error)
	reported string
	failures int // in a row
}

// tooOften takes in that a reader has ended, after it lived for so long in a
// node that still runs or does not, and reports whether another one is of no
// use.
func (e *endings) tooOften(running bool, life time.Duration, err error) bool {
	switch {
	case !running: // the node is asleep
		e.failures = 0
		return false
	case life >= readerLasts && !errors.Is(err, intake.ErrVersion):
		e.failures = 0
	default:
		e.failures++
	}
	if text := err.Error(); text != e.reported {
		e.reported = text
		if e.report != nil {
			e.report(err)
		}
	}
	return e.failures >= readerTries
}

func (n nodeReader) running(ctx context.Context) bool {
	inspected, err := n.engine.Client.ContainerInspect(ctx, n.node)
	return err == nil && inspected.State != nil && inspected.State.Running
}

// run is one life of the reader; its error is never nil.
func (n nodeReader) run(ctx context.Context) error {
	if err := n.install(ctx); err != nil {
		return err
	}
	command, err := attach(ctx, n.engine, n.node, n.path())
	if err != nil {
		return err
	}
	defer command.Close()
	stop := context.AfterFunc(ctx, func() { command.Close() })
	defer stop()
	err = n.intake.Take(ctx, n.namespaces, command, command)
	if text := strings.TrimSpace(string(command.stderr)); text != "" {
		err = errors.Join(err, errors.New(text))
	}
	if err == nil {
		err = errors.New("the reader ended")
	}
	return err
}

// install puts the binary into the node, where it is not there yet.
func (n nodeReader) install(ctx context.Context) error {
	place := n.path()
	if stat, err := n.engine.Client.ContainerStatPath(ctx, n.node, place); err == nil && stat.Size == int64(len(n.binary)) {
		return nil
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: path.Base(place), Mode: 0o755, Size: int64(len(n.binary))})
	if err == nil {
		_, err = w.Write(n.binary)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("pack the log reader: %w", err)
	}
	if err := n.engine.Client.CopyToContainer(ctx, n.node, path.Dir(place), &archive, container.CopyToContainerOptions{}); err != nil {
		return fmt.Errorf("put the log reader into node %s: %w", n.node, err)
	}
	return nil
}
