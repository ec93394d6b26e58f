package image

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// Program is a Go program of this module that is to run inside nodes.
type Program struct {
	Package string // its import path
	// Repository is what its image is called, for example
	// "diorama.local/demo".
	Repository string
	// Platform is that of the nodes, for example "linux/arm64".
	Platform string
	// Args are put before those of a Pod: the image's entrypoint is the
	// program followed by them.
	Args []string
	// Cache is the folder, an absolute path, where binaries are kept between builds, so that
	// one that is up to date is not linked again.
	Cache string
	// Reference is the image's tag, see [Program.SourceReference]; empty: one
	// made of the binary's hash.
	Reference string
	// Folder is the module's root; empty: this module, wherever it is found.
	Folder string
	// Prebuilt is the binary, where it has been built before: releases have it
	// beside their own. Empty: it is compiled.
	Prebuilt string
}

// PrebuiltName is what a program for nodes is called in a release.
func PrebuiltName(program, platform string) string {
	return program + "-" + strings.ReplaceAll(platform, "/", "-")
}

// Binary is a program that was compiled.
type Binary struct {
	Path string
	// Reference is the tag of its image, made of the binary's hash.
	Reference string
}

// Compile builds the program's binary with the local Go toolchain: static,
// for the nodes' platform, and the same bytes for the same source. A program
// that cannot be built is a [*GoError].
func (h *Host) Compile(ctx context.Context, p Program) (Binary, error) {
	if p.Prebuilt != "" {
		return described(p, p.Prebuilt)
	}
	from := source{folder: p.Folder}
	if p.Folder == "" {
		found, err := findSource()
		if err != nil {
			return Binary{}, &GoError{Package: p.Package, Reason: NoSource, Detail: err.Error()}
		}
		from = found
	}
	tool, err := exec.LookPath("go")
	if err != nil {
		return Binary{}, &GoError{Package: p.Package, Reason: NoToolchain, Detail: "go is not on PATH"}
	}
	out := filepath.Join(p.Cache, strings.ReplaceAll(p.Platform, "/", "-"), path.Base(p.Package))
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return Binary{}, fmt.Errorf("keep the binary of %s: %w", p.Package, err)
	}
	if from.folder != "" {
		err = h.goTool(ctx, p, tool, from.folder, "build", "-o", out)
	} else {
		err = h.goInstall(ctx, p, tool, from.version, out)
	}
	if err != nil {
		return Binary{}, err
	}
	return described(p, out)
}

func described(p Program, file string) (Binary, error) {
	if p.Reference != "" {
		return Binary{Path: file, Reference: p.Reference}, nil
	}
	opened, err := os.Open(file)
	if err != nil {
		return Binary{}, fmt.Errorf("read the binary of %s: %w", p.Package, err)
	}
	defer opened.Close()
	sum := sha256.New()
	// What the image says beside the binary is part of what it is.
	fmt.Fprintf(sum, "%q %q\n", p.Platform, p.Args)
	if _, err := io.Copy(sum, opened); err != nil {
		return Binary{}, fmt.Errorf("read the binary of %s: %w", p.Package, err)
	}
	ref, err := Normalise(fmt.Sprintf("%s:%x", p.Repository, sum.Sum(nil)[:6]))
	return Binary{Path: file, Reference: ref}, err
}

// goTool runs the toolchain in a folder, with the options that make the same
// bytes everywhere.
func (h *Host) goTool(ctx context.Context, p Program, tool, folder string, verb ...string) error {
	args := append(verb, "-trimpath", "-buildvcs=false", "-ldflags=-s -w", p.Package)
	// Where the toolchain works beside its output, it puts that in place whole.
	return h.goRun(ctx, p, tool, folder, []string{"GOTMPDIR=" + p.Cache}, args...)
}

// goInstall builds a released version. GOBIN cannot be used for another
// platform, hence a GOPATH of its own, with the user's module cache.
func (h *Host) goInstall(ctx context.Context, p Program, tool, version, out string) error {
	folder, err := os.MkdirTemp(p.Cache, "install-")
	if err != nil {
		return fmt.Errorf("build %s: %w", p.Package, err)
	}
	defer os.RemoveAll(folder)
	cache, err := exec.CommandContext(ctx, tool, "env", "GOMODCACHE").Output()
	if err != nil {
		return &GoError{Package: p.Package, Reason: NoToolchain, Detail: "go env: " + err.Error()}
	}
	extra := []string{"GOPATH=" + folder, "GOMODCACHE=" + strings.TrimSpace(string(cache)), "GOBIN="}
	args := []string{"install", "-trimpath", "-ldflags=-s -w", p.Package + "@" + version}
	if err := h.goRun(ctx, p, tool, folder, extra, args...); err != nil {
		return err
	}
	name := path.Base(p.Package)
	for _, place := range []string{filepath.Join("bin", name), filepath.Join("bin", strings.ReplaceAll(p.Platform, "/", "_"), name)} {
		if err := os.Rename(filepath.Join(folder, place), out); err == nil {
			return nil
		}
	}
	return &GoError{Package: p.Package, Reason: BuildFailed, Detail: "go install put no binary where it was expected"}
}

func (h *Host) goRun(ctx context.Context, p Program, tool, folder string, extra []string, args ...string) error {
	goos, goarch, _ := strings.Cut(p.Platform, "/")
	goarch, _, _ = strings.Cut(goarch, "/")
	command := exec.CommandContext(ctx, tool, args...)
	command.Dir = folder
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch, "GOFLAGS=", "GOWORK=off")
	if h.offline {
		command.Env = append(command.Env, "GOPROXY=off", "GOTOOLCHAIN=local")
	}
	command.Env = append(command.Env, extra...)
	command.WaitDelay = 5 * time.Second
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	err := command.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("build %s: %w", p.Package, context.Cause(ctx))
	default:
		return &GoError{Package: p.Package, Reason: BuildFailed, Detail: lastOf(said.String(), err)}
	}
}

func lastOf(said string, err error) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	lines = lines[max(0, len(lines)-lastLines):]
	return errors.Join(err, errors.New(strings.Join(lines, "\n"))).Error()
}
