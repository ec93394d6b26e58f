package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// program is a binary and what it says of itself.
type program struct {
	binary  []byte
	version string
	time    time.Time // of the commit
}

// named is what a file of the release is called: "diorama_1.2.0_linux_arm64".
func (p program) named(what, platform string) string {
	return strings.Join([]string{what, strings.TrimPrefix(p.version, "v"), strings.ReplaceAll(platform, "/", "_")}, "_")
}

// build compiles a program of this module for a platform, static, and such
// that nothing of this machine gets into it.
func build(ctx context.Context, pkg, platform string) (program, error) {
	folder, err := os.MkdirTemp("", "diorama-release-")
	if err != nil {
		return program{}, err
	}
	defer os.RemoveAll(folder)
	out := filepath.Join(folder, filepath.Base(pkg))
	system, architecture, _ := strings.Cut(platform, "/")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w", "-o", out, pkg) //nolint:gosec // both are of the Makefile
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+architecture, "GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return program{}, fmt.Errorf("build %s for %s: %w", pkg, platform, err)
	}
	binary, err := os.ReadFile(out)
	if err != nil {
		return program{}, err
	}
	return described(binary)
}

// described reads a binary's version and the time of its commit from itself:
// what the archive's name says is what `diorama version` says.
func described(binary []byte) (program, error) {
	info, err := buildinfo.Read(bytes.NewReader(binary))
	if err != nil {
		return program{}, err
	}
	p := program{binary: binary, version: info.Main.Version}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.time" {
			if p.time, err = time.Parse(time.RFC3339, setting.Value); err != nil {
				return program{}, fmt.Errorf("read the time of the commit: %w", err)
			}
		}
	}
	if p.time.IsZero() {
		return program{}, fmt.Errorf("the binary does not know its commit (version %s): a release is built in a clone of the repository", p.version)
	}
	return p, nil
}
