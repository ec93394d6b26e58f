package diorama

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/diorama-dev/diorama/internal/compose"
	"github.com/diorama-dev/diorama/internal/credentials"
	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/image"
	"github.com/diorama-dev/diorama/internal/manifest"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/internal/runtime/kind"
	"github.com/diorama-dev/diorama/profiles"
	"github.com/diorama-dev/diorama/stacks"
)

// DefaultProfile is what `up` starts where nobody says otherwise.
const DefaultProfile = "streaming"

// resolved is a plan and what it was made from.
type resolved struct {
	plan        plan.Plan
	profile     profiles.Profile
	credentials credentials.Set
	folder      env.Folder
	engine      *docker.Engine
}

// Catalogue returns the stacks that there are for the working folder: the
// built-in ones and users' own.
func Catalogue(folder string) (stacks.Catalogue, error) {
	builtin, err := stacks.Builtin()
	if err != nil {
		return stacks.Catalogue{}, err
	}
	return builtin.WithFolders(stacks.UserFolders(folder, os.Getenv)...)
}

// Profiles returns where profiles are found from the working folder.
func Profiles(folder string) profiles.Library {
	return profiles.Library{WorkingFolder: folder, Folders: profiles.UserFolders(folder, os.Getenv)}
}

// UsageError says that what was asked for is not valid: exit code 2.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *UsageError) Unwrap() error { return e.Err }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return &UsageError{Err: err}
}

// loadProfile reads the profile that the options ask for.
func loadProfile(o Options) (profiles.Profile, stacks.Catalogue, error) {
	folder := o.Folder
	if folder == "" {
		var err error
		if folder, err = os.Getwd(); err != nil {
			return profiles.Profile{}, stacks.Catalogue{}, fmt.Errorf("find the working folder: %w", err)
		}
	}
	catalogue, err := Catalogue(folder)
	if err != nil {
		return profiles.Profile{}, stacks.Catalogue{}, usage(err)
	}
	name := o.Profile
	if name == "" {
		name = DefaultProfile
	}
	profile, err := Profiles(folder).Load(profiles.Request{Name: name, Overlays: o.Overlays, Set: o.Set, Catalogue: catalogue})
	return profile, catalogue, usage(err)
}

// runtimeOf decides where the profile runs.
func runtimeOf(o Options, profile profiles.Profile) (profiles.Runtime, error) {
	wanted := profile.Runtime
	if o.Runtime != "" {
		wanted = profiles.Runtime(o.Runtime)
	}
	switch wanted {
	case "", profiles.RuntimeAuto, profiles.RuntimeKind:
		return profiles.RuntimeKind, nil
	case profiles.RuntimeCluster, profiles.RuntimeContainers, profiles.RuntimeEmbedded:
		return "", usage(fmt.Errorf("the runtime %s is not there yet in this version; use kind", wanted))
	default:
		return "", usage(fmt.Errorf("there is no runtime %q; use kind", wanted))
	}
}

// resolve makes the plan of an environment. With save, credentials that are
// new are kept; without, nothing is written.
func resolve(ctx context.Context, o Options, save bool) (resolved, error) {
	profile, catalogue, err := loadProfile(o)
	if err != nil {
		return resolved{}, err
	}
	runtime, err := runtimeOf(o, profile)
	if err != nil {
		return resolved{}, err
	}
	substitution, err := substitution(o)
	if err != nil {
		return resolved{}, usage(err)
	}
	name := o.Name
	if name == "" {
		name = profile.Name
	}
	if err := ValidName(name); err != nil {
		return resolved{}, usage(err)
	}
	root, err := env.StateRoot(os.Getenv)
	if err != nil {
		return resolved{}, err
	}
	r := resolved{profile: profile, folder: env.FolderOf(root, name)}
	if r.credentials, err = credentialsOf(r.folder, profile, catalogue, save); err != nil {
		return resolved{}, err
	}
	if r.engine, err = docker.Open(ctx); err != nil {
		return resolved{}, err
	}
	in := plan.Input{
		Environment: name, Profile: profile, Runtime: runtime, Catalogue: catalogue,
		Credentials: r.credentials.All(), Substitute: substitution.Apply, Recreate: o.Recreate, Offline: o.Offline, LoadApp: loadApp,
		Program: programImage(r.engine), AppImage: appImage(name, r.engine),
	}
	if in.Record, err = recordOf(r.folder); err != nil {
		return resolved{}, err
	}
	if in.Host, err = host(ctx, r.engine, root, name); err != nil {
		return resolved{}, err
	}
	r.plan, err = plan.Resolve(ctx, in)
	return r, err
}

// substitution reads the file that substitutes images.
func substitution(o Options) (image.Substitution, error) {
	file := o.Images
	if file == "" {
		file = os.Getenv("DIORAMA_IMAGES")
	}
	if file == "" {
		return image.Substitution{}, nil
	}
	return image.LoadSubstitution(file)
}

func recordOf(folder env.Folder) (env.Record, error) {
	record, err := folder.ReadRecord()
	if errors.Is(err, os.ErrNotExist) {
		return env.Record{}, nil
	}
	return record, err
}

func credentialsOf(folder env.Folder, profile profiles.Profile, catalogue stacks.Catalogue, save bool) (credentials.Set, error) {
	var needs []credentials.Need
	for _, selection := range profile.Stacks {
		stack, err := catalogue.Lookup(selection.Stack)
		if err != nil {
			return credentials.Set{}, usage(err)
		}
		needs = append(needs, credentials.Need{
			Instance: selection.As, Credentials: stack.Credentials, Fixed: profile.Credentials[selection.As],
		})
	}
	if save {
		if err := folder.Make(); err != nil {
			return credentials.Set{}, err
		}
		return credentials.Ensure(string(folder), needs)
	}
	have, err := credentials.Load(string(folder))
	if err != nil {
		return credentials.Set{}, err
	}
	filled, _, err := have.Fill(needs, nil)
	return filled, err
}

func loadApp(ctx context.Context, app profiles.App, vars map[string]string) (compose.Project, error) {
	return compose.LoadApp(ctx, app.Name, app.Files, vars)
}

// programCache is where binaries of this module's programs are kept.
func programCache() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, "diorama", "programs")
}

func programImage(engine *docker.Engine) func(repository, pkg string) (string, error) {
	return func(repository, pkg string) (string, error) {
		return image.Program{Package: pkg, Repository: repository, Platform: engine.Platform()}.SourceReference()
	}
}

func appImage(environment string, engine *docker.Engine) func(context.Context, string, manifest.Build) (string, error) {
	return func(ctx context.Context, service string, build manifest.Build) (string, error) {
		return kind.AppBuild(environment, service, engine.Platform(), build).Reference(ctx)
	}
}

// host gathers what the plan must know of the machine. Ports that the
// environment's own cluster publishes do not count as taken; those of other
// environments do, also while these are stopped.
func host(ctx context.Context, engine *docker.Engine, root, name string) (plan.Host, error) {
	machine, err := kind.MachineOf(ctx, engine)
	if err != nil {
		return plan.Host{}, err
	}
	own, err := kind.Nodes(ctx, engine, plan.ClusterPrefix+name)
	if err != nil {
		return plan.Host{}, err
	}
	ours := make(map[int]bool)
	for _, node := range own {
		for _, port := range node.Ports {
			ours[port] = true
		}
	}
	reserved, err := reservedPorts(root, name)
	if err != nil {
		return plan.Host{}, err
	}
	taken := func(port int) (string, bool) {
		if other, ok := reserved[port]; ok {
			return "the environment " + other, true
		}
		if ours[port] || free(ctx, port) {
			return "", false
		}
		return owner(port), true
	}
	return plan.Host{Memory: machine.Memory, Arch: engine.Arch, Taken: taken}, nil
}

// reservedPorts are the ports that other environments hold.
func reservedPorts(root, name string) (map[int]string, error) {
	others, err := env.List(root)
	if err != nil {
		return nil, err
	}
	reserved := make(map[int]string)
	for _, other := range others {
		if other == name {
			continue
		}
		record, err := env.FolderOf(root, other).ReadRecord()
		if err != nil {
			return nil, err
		}
		for _, port := range record.Cluster.Ports {
			reserved[port.Host] = other
		}
	}
	return reserved, nil
}

// free reports whether nobody listens on the port of 127.0.0.1.
func free(ctx context.Context, port int) bool {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(plan.Localhost, strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}

// owner names who has the port.
func owner(int) string { return "another program" }

// build identifies this binary: an older keeper lets a newer one take over.
func build() (executable, id string, err error) {
	executable, err = os.Executable()
	if err != nil {
		return "", "", fmt.Errorf("find the program's own file: %w", err)
	}
	info, err := os.Stat(executable)
	if err != nil {
		return "", "", fmt.Errorf("find the program's own file: %w", err)
	}
	return executable, fmt.Sprintf("%s %d %d", filepath.Base(executable), info.Size(), info.ModTime().UnixNano()), nil
}
