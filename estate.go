package diorama

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/image"
	"github.com/diorama-dev/diorama/internal/runtime/embedded"
	"github.com/diorama-dev/diorama/internal/runtime/kind"
	"github.com/diorama-dev/diorama/profiles"
)

// estate is what an environment has beside its record, credentials and logs.
type estate interface {
	// stop ends what runs; its data stays.
	stop(ctx context.Context) error
	remains(ctx context.Context) (Remains, error)
	// clear deletes the data and all that holds it.
	clear(ctx context.Context) error
	close() error
}

// estateOf finds what an environment has. One that never came as far as a
// cluster needs no Docker to be removed.
func estateOf(ctx context.Context, folder env.Folder, record env.Record) (estate, error) {
	if record.Runtime == string(profiles.RuntimeEmbedded) {
		return serverEstate{folder: folder}, nil
	}
	if record.Cluster.Name == "" {
		return serverEstate{folder: folder}, nil
	}
	engine, err := docker.Open(ctx)
	if err != nil {
		return nil, err
	}
	nodes, err := kind.Nodes(ctx, engine, record.Cluster.Name)
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	return clusterEstate{engine: engine, nodes: nodes, record: record}, nil
}

// clusterEstate is a cluster on Docker.
type clusterEstate struct {
	engine *docker.Engine
	nodes  []kind.Node
	record env.Record
}

func (e clusterEstate) close() error { return e.engine.Close() }

func (e clusterEstate) stop(ctx context.Context) error {
	return kind.StopNodes(ctx, e.engine, e.nodes)
}

func (e clusterEstate) remains(ctx context.Context) (r Remains, err error) {
	if len(e.nodes) == 0 {
		return Remains{}, nil
	}
	r.Clusters = 1
	r.Volumes, r.Bytes, err = kind.Data(ctx, e.engine, e.nodes)
	return r, err
}

func (e clusterEstate) clear(ctx context.Context) error {
	if err := kind.DeleteNodes(ctx, e.engine, e.nodes); err != nil {
		return err
	}
	if e.record.Merged {
		if err := kind.UnmergeKubeconfig(e.record.Cluster.Name, e.record.Context); err != nil {
			return err
		}
	}
	_, err := image.NewHost(e.engine, image.HostOptions{}).RemoveBuilt(ctx, e.record.Environment)
	return err
}

// serverEstate are servers whose keeper has ended, and their data.
type serverEstate struct{ folder env.Folder }

func (serverEstate) close() error { return nil }

func (e serverEstate) stop(ctx context.Context) error { return embedded.Reap(ctx, e.folder) }

func (e serverEstate) remains(context.Context) (Remains, error) {
	var r Remains
	roots := []string{e.folder.Servers()}
	if elsewhere := embedded.ServedBy(e.folder); elsewhere != roots[0] {
		roots = append(roots, elsewhere)
	}
	for _, root := range roots {
		folders, err := filepath.Glob(filepath.Join(root, "*", "data"))
		if err != nil {
			return r, fmt.Errorf("look for data: %w", err)
		}
		for _, folder := range folders {
			bytes, err := sizeOf(folder)
			if err != nil {
				return r, fmt.Errorf("measure the data: %w", err)
			}
			if bytes > 0 {
				r.Volumes, r.Bytes = r.Volumes+1, r.Bytes+bytes
			}
		}
	}
	return r, nil
}

// sizeOf is what the files below a folder hold, in bytes. Servers may be at
// work on them: what goes meanwhile does not count.
func sizeOf(folder string) (total int64, err error) {
	err = filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = entry.Info(); err == nil {
				total += info.Size()
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return total, err
}

func (e serverEstate) clear(ctx context.Context) error {
	if err := embedded.Reap(ctx, e.folder); err != nil {
		return err
	}
	err := os.RemoveAll(e.folder.Servers())
	if elsewhere := embedded.ServedBy(e.folder); elsewhere != e.folder.Servers() {
		err = errors.Join(err, os.RemoveAll(elsewhere))
		_ = os.Remove(filepath.Dir(elsewhere)) // where nobody else has anything there
	}
	if err != nil {
		return fmt.Errorf("delete the servers' data: %w", err)
	}
	return nil
}

// found writes the record of an environment of servers, before there are any:
// what is started must be found again.
func found(r resolved) error {
	record, err := recordOf(r.folder)
	if err != nil {
		return err
	}
	if record.Created.IsZero() {
		record.Created = time.Now()
	}
	record.Identity, record.Stopped = r.plan.Identity, false
	ports := maps.Clone(record.Ports) // also of stacks that left the profile
	if ports == nil {
		ports = make(map[string]env.PortRecord)
	}
	maps.Copy(ports, r.plan.Ports)
	record.Ports = ports
	return r.folder.WriteRecord(record)
}
