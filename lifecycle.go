package diorama

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/profiles"
)

// lockWithin bounds the wait for another process to let go of an environment.
const lockWithin = 30 * time.Second

// owned is an environment whose keeper has been told to quit and whose lock is
// ours.
type owned struct {
	folder env.Folder
	record env.Record
	damage error // of the record; nil where it is sound
	estate estate
	lock   *os.File
}

func (o *owned) release() {
	if o.estate != nil {
		_ = o.estate.close()
	}
	_ = o.lock.Close()
}

// own takes an environment over from its keeper.
func own(ctx context.Context, name string) (*owned, error) {
	root, err := env.StateRoot(os.Getenv)
	if err != nil {
		return nil, err
	}
	o := &owned{folder: env.FolderOf(root, name)}
	if _, err := os.Stat(string(o.folder)); errors.Is(err, os.ErrNotExist) {
		return nil, noEnvironment(name)
	}
	if err := keeper.NewClient(o.folder).Quit(ctx); err != nil {
		if _, gone := errors.AsType[*keeper.GoneError](err); !gone {
			return nil, err
		}
	}
	waiting, cancel := context.WithTimeoutCause(ctx, lockWithin, fmt.Errorf("not released within %s", lockWithin))
	defer cancel()
	if o.lock, err = o.folder.Acquire(waiting); err != nil {
		return nil, err
	}
	if err := o.look(ctx); err != nil {
		o.release()
		return nil, err
	}
	return o, nil
}

// look finds what the environment has.
func (o *owned) look(ctx context.Context) (err error) {
	if o.record, o.damage, err = recordToEnd(o.folder); err != nil {
		return err
	}
	o.estate, err = estateOf(ctx, o.folder, o.record)
	return err
}

// recordToEnd reads the record of an environment that may be about to go. Of a
// damaged one the name of the cluster is all that is needed, and the folder
// has it: the damage is returned beside it.
func recordToEnd(folder env.Folder) (record env.Record, damage, err error) {
	record, err = recordOf(folder)
	if damaged, ok := errors.AsType[*env.DamagedError](err); ok {
		record.Cluster.Name = plan.ClusterPrefix + filepath.Base(string(folder))
		return record, damaged, nil
	}
	return record, nil, err
}

// Stop stops an environment. Its data, ports and credentials stay.
func Stop(ctx context.Context, name string) error {
	o, err := own(ctx, name)
	if err != nil {
		return err
	}
	defer o.release()
	if o.damage != nil {
		return o.damage
	}
	if o.record.Runtime != string(profiles.RuntimeEmbedded) && !o.record.Cluster.Complete {
		return fmt.Errorf("the environment %s is half-made: finish it with `diorama up`, or remove it with `diorama down`", name)
	}
	// Where that cannot be written down, the next look starts it again.
	o.record.Stopped = true
	return errors.Join(o.folder.WriteRecord(o.record), o.estate.stop(ctx))
}

// Remains is what an environment consists of, and what its end takes away.
type Remains struct {
	Clusters int   `json:"clusters"`
	Volumes  int   `json:"volumes"` // claims that hold data
	Bytes    int64 `json:"bytes"`   // in the volumes; 0 where it is not known
}

// Inspect says what [Down] would delete.
func Inspect(ctx context.Context, name string) (Remains, error) {
	root, err := env.StateRoot(os.Getenv)
	if err != nil {
		return Remains{}, err
	}
	folder := env.FolderOf(root, name)
	if _, err := os.Stat(string(folder)); errors.Is(err, os.ErrNotExist) {
		return Remains{}, noEnvironment(name)
	}
	record, _, err := recordToEnd(folder)
	if err != nil {
		return Remains{}, err
	}
	e, err := estateOf(ctx, folder, record)
	if err != nil {
		return Remains{}, err
	}
	defer e.close()
	return e.remains(ctx)
}

// Down deletes an environment and all that belongs to it, also a half-made
// one. With keepLogs the log store stays.
func Down(ctx context.Context, name string, keepLogs bool) error {
	o, err := own(ctx, name)
	if err != nil {
		return err
	}
	defer o.release()
	if err := o.estate.clear(ctx); err != nil {
		return err
	}
	if keepLogs {
		return o.folder.RemoveButLogs()
	}
	return o.folder.Remove()
}

// recreate deletes the cluster of an environment that is to be made anew; its
// credentials, ports and logs stay.
func recreate(ctx context.Context, r resolved) error {
	o, err := own(ctx, r.plan.Environment)
	if err != nil {
		return err
	}
	defer o.release()
	if o.damage != nil {
		return o.damage
	}
	if err := o.estate.clear(ctx); err != nil {
		return err
	}
	if o.record.Cluster.Name != "" {
		o.record.Cluster = env.ClusterRecord{Name: plan.ClusterPrefix + r.plan.Environment}
	}
	o.record.Stacks, o.record.Meshes = nil, nil
	return o.folder.WriteRecord(o.record)
}
