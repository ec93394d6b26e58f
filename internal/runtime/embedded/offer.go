package embedded

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/fetch"
	"github.com/diorama-dev/diorama/internal/plan"
)

// Host is what servers can be found or fetched on.
type Host struct {
	// Cache keeps what was fetched, and Maven is where it comes from.
	Cache fetch.Cache
	Maven fetch.Maven
	// Path is where programs are looked for, as in $PATH.
	Path string
}

// MissingError says that the host has no program for a kind of server.
type MissingError struct {
	Kind     string
	Programs []string
	Err      error // why it cannot be fetched either; nil where nothing can be
}

func (e *MissingError) Error() string {
	message := "there is no " + strings.Join(e.Programs, " or ") + " on PATH"
	if e.Err != nil {
		return message + ", and it cannot be fetched: " + e.Err.Error()
	}
	return message + "; install it, or start Docker"
}

// Unwrap returns why it cannot be fetched.
func (e *MissingError) Unwrap() error { return e.Err }

// Offer says how a kind of server would run here.
func (h Host) Offer(ctx context.Context, kind string) (plan.Offer, error) {
	r, err := recipeOf(kind)
	if err != nil {
		return plan.Offer{}, err
	}
	if kind == plan.KindProgram {
		return plan.Offer{Server: env.Server{Form: env.FormBinary}, Memory: r.imitationMemory}, nil
	}
	if path := h.find(r); path != "" {
		return plan.Offer{
			Server: env.Server{Form: env.FormBinary, Version: r.versionOf(ctx, path)}, Program: path, Memory: r.memory,
		}, nil
	}
	if r.imitation {
		return plan.Offer{
			Server: env.Server{Form: env.FormImitation, Limits: slices.Clone(r.limits)}, Memory: r.imitationMemory,
		}, nil
	}
	missing := &MissingError{Kind: kind}
	for _, p := range r.programs {
		missing.Programs = append(missing.Programs, p.name)
	}
	if kind != "postgres" {
		return plan.Offer{}, missing
	}
	offer, err := h.fetched(r)
	if err != nil {
		missing.Err = err
		return plan.Offer{}, missing
	}
	return offer, nil
}

// release is the PostgreSQL that is fetched for this machine.
func (h Host) release() (fetch.Release, error) { return h.Maven.Postgres(fetch.Host()) }

// titled is what a release is called in a plan.
func titled(r fetch.Release) string { return "PostgreSQL " + r.Version }

// binary is the release's server, where the cache has it.
func (h Host) binary(r fetch.Release) (path string, ok bool) {
	folder, ok := h.Cache.Installed(r)
	return filepath.Join(folder, "bin", "postgres"+suffix()), ok
}

// fetched offers PostgreSQL as it is fetched, or has been.
func (h Host) fetched(r recipe) (plan.Offer, error) {
	release, err := h.release()
	if err != nil {
		return plan.Offer{}, err
	}
	offer := plan.Offer{Server: env.Server{Form: env.FormBinary, Version: titled(release)}, Memory: r.memory}
	if path, ok := h.binary(release); ok {
		offer.Program = path
		return offer, nil
	}
	if h.Cache.Offline {
		return plan.Offer{}, fmt.Errorf("offline, and %s is not in %s", titled(release), h.Cache.Folder)
	}
	offer.Fetch = titled(release)
	return offer, nil
}

func suffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// usualPlaces are where packages put servers that they keep off PATH.
func usualPlaces() []string {
	return []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin",
		"/usr/local/opt/postgresql@*/bin", "/usr/lib/rabbitmq/bin", "/opt/homebrew/opt/rabbitmq/sbin",
		"/usr/local/opt/rabbitmq/sbin", "/opt/homebrew/bin", "/usr/local/sbin", "/usr/sbin",
	}
}

// find returns the first program of the recipe that is here, on PATH or where
// packages put it; "" where there is none.
func (h Host) find(r recipe) string {
	folders := filepath.SplitList(h.Path)
	for _, pattern := range usualPlaces() {
		found, err := filepath.Glob(pattern)
		if err == nil {
			slices.SortFunc(found, func(a, b string) int { return newerFirst(a, b) })
			folders = append(folders, found...)
		}
	}
	for _, p := range r.programs {
		for _, folder := range folders {
			if path := p.in(folder); path != "" {
				return path
			}
		}
	}
	return ""
}

var digits = regexp.MustCompile(`\d+`)

// newerFirst sorts folders by the version in their names, the newest first.
func newerFirst(a, b string) int {
	pad := func(s string) string {
		return digits.ReplaceAllStringFunc(s, func(n string) string { return fmt.Sprintf("%08s", n) })
	}
	return strings.Compare(pad(b), pad(a))
}

// in returns the program's file in the folder; "" where it is not there with
// all that belongs to it. A link stays one, since a file can be several
// programs by its name, unless what belongs to it lies beside the file itself.
func (p program) in(folder string) string {
	if !filepath.IsAbs(folder) {
		return ""
	}
	path, err := exec.LookPath(filepath.Join(folder, p.name+suffix()))
	if err != nil || p.refuse != nil && p.refuse(path) {
		return ""
	}
	if len(p.beside) == 0 {
		return path
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return ""
	}
	for _, name := range p.beside {
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), name+suffix())); err != nil {
			return ""
		}
	}
	return path
}

// versionWithin bounds how long a program may take to say its version.
const versionWithin = 3 * time.Second

// versionOf is what a program says of itself: "PostgreSQL 15.18". One that
// does not say is no reason against it.
func (r recipe) versionOf(ctx context.Context, path string) string {
	if r.version != nil {
		return r.version(ctx, path)
	}
	ctx, cancel := context.WithTimeout(ctx, versionWithin)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "--version").Output() //nolint:gosec // found by us
	if err != nil {
		return ""
	}
	return named(string(out))
}

// named finds a server's name and number in what it says of itself.
func named(said string) string {
	number := regexp.MustCompile(`\d+\.\d+(\.\d+)?`).FindString(said)
	if number == "" {
		return ""
	}
	lower := strings.ToLower(said)
	for _, name := range []string{"PostgreSQL", "Valkey", "Redis", "memcached", "MariaDB", "MySQL"} {
		if strings.Contains(lower, strings.ToLower(name)) {
			return name + " " + number
		}
	}
	return number
}
