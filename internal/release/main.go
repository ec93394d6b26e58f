// Command release writes what a release consists of: an archive for each
// system, with the programs for clusters' nodes, the demo, and the sums of all. The same commit
// and toolchain give the same bytes. It is run in a clone, which is where
// binaries learn their version from; .ci/release makes one.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/diorama-dev/diorama/internal/cli"
	"github.com/diorama-dev/diorama/internal/image"
)

func main() {
	out := flag.String("out", "dist", "the folder to make and write to")
	flag.Parse()
	if err := release(context.Background(), *out, flag.Args()); err != nil { //nolint:forbidigo // this is main
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// release writes the release for the platforms, "linux/arm64" each.
func release(ctx context.Context, out string, platforms []string) error {
	if err := os.Mkdir(out, 0o755); err != nil {
		return err // what is there may be of an earlier release
	}
	inside := make(map[string]nodePrograms) // by the nodes' platform
	for _, platform := range platforms {
		program, err := build(ctx, "./cmd/diorama", platform)
		if err != nil {
			return err
		}
		node := nodesOf(platform)
		if _, built := inside[node]; !built {
			if inside[node], err = buildInside(ctx, node); err != nil {
				return err
			}
			if err := writeDemo(out, node, inside[node].demo); err != nil {
				return err
			}
		}
		if err := pack(out, platform, program, inside[node]); err != nil {
			return err
		}
	}
	return sums(out)
}

// nodePrograms are those that run inside nodes.
type nodePrograms struct{ demo, reader, gpu program }

func buildInside(ctx context.Context, platform string) (p nodePrograms, err error) {
	if p.demo, err = build(ctx, "./cmd/demo", platform); err != nil {
		return p, err
	}
	if p.reader, err = build(ctx, "./cmd/reader", platform); err != nil {
		return p, err
	}
	p.gpu, err = build(ctx, "./cmd/gpu", platform)
	return p, err
}

// nodesOf is the platform of nodes on a machine: containers run Linux, on the
// machine's own architecture.
func nodesOf(platform string) string {
	_, architecture, _ := strings.Cut(platform, "/")
	return "linux/" + architecture
}

// pack writes a platform's archive. The programs for nodes lie beside our own,
// which looks for them there.
func pack(out, platform string, own program, inside nodePrograms) error {
	files, err := contents(own)
	if err != nil {
		return err
	}
	name := own.named("diorama", platform)
	write, suffix, executable := tarGz, ".tar.gz", "diorama"
	if strings.HasPrefix(platform, "windows/") {
		write, suffix, executable = zipped, ".zip", "diorama.exe"
	}
	files = append(files,
		file{executable, 0o755, own.binary},
		file{image.PrebuiltName("diorama-demo", nodesOf(platform)), 0o755, inside.demo.binary},
		file{image.PrebuiltName("diorama-reader", nodesOf(platform)), 0o755, inside.reader.binary},
		file{image.PrebuiltName("diorama-gpu", nodesOf(platform)), 0o755, inside.gpu.binary})
	archive, err := write(name, files, own.time)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	fmt.Fprintln(os.Stderr, name+suffix)
	return os.WriteFile(filepath.Join(out, name+suffix), archive, 0o644)
}

// contents are what an archive holds beside the program.
func contents(program program) ([]file, error) {
	var files []file
	for _, name := range []string{"LICENSE", "README.md"} {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, file{name, 0o644, data})
	}
	completions, err := cli.Completions()
	if err != nil {
		return nil, err
	}
	for name, data := range completions {
		files = append(files, file{"completions/" + name, 0o644, data})
	}
	pages, err := cli.Manual(program.version, program.time)
	if err != nil {
		return nil, err
	}
	for name, data := range pages {
		files = append(files, file{"man/man1/" + name, 0o644, data})
	}
	return files, nil
}

// writeDemo writes the program that the image of the demo consists of.
func writeDemo(out, platform string, demo program) error {
	name := demo.named("diorama-demo", platform)
	fmt.Fprintln(os.Stderr, name)
	return os.WriteFile(filepath.Join(out, name), demo.binary, 0o755)
}
