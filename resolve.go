package diorama

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

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

// resolved is a plan and what it was made from.
type resolved struct {
	plan        plan.Plan
	wanted      wanted
	credentials credentials.Set
	// fresh is true when there are credentials that have not been saved yet.
	fresh  bool
	folder env.Folder
	engine *docker.Engine
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

// resolve makes the plan of an environment. It writes nothing.
func resolve(ctx context.Context, o Options) (resolved, error) {
	w, err := loadProfile(o)
	if err != nil {
		return resolved{}, err
	}
	runtime, err := runtimeOf(o, w.profile)
	if err != nil {
		return resolved{}, err
	}
	substitution, err := substitution(o)
	if err != nil {
		return resolved{}, usage(err)
	}
	name := cmp.Or(o.Name, w.profile.Name)
	if err := ValidName(name); err != nil {
		return resolved{}, usage(err)
	}
	root, err := env.StateRoot(os.Getenv)
	if err != nil {
		return resolved{}, err
	}
	r := resolved{wanted: w, folder: env.FolderOf(root, name)}
	if err := joinApps(r.folder, &w.profile); err != nil {
		return resolved{}, err
	}
	if r.credentials, r.fresh, err = credentialsOf(r.folder, w.profile, w.catalogue); err != nil {
		return resolved{}, err
	}
	if r.engine, err = docker.Open(ctx); err != nil {
		return resolved{}, err
	}
	in := plan.Input{
		Environment: name, Profile: w.profile, Runtime: runtime, Catalogue: w.catalogue,
		Credentials: r.credentials.All(), Substitute: substitution.Apply, Recreate: o.Recreate, RecreateData: o.RecreateData, Offline: o.Offline, LoadApp: loadApp,
		Program: programImage(r.engine), AppImage: appImage(name, r.engine),
	}
	if err := r.plans(ctx, in, root); err != nil {
		return resolved{}, errors.Join(err, r.engine.Close())
	}
	return r, nil
}

// plans completes the input with what is known of the environment and the
// machine, and makes the plan of it.
func (r *resolved) plans(ctx context.Context, in plan.Input, root string) (err error) {
	if in.Record, err = recordOf(r.folder); err != nil {
		return err
	}
	if in.Host, err = host(ctx, r.engine, root, in.Environment); err != nil {
		return err
	}
	r.plan, err = plan.Resolve(ctx, in)
	return err
}

// keepCredentials saves credentials that the plan made.
func (r *resolved) keepCredentials() error {
	if err := r.folder.Make(); err != nil || !r.fresh {
		return err
	}
	return credentials.Save(string(r.folder), r.credentials)
}

// substitution reads the file that substitutes images: the one of the options,
// else $DIORAMA_IMAGES, else images.yaml in the user's configuration.
func substitution(o Options) (image.Substitution, error) {
	if file := cmp.Or(o.Images, os.Getenv("DIORAMA_IMAGES")); file != "" {
		return image.LoadSubstitution(file)
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return image.Substitution{}, nil //nolint:nilerr // a user without a configuration
	}
	file := filepath.Join(config, "diorama", "images.yaml")
	if _, err := os.Stat(file); err != nil {
		return image.Substitution{}, nil //nolint:nilerr // a user without such a file
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

func credentialsOf(folder env.Folder, profile profiles.Profile, catalogue stacks.Catalogue) (set credentials.Set, fresh bool, err error) {
	var needs []credentials.Need
	for _, selection := range profile.Stacks {
		stack, err := catalogue.Lookup(selection.Stack)
		if err != nil {
			return credentials.Set{}, false, usage(err)
		}
		needs = append(needs, credentials.Need{
			Instance: selection.As, Credentials: stack.Credentials, Fixed: profile.Credentials[selection.As],
		})
	}
	have, err := credentials.Load(string(folder))
	if err != nil {
		return credentials.Set{}, false, err
	}
	return have.Fill(needs, nil)
}

func loadApp(ctx context.Context, app profiles.App, vars map[string]string) (compose.Project, error) {
	project, err := compose.LoadApp(ctx, app.Name, app.Files, vars)
	return project, usage(err) // its files are the user's
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
