package diorama

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"

	"github.com/diorama-dev/diorama/internal/credentials"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/internal/seed"
	"github.com/diorama-dev/diorama/internal/seed/apply"
	"github.com/diorama-dev/diorama/profiles"
	"github.com/diorama-dev/diorama/stacks"
)

// passwordLength is that of a seeded user's password, in characters.
const passwordLength = 24

// withSeeded adds the passwords of an instance's seeded users to the
// credentials that its stack has.
func withSeeded(own map[string]stacks.Credential, sets []seed.Set, instance string) map[string]stacks.Credential {
	all := maps.Clone(own)
	for _, set := range sets {
		if set.Instance != instance {
			continue
		}
		for _, user := range set.Users {
			if all == nil {
				all = make(map[string]stacks.Credential)
			}
			all[user.Credential] = stacks.Credential{Generate: passwordLength}
		}
	}
	return all
}

// seedFrom puts the seeds of a plan into the environment of a folder.
func seedFrom(folder env.Folder) func(context.Context, plan.Plan, string, func(string)) (seed.Outcome, error) {
	return func(ctx context.Context, p plan.Plan, instance string, report func(string)) (seed.Outcome, error) {
		stack, ok := p.Stack(instance)
		if !ok || stack.Seed == nil {
			return seed.Outcome{}, fmt.Errorf("the plan has no seeds for %s; run `diorama up` again", instance)
		}
		secrets, err := credentials.Load(string(folder))
		if err != nil {
			return seed.Outcome{}, err
		}
		return putSeed(ctx, *stack.Seed, p, secrets, report)
	}
}

// putSeed puts a set into the stack that the plan has of its instance's name.
func putSeed(ctx context.Context, set seed.Set, p plan.Plan, secrets credentials.Set, report func(string)) (seed.Outcome, error) {
	own := secrets.Of(set.Instance)
	target := apply.Target{Access: keeper.AccessTo(p, set.Instance, secrets), Passwords: own}
	if set.Stack == "rocketmq" { // no client of Go's makes topics there: the adapter does
		source, err := brokers()[set.Stack](target.Access)
		if err != nil {
			return seed.Outcome{}, err
		}
		defer source.Close()
		target.Source = source
	}
	if set.Stack == "mysql" { // the stack's own user may make neither databases nor users
		sql := target.Access["sql"]
		sql.User, sql.Password = "root", own["MYSQL_ROOT_PASSWORD"]
		target.Access[apply.AdminEndpoint] = sql
	}
	return apply.Apply(ctx, set, target, report)
}

// SeedOptions say which seeds are to be put into an environment.
type SeedOptions struct {
	Name string // of the environment
	// File has a list of seeds; empty: those of the environment's profile, as
	// its files are now.
	File   string
	Folder string // the working folder
	// Report is told what is being done; nil: nobody is.
	Report func(instance, detail string)
}

// Seed puts seeds into a running environment, one stack after the other. What
// had come of it by then is returned beside an error.
func Seed(ctx context.Context, o SeedOptions) ([]seed.Outcome, error) {
	name, err := Only(o.Name)
	if err != nil {
		return nil, err
	}
	folder, p, err := existing(name)
	if err != nil {
		return nil, err
	}
	if record, err := recordOf(folder); err != nil {
		return nil, err
	} else if record.Stopped {
		return nil, fmt.Errorf("the environment %s is stopped; start it with `diorama start`", name)
	}
	sets, secrets, err := wantedSeeds(folder, name, p, o)
	if err != nil {
		return nil, err
	}
	outcomes := []seed.Outcome{}
	for _, set := range sets {
		if _, ok := p.Stack(set.Instance); !ok {
			return outcomes, fmt.Errorf("%s has no stack %s to put seeds into; start it with `diorama up`", name, set.Instance)
		}
		outcome, err := putSeed(ctx, set, p, secrets, func(detail string) {
			if o.Report != nil {
				o.Report(set.Instance, detail)
			}
		})
		outcomes = append(outcomes, outcome)
		if err != nil {
			return outcomes, fmt.Errorf("seeds of %s: %w", set.Instance, err)
		}
	}
	return outcomes, nil
}

// wantedSeeds reads the seeds that are asked for, and has the passwords of
// their users kept with the environment's credentials.
func wantedSeeds(folder env.Folder, name string, p plan.Plan, o SeedOptions) ([]seed.Set, credentials.Set, error) {
	sets, fixed, err := readSeeds(folder, name, p, o)
	if err != nil {
		return nil, credentials.Set{}, err
	}
	var needs []credentials.Need
	for _, set := range sets {
		needs = append(needs, credentials.Need{
			Instance: set.Instance, Credentials: withSeeded(nil, sets, set.Instance), Fixed: fixed[set.Instance],
		})
	}
	secrets, err := credentials.Ensure(string(folder), needs)
	return sets, secrets, err
}

func readSeeds(folder env.Folder, name string, p plan.Plan, o SeedOptions) ([]seed.Set, map[string]map[string]string, error) {
	if o.File == "" {
		asked, err := remembered(folder, name)
		if err != nil {
			return nil, nil, err
		}
		w, err := loadProfile(asked)
		if err != nil {
			return nil, nil, err
		}
		return w.profile.Seeds, w.profile.Credentials, nil
	}
	working, err := filepath.Abs(cmp.Or(o.Folder, "."))
	if err != nil {
		return nil, nil, fmt.Errorf("find the working folder: %w", err)
	}
	catalogue, err := Catalogue(working)
	if err != nil {
		return nil, nil, usage(err)
	}
	var running []profiles.Selection
	for _, stack := range p.Stacks {
		running = append(running, profiles.Selection{Stack: stack.Stack, As: stack.Name})
	}
	sets, fixed, err := Profiles(working).Seeds(o.File, running, catalogue)
	return sets, fixed, usage(err)
}
