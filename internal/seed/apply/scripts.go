package apply

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/diorama-dev/diorama/internal/seed"
)

// ledger is the table in which a database notes which files were run in it.
const ledger = "diorama_seeds"

// noted is what the ledger has of a file.
type noted struct {
	hash string
	// complete is false of one that was cut off where the database could not
	// undo it.
	complete bool
}

// ledgerRows are what a query of the ledger gives.
type ledgerRows interface {
	Next() bool
	Scan(into ...any) error
	Err() error
}

// readLedger reads rows of a name, a hash, and whether the file was run to its
// end.
func readLedger(rows ledgerRows) (map[string]noted, error) {
	all := make(map[string]noted)
	for rows.Next() {
		var name string
		var n noted
		if err := rows.Scan(&name, &n.hash, &n.complete); err != nil {
			return nil, err
		}
		all[name] = n
	}
	return all, rows.Err()
}

// database is one that files are run in. As long as it is open, nobody else
// runs files in it this way.
type database interface {
	// noted is the ledger, by the files' names.
	noted(ctx context.Context) (map[string]noted, error)
	// run runs a file and notes it, both or neither where the database can.
	run(ctx context.Context, script seed.Script) error
	close()
}

// scripts runs the files of the set that were not run yet, database by
// database: migrations first, since they make what SQL fills.
func (a *applier) scripts(ctx context.Context, open func(ctx context.Context, name string) (database, error)) error {
	var names []string
	for _, m := range a.set.Migrations {
		names = append(names, m.Database)
	}
	for _, script := range a.set.SQL {
		names = append(names, script.Database)
	}
	seen := make(map[string]bool)
	for _, name := range names {
		if seen[name] {
			continue
		}
		seen[name] = true
		if err := a.scriptsOf(ctx, name, open); err != nil {
			return err
		}
	}
	return nil
}

func (a *applier) scriptsOf(ctx context.Context, name string, open func(ctx context.Context, name string) (database, error)) error {
	d, err := open(ctx, name)
	if err != nil {
		return err
	}
	defer d.close()
	ran, err := d.noted(ctx)
	if err != nil {
		return fmt.Errorf("read which files were run: %w", err)
	}
	for _, m := range a.set.Migrations {
		if m.Database == name {
			if err := a.migrate(ctx, d, m, ran); err != nil {
				return err
			}
		}
	}
	for _, script := range a.set.SQL {
		if script.Database != name {
			continue
		}
		subject := "file " + script.Name
		was, there := ran[script.Name]
		switch {
		case there && was.complete && was.hash == script.Hash:
			a.unchanged(subject)
		case there && was.complete:
			a.compared(subject, script.At, []string{"has changed since it was run; it is not run again: put what is new into another file"})
		default:
			if err := a.run(ctx, d, script, there); err != nil {
				return err
			}
		}
	}
	return nil
}

// isSQL reports whether a file is one of the set's own, which are no migrations.
func (a *applier) isSQL(name string) bool {
	return slices.ContainsFunc(a.set.SQL, func(s seed.Script) bool { return s.Name == name })
}

// migrate runs the files of the folder that are new. All that ran before have
// to be there still, as they were, and in front of the new ones: else the
// database is none that the folder makes.
func (a *applier) migrate(ctx context.Context, d database, m seed.Migration, ran map[string]noted) error {
	last := ""
	present := make(map[string]bool, len(m.Files))
	for _, script := range m.Files {
		present[script.Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(ran)) {
		if path.Dir(name) != m.Name || !ran[name].complete || !seed.IsMigration(path.Base(name)) || a.isSQL(name) {
			continue
		}
		last = name
		if !present[name] {
			return failed(m.At, "migrations "+m.Name, fmt.Errorf("%s was run and is not there any more; put it back", name))
		}
	}
	for _, script := range m.Files {
		was, there := ran[script.Name]
		switch {
		case there && was.complete && was.hash == script.Hash:
			a.unchanged("file " + script.Name)
			continue
		case there && was.complete:
			return failed(m.At, "migrations "+m.Name, fmt.Errorf("%s has changed since it was run; put it back as it was, and what is new into another file", script.Name))
		case script.Name < last:
			return failed(m.At, "migrations "+m.Name, fmt.Errorf("%s is new, but %s was run already; give it a name that comes after", script.Name, last))
		}
		if err := a.run(ctx, d, script, there); err != nil {
			return err
		}
	}
	return nil
}

// run runs a file; again is true where an earlier run of it was cut off.
func (a *applier) run(ctx context.Context, d database, script seed.Script, again bool) error {
	subject := "file " + script.Name
	a.report("running " + script.Name)
	if err := d.run(ctx, script); err != nil {
		if again {
			err = fmt.Errorf("%w (an earlier run of it ended midway, and what it had done is still there: make the file repeatable, or drop the database)", err)
		}
		return failed(script.At, subject, err)
	}
	a.created(subject)
	return nil
}
