package plan

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/seed"
)

// resolveSeeds gives each stack what the profile wants to be in it, and the
// seeded databases endpoints of their own. A stack that is left out takes its
// seeds with it.
func (r *resolver) resolveSeeds(context.Context) error {
	for _, set := range r.in.Profile.Seeds {
		for i := range r.plan.Stacks {
			if r.plan.Stacks[i].Name == set.Instance {
				r.plan.Stacks[i].Seed = &set
			}
		}
		at := slices.IndexFunc(r.plan.Endpoints, func(e Endpoint) bool { return e.Stack == set.Instance && e.SQL })
		if at < 0 {
			continue
		}
		var own []Endpoint
		for _, d := range owned(set) {
			own = append(own, d.endpoint(r.plan.Endpoints[at]))
		}
		r.plan.Endpoints = slices.Insert(r.plan.Endpoints, at+1, own...)
	}
	return nil
}

// ownedDatabase is a seeded database that a seeded user owns: an address of
// its own, with variables of its own.
type ownedDatabase struct{ name, owner, credential string }

func owned(set seed.Set) []ownedDatabase {
	var list []ownedDatabase
	for _, d := range set.Databases {
		if d.Owner != "" {
			list = append(list, ownedDatabase{d.Name, d.Owner, seed.CredentialOf(d.Owner)})
		}
	}
	return list
}

// prefix is that of the database's variables: POSTGRES_SHOP beside POSTGRES.
func (d ownedDatabase) prefix(server string) string {
	return server + "_" + strings.ToUpper(strings.ReplaceAll(d.name, "-", "_"))
}

// address is the template of a server's address with the database and its
// owner in it.
func (d ownedDatabase) address(template string) string {
	scheme, rest, _ := strings.Cut(template, "://")
	_, rest, _ = strings.Cut(rest, "@")
	server, rest, _ := strings.Cut(rest, "/")
	if _, options, ok := strings.Cut(rest, "?"); ok {
		return scheme + "://" + d.owner + ":${" + d.credential + "}@" + server + "/" + d.name + "?" + options
	}
	return scheme + "://" + d.owner + ":${" + d.credential + "}@" + server + "/" + d.name
}

// endpoint is the database's, beside the one of its server.
func (d ownedDatabase) endpoint(server Endpoint) Endpoint {
	e := server
	e.Name, e.Env, e.Variable, e.SQL = server.Name+"-"+d.name, d.prefix(server.Env), "", false
	e.Template, e.Username, e.Credential = d.address(server.Template), d.owner, d.credential
	e.URL = os.Expand(e.Template, func(string) string { return Redacted })
	return e
}

// insideSeeded adds the variables of an instance's seeded databases to those of
// its SQL endpoint; address is the template of that one's, and known its values.
func (r *resolver) insideSeeded(vars map[string]string, i instance, prefix, address string, known map[string]string) {
	credentials := r.in.Credentials[i.As]
	for _, set := range r.in.Profile.Seeds {
		if set.Instance != i.As {
			continue
		}
		for _, d := range owned(set) {
			own := d.prefix(prefix)
			vars[own+"_URL"] = expand(d.address(address), known, credentials)
			vars[own+"_HOST"], vars[own+"_PORT"] = known["HOST"], known["PORT"]
			vars[own+"_USER"], vars[own+"_PASSWORD"] = d.owner, credentials[d.credential]
		}
	}
}

// OwnCredentials are those of an instance that its stack asks for, without the
// passwords of seeded users: no server is started with these.
func OwnCredentials(instance map[string]string) map[string]string {
	own := make(map[string]string, len(instance))
	for name, value := range instance {
		if !strings.HasPrefix(name, seed.CredentialPrefix) {
			own[name] = value
		}
	}
	return own
}

// done is the step after which others may count on a stack: the one that puts
// its seeds there, where it has some, else the one that waits for it.
func (p Plan) done(name string) string {
	if stack, ok := p.Stack(name); ok && stack.Seed != nil {
		return stepID(env.StepSeed, name)
	}
	return stepID(env.StepWait, name)
}

// outline is what a report shows of seeds: all but the text of files.
func outline(set *seed.Set) *seed.Set {
	if set == nil {
		return nil
	}
	short := set.Outline()
	return &short
}
