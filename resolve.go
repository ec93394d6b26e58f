package diorama

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"

	"github.com/diorama-dev/diorama/internal/chart"
	"github.com/diorama-dev/diorama/internal/compose"
	"github.com/diorama-dev/diorama/internal/credentials"
	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/fetch"
	"github.com/diorama-dev/diorama/internal/image"
	"github.com/diorama-dev/diorama/internal/manifest"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/internal/runtime/embedded"
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
	choice choice
}

// close lets go of what was opened on the way.
func (r resolved) close() error { return r.choice.close() }

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
	name := cmp.Or(o.Name, w.profile.Name)
	if err := ValidName(name); err != nil {
		return resolved{}, usage(err)
	}
	root, err := env.StateRoot(os.Getenv)
	if err != nil {
		return resolved{}, err
	}
	r := resolved{wanted: w, folder: env.FolderOf(root, name)}
	record, err := recordOf(r.folder)
	if err != nil {
		return resolved{}, err
	}
	if r.choice, err = choose(ctx, o, w.profile, record); err != nil {
		return resolved{}, err
	}
	if err := r.plans(ctx, o, name, record, root); err != nil {
		return resolved{}, errors.Join(err, r.close())
	}
	return r, nil
}

// plans gathers what is known of the environment and the machine, and makes
// the plan of it.
func (r *resolved) plans(ctx context.Context, o Options, name string, record env.Record, root string) error {
	profile := r.wanted.profile
	substitution, err := substitution(o)
	if err != nil {
		return usage(err)
	}
	if err := joinApps(r.folder, &profile); err != nil {
		return err
	}
	if r.credentials, r.fresh, err = credentialsOf(r.folder, profile, r.wanted.catalogue); err != nil {
		return err
	}
	in := plan.Input{
		Environment: name, Profile: profile, Runtime: r.choice.runtime, Catalogue: r.wanted.catalogue, Record: record,
		Credentials: r.credentials.All(), Substitute: substitution.Apply, Recreate: o.Recreate, RecreateData: o.RecreateData, Offline: o.Offline, LoadApp: loadApp,
	}
	if engine := r.choice.engine; engine != nil {
		in.Program, in.AppImage = programImage(engine), appImage(name, engine)
		in.Chart = chart.Registry{Folder: filepath.Join(cacheFolder(), "charts"), Offline: o.Offline}.Pull
		in.Host, err = kindHost(ctx, engine, root, name)
	} else {
		host := serverHost(o.Offline)
		in.Offer = func(kind string) (plan.Offer, error) { return host.Offer(ctx, kind) }
		in.Host, err = embeddedHost(ctx, root, name, record)
	}
	if err != nil {
		return err
	}
	if r.plan, err = plan.Resolve(ctx, in); err != nil {
		return err
	}
	r.plan.Placement.Why = r.choice.why
	return r.plan.Allow(o.Strict, imitationsAllowed(o, r.choice))
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
			Instance: selection.As, Credentials: withSeeded(stack.Credentials, profile.Seeds, selection.As), Fixed: profile.Credentials[selection.As],
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

// cacheFolder is where what can be made or fetched again is kept.
func cacheFolder() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, "diorama")
}

// serverHost is where the embedded runtime finds servers. What root fetches
// others must be able to run, and nobody else can enter root's own folders.
func serverHost(offline bool) embedded.Host {
	folder := filepath.Join(cacheFolder(), "servers")
	if os.Getuid() == 0 {
		folder = "/var/cache/diorama/servers"
	}
	return embedded.Host{
		Cache: fetch.Cache{Folder: folder, Offline: offline},
		Maven: fetch.Maven(os.Getenv("DIORAMA_MAVEN")), Path: os.Getenv("PATH"),
	}
}

// programCache is where binaries of this module's programs are kept.
func programCache() string { return filepath.Join(cacheFolder(), "programs") }

func programImage(engine *docker.Engine) func(repository, pkg string) (plan.ProgramImage, error) {
	return func(repository, pkg string) (plan.ProgramImage, error) {
		p := image.Program{Package: pkg, Repository: repository, Platform: engine.Platform(), Prebuilt: prebuilt(pkg, engine.Platform())}
		reference, err := p.SourceReference()
		return plan.ProgramImage{Reference: reference, Binary: p.Prebuilt}, err
	}
}

// prebuilt is the program for nodes that lies beside our own binary, as in a
// release; "" where none does.
func prebuilt(pkg, platform string) string {
	own, err := os.Executable()
	if err == nil {
		own, err = filepath.EvalSymlinks(own)
	}
	if err != nil {
		return ""
	}
	file := filepath.Join(filepath.Dir(own), image.PrebuiltName("diorama-"+path.Base(pkg), platform))
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return file
}

func appImage(environment string, engine *docker.Engine) func(context.Context, string, manifest.Build) (string, error) {
	return func(ctx context.Context, service string, build manifest.Build) (string, error) {
		return kind.AppBuild(environment, service, engine.Platform(), build).Reference(ctx)
	}
}
