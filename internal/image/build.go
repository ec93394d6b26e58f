package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// BuiltDomain is the registry that images built here are named after. It does
// not exist: nobody can pull from it or push to it by mistake.
const BuiltDomain = "diorama.local"

// Build is how a service of the user's own is built.
type Build struct {
	Environment string
	Service     string
	// Context is the folder that the build sees.
	Context string
	// Dockerfile is a path, relative to Context; empty: "Dockerfile".
	Dockerfile string
	// Inline is the Dockerfile's text, where it is not in a file.
	Inline string
	Args   map[string]string
	Target string // the stage to build; empty: the last
	// Platform is that of the nodes, for example "linux/arm64"; empty: the
	// engine's own.
	Platform string
	// Network is that of the build's RUN lines; empty: Docker's default.
	Network string
}

// Reference is the tag of what the build makes: a hash of all that goes in,
// so that an image by that tag need not be built again and Pods change when
// their source does. What the build fetches by itself, base images among it,
// is not part of the hash.
func (b Build) Reference(ctx context.Context) (string, error) {
	if remote(b.Context) {
		return "", fmt.Errorf("build context %s of %s: only folders can be built; clone it and name the folder", b.Context, b.Service)
	}
	hash, err := b.hash(ctx)
	if err != nil {
		return "", fmt.Errorf("read the build context of %s: %w", b.Service, err)
	}
	repository := strings.ToLower(BuiltDomain + "/" + b.Environment + "/" + b.Service)
	return Normalise(repository + ":" + hash[:12])
}

func (b Build) dockerfile() string {
	switch {
	case b.Dockerfile == "":
		return filepath.Join(b.Context, "Dockerfile")
	case filepath.IsAbs(b.Dockerfile):
		return b.Dockerfile
	default:
		return filepath.Join(b.Context, b.Dockerfile)
	}
}

// BuildError says that a build ended with an error.
type BuildError struct {
	Service string
	// Output is the last of what the build said.
	Output []string
	Err    error
}

// Error has the build's last lines.
func (e *BuildError) Error() string {
	text := fmt.Sprintf("build %s: %v; mend its Dockerfile, or try by hand with: docker build", e.Service, e.Err)
	if len(e.Output) > 0 {
		text += "\n  " + strings.Join(e.Output, "\n  ")
	}
	return text
}

// Unwrap returns how the docker command ended.
func (e *BuildError) Unwrap() error { return e.Err }

// BuildApp has the build's image in the host's cache, building it where it is
// not there by that tag. Progress takes the builder's lines.
//
// It is the docker command that builds, not its API: the command chooses
// between BuildKit and the classic builder by what both it and the engine
// have, and knows the user's credentials, proxies and ignore files. kind
// needs that command anyway.
func (h *Host) BuildApp(ctx context.Context, b Build, progress func(line string)) (Info, Outcome, error) {
	ref, err := b.Reference(ctx)
	if err != nil {
		return Info{}, "", err
	}
	info, err := h.Inspect(ctx, ref)
	switch {
	case err == nil:
		return info, Unchanged, nil
	case !absent(err):
		return Info{}, "", err
	case h.offline:
		return Info{}, "", &Error{Ref: ref, Problem: Offline, Detail: "it is not built yet, and a build may dial out"}
	}
	if err := h.dockerBuild(ctx, b, ref, progress); err != nil {
		return Info{}, "", err
	}
	info, err = h.Inspect(ctx, ref)
	return info, Built, err
}

func (h *Host) dockerBuild(ctx context.Context, b Build, ref string, progress func(line string)) error {
	parsed, err := Parse(ref)
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, "docker", b.arguments(parsed.Familiar())...)
	command.Env = b.environ(h.engine.Endpoint.Environ(os.Environ()))
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGINT) }
	command.WaitDelay = 5 * time.Second
	if b.Inline != "" {
		command.Stdin = strings.NewReader(b.Inline)
	}
	lines := &lineWriter{each: progress}
	command.Stdout, command.Stderr = lines, lines
	err = command.Run()
	lines.flush()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("build %s: %w", b.Service, context.Cause(ctx))
	case errors.Is(err, exec.ErrNotFound):
		return &BuildError{Service: b.Service, Err: errors.New("the docker command is not on PATH; install it (https://docs.docker.com/get-docker/)")}
	default:
		return &BuildError{Service: b.Service, Output: lines.last, Err: err}
	}
}

// arguments are those of the docker command. Build arguments go by name only:
// their values may be secret, and arguments of processes are not.
func (b Build) arguments(tag string) []string {
	args := []string{"build", "--tag", tag}
	if b.Inline != "" {
		args = append(args, "--file", "-")
	} else {
		args = append(args, "--file", b.dockerfile())
	}
	for _, name := range b.names() {
		args = append(args, "--build-arg", name)
	}
	for _, option := range []struct{ flag, value string }{
		{"--target", b.Target}, {"--platform", b.Platform}, {"--network", b.Network},
	} {
		if option.value != "" {
			args = append(args, option.flag, option.value)
		}
	}
	return append(args, b.Context)
}

func (b Build) environ(base []string) []string {
	out := append(slices.Clone(base), "BUILDKIT_PROGRESS=plain")
	for _, name := range b.names() {
		out = append(out, name+"="+b.Args[name])
	}
	return out
}

func (b Build) names() []string {
	names := make([]string, 0, len(b.Args))
	for name := range b.Args {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// lastLines is how much of a build's output its error has.
const lastLines = 20

// lineWriter cuts what is written to it into lines.
type lineWriter struct {
	each    func(string)
	partial []byte
	last    []string
}

// Write never fails.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.partial = append(w.partial, p...)
	for {
		end := slices.IndexFunc(w.partial, func(b byte) bool { return b == '\n' || b == '\r' })
		if end < 0 {
			return len(p), nil
		}
		w.line(string(w.partial[:end]))
		w.partial = w.partial[end+1:]
	}
}

func (w *lineWriter) flush() {
	w.line(string(w.partial))
	w.partial = nil
}

func (w *lineWriter) line(text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	w.last = append(w.last, text)
	w.last = w.last[max(0, len(w.last)-lastLines):]
	if w.each != nil {
		w.each(text)
	}
}
