package env_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
)

func TestWatchersGetTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		store := env.NewStore(env.Snapshot{})
		watch := store.Watch(ctx)
		var writers sync.WaitGroup
		for i := range 100 {
			writers.Go(func() { store.Emit(env.Event{Logs: &env.LogCounters{Lines: int64(i + 1)}}) })
		}
		writers.Wait()
		if got := <-watch; got.Logs != store.Snapshot().Logs {
			t.Errorf("the watcher got %+v, the newest is %+v", got.Logs, store.Snapshot().Logs)
		}
		select {
		case s := <-watch:
			t.Errorf("an older snapshot followed: %+v", s)
		default:
		}
		cancel()
		synctest.Wait()
		if _, open := <-watch; open {
			t.Error("the channel stays open after its context has ended")
		}
		store.Emit(env.Event{Logs: &env.LogCounters{}}) // must not panic
	})
}

// TestAmend: what several processes note of an environment at once is all noted.
func TestAmend(t *testing.T) {
	root := t.TempDir()
	if err := env.FolderOf(root, "shop").Make(); err != nil {
		t.Fatal(err)
	}
	if err := env.FolderOf(root, "shop").WriteRecord(env.Record{}); err != nil {
		t.Fatal(err)
	}
	var processes sync.WaitGroup
	for i := range 20 {
		processes.Go(func() {
			// Each opens the lock's file anew, as a process of its own would.
			if err := env.FolderOf(root, "shop").Amend(func(r *env.Record) { r.Gain(fmt.Sprint(i)) }); err != nil {
				t.Error(err)
			}
		})
	}
	processes.Wait()
	if got, err := env.FolderOf(root, "shop").ReadRecord(); err != nil || len(got.Stacks) != 20 {
		t.Errorf("%d of 20 are noted: %v, %v", len(got.Stacks), got.Stacks, err)
	}
}

func TestRecord(t *testing.T) {
	folder := env.FolderOf(t.TempDir(), "shop")
	if _, err := folder.ReadRecord(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reading nothing = %v, want os.ErrNotExist", err)
	}
	if err := folder.Make(); err != nil {
		t.Fatal(err)
	}
	want := env.Record{Identity: env.Identity{Environment: "shop"}, Stacks: []string{"redis"}, Cluster: env.ClusterRecord{Name: "diorama-shop", Complete: true}}
	if err := folder.WriteRecord(want); err != nil {
		t.Fatal(err)
	}
	got, err := folder.ReadRecord()
	if err != nil || got.Cluster.Name != want.Cluster.Name || !got.Cluster.Complete || got.Schema != 1 {
		t.Errorf("read back %+v, %v", got, err)
	}
	info, err := os.Stat(filepath.Join(string(folder), "record.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	for name, text := range map[string]string{"broken": "{", "of the future": `{"schema": 2}`} {
		if err := env.WriteFile(filepath.Join(string(folder), "record.json"), []byte(text)); err != nil {
			t.Fatal(err)
		}
		if _, err := folder.ReadRecord(); err == nil {
			t.Errorf("a record that is %s is read as well", name)
		}
	}
}

func TestLockHasOneHolder(t *testing.T) {
	folder := env.FolderOf(t.TempDir(), "shop")
	if err := folder.Make(); err != nil {
		t.Fatal(err)
	}
	held, err := folder.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := folder.Acquire(impatient); err == nil {
		t.Fatal("the lock has two holders")
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := folder.Acquire(t.Context())
	if err != nil {
		t.Fatalf("the lock did not go with its holder: %v", err)
	}
	_ = again.Close()
}

func TestLockOfAnEnvironmentThatIsGone(t *testing.T) {
	folder := env.FolderOf(t.TempDir(), "shop")
	if err := folder.Make(); err != nil {
		t.Fatal(err)
	}
	held, err := folder.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error)
	go func() {
		_, err := folder.Acquire(t.Context())
		waiting <- err
	}()
	// Whether the other has opened the file already or not: there is nothing
	// left to own.
	if err := folder.Remove(); err != nil {
		t.Fatal(err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-waiting; err == nil {
		t.Error("an environment that is gone was locked")
	}
}

func TestSocketFitsEverySystem(t *testing.T) {
	for _, root := range []string{"/short", "/" + strings.Repeat("long/", 40)} {
		if path := env.FolderOf(root, "shop").Socket(); len(path) > 103 {
			t.Errorf("socket of %s has %d bytes: %s", root, len(path), path)
		}
	}
	if env.FolderOf("/"+strings.Repeat("long/", 40), "a").Socket() == env.FolderOf("/"+strings.Repeat("long/", 40), "b").Socket() {
		t.Error("two environments share a socket")
	}
}

func TestStateRoot(t *testing.T) {
	for name, test := range map[string]struct {
		vars map[string]string
		want string
	}{
		"ours":                  {map[string]string{"DIORAMA_STATE": "/x", "XDG_STATE_HOME": "/y"}, "/x"},
		"XDG":                   {map[string]string{"XDG_STATE_HOME": "/y"}, "/y/diorama"},
		"XDG, relative: no use": {map[string]string{"XDG_STATE_HOME": "y", "DIORAMA_STATE": "/z"}, "/z"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := env.StateRoot(func(key string) string { return test.vars[key] })
			if err != nil || got != test.want {
				t.Errorf("root = %q, %v; want %q", got, err, test.want)
			}
		})
	}
}
