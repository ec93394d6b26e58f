package diorama

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/report"
)

// What an export consists of.
const (
	exportedLogs   = "logs"        // a log store
	exportedStatus = "status.json" // as `diorama status -o json`
	exportedKeeper = "keeper.log"
)

// Exported is what an export holds.
type Exported struct {
	Folder string
	Lines  int64
	Bytes  int64 // of the lines, on disk
}

// Export writes what is known of an environment into a folder that must not be
// there yet: its log lines, its status without passwords, and what its keeper
// wrote. It does so whole or not at all. Progress is told the number of lines
// so far.
func Export(ctx context.Context, name, folder string, q logs.Query, progress func(lines int64)) (Exported, error) {
	done := Exported{Folder: folder}
	reader, err := Logs(name)
	if err != nil {
		return done, err
	}
	if _, err := os.Lstat(folder); !errors.Is(err, os.ErrNotExist) {
		return done, usage(errors.Join(err, fmt.Errorf("%s is there already; name a folder that is not", folder)))
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil { //nolint:gosec // folders of the user's own choice
		return done, fmt.Errorf("export %s: %w", name, err)
	}
	part, err := os.MkdirTemp(filepath.Dir(folder), "."+filepath.Base(folder)+"-")
	if err != nil {
		return done, fmt.Errorf("export %s: %w", name, err)
	}
	done.Lines, done.Bytes, err = fill(ctx, name, part, reader, q, progress)
	if err == nil {
		err = os.Rename(part, folder)
	}
	if err != nil {
		return done, errors.Join(fmt.Errorf("export %s: %w", name, err), os.RemoveAll(part))
	}
	return done, nil
}

func fill(ctx context.Context, name, part string, reader logs.Reader, q logs.Query, progress func(int64)) (lines, size int64, err error) {
	root, err := env.StateRoot(os.Getenv)
	if err != nil {
		return 0, 0, err
	}
	folder := env.FolderOf(root, name)
	if snapshot, err := keeper.NewClient(folder).Snapshot(ctx); err == nil { // without a keeper there is no status
		text, err := report.StatusJSON(snapshot)
		if err != nil {
			return 0, 0, err
		}
		if err := env.WriteFile(filepath.Join(part, exportedStatus), text); err != nil {
			return 0, 0, err
		}
	}
	if text, err := os.ReadFile(folder.KeeperLog()); err == nil {
		if err := env.WriteFile(filepath.Join(part, exportedKeeper), text); err != nil {
			return 0, 0, err
		}
	}
	return logs.Copy(ctx, filepath.Join(part, exportedLogs), reader, q, progress)
}
