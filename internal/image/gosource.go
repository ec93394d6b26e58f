package image

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"golang.org/x/mod/modfile"
)

// modulePath is this module's.
const modulePath = "github.com/diorama-dev/diorama"

// GoReason is why a Go program could not be built.
type GoReason string

// The reasons.
const (
	NoToolchain GoReason = "no Go toolchain"
	NoSource    GoReason = "no source"
	BuildFailed GoReason = "build failed"
)

// GoError says why a Go program could not be built. With [NoToolchain] and
// [NoSource] the host lacks something; whatever needs the program is left out.
type GoError struct {
	Package string
	Reason  GoReason
	Detail  string
}

// Error is the reason, what was seen and the remedy.
func (e *GoError) Error() string {
	return fmt.Sprintf("build %s: %s: %s; %s", e.Package, e.Reason, e.Detail, e.Remedy())
}

// Remedy is what a person can do about it.
func (e *GoError) Remedy() string {
	switch e.Reason {
	case NoToolchain:
		return "install Go (https://go.dev/dl) or leave this out of the profile"
	case NoSource:
		return "install a released version, or run from a clone of the source"
	default:
		return "try it by hand with: go build " + e.Package
	}
}

// source is where this module's packages come from: a folder, or a version
// that the module proxy has.
type source struct {
	folder  string
	version string
}

// findSource prefers the tree that this binary was built from, then the one
// that the process stands in, then the version that the binary says it is.
func findSource() (source, error) {
	var candidates []string
	if _, file, _, ok := runtime.Caller(0); ok {
		candidates = append(candidates, filepath.Dir(file))
	}
	if folder, err := os.Getwd(); err == nil {
		candidates = append(candidates, folder)
	}
	for _, folder := range candidates {
		if root, found := moduleRoot(folder); found {
			return source{folder: root}, nil
		}
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return source{}, errors.New("this binary does not say what it was built from")
	}
	return versionOf(info)
}

func versionOf(info *debug.BuildInfo) (source, error) {
	for _, module := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if module.Path != modulePath {
			continue
		}
		switch v := module.Version; {
		case v == "" || v == "(devel)" || strings.Contains(v, "+dirty"):
			return source{}, fmt.Errorf("this binary was built from a tree that is not here (version %q)", v)
		default:
			return source{version: v}, nil
		}
	}
	return source{}, errors.New("this binary does not say which version it is")
}

// moduleRoot is the folder above or at this one that holds this module.
func moduleRoot(folder string) (string, bool) {
	if !filepath.IsAbs(folder) {
		return "", false // a binary built with -trimpath
	}
	for {
		data, err := os.ReadFile(filepath.Join(folder, "go.mod"))
		if err == nil {
			return folder, modfile.ModulePath(data) == modulePath
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", false
		}
		folder = parent
	}
}
