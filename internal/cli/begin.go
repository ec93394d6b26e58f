package cli

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/tui/start"
)

// begin shows a person at a terminal what there is to look at or to bring
// about, and does what is chosen.
func begin(ctx context.Context, s *streams) error {
	environments, err := there(ctx)
	if err != nil {
		return err
	}
	offered, err := offeredProfiles()
	if err != nil {
		return err
	}
	choice, err := start.Run(ctx, environments, offered, uiOptions(s))
	if err != nil {
		return err
	}
	switch choice.Verb {
	case start.VerbOpen:
		session, err := session(ctx, choice.Name)
		if err != nil {
			return err
		}
		return attachUI(ctx, s, session)
	case start.VerbStart:
		session, err := diorama.Start(ctx, choice.Name, diorama.Options{})
		if err != nil {
			return err
		}
		return attachUI(ctx, s, session)
	case start.VerbUp:
		return up(ctx, s, &upOptions{Options: diorama.Options{Profile: choice.Name}, output: "text"})
	case start.VerbInterrupt:
		return errInterrupted
	}
	return nil // the person only looked
}

// askWithin bounds the wait for each environment's keeper: one that is busy
// must not keep the list from being shown.
const askWithin = 300 * time.Millisecond

// there are the environments, from their records and from the keepers that
// run; none is started for it.
func there(ctx context.Context) ([]start.Environment, error) {
	names, err := diorama.Environments()
	if err != nil {
		return nil, err
	}
	root, err := env.StateRoot(os.Getenv)
	if err != nil {
		return nil, err
	}
	var all []start.Environment
	for _, name := range names {
		folder := env.FolderOf(root, name)
		record, err := folder.ReadRecord()
		if err != nil { // it is there all the same, and opening it says what is wrong
			all = append(all, start.Environment{Name: name})
			continue
		}
		all = append(all, start.Environment{
			Name: name, Profile: record.Profile, Runtime: record.Runtime, Phase: phaseOf(ctx, folder, record),
		})
	}
	return all, nil
}

// phaseOf is an environment's phase; empty where nobody watches it.
func phaseOf(ctx context.Context, folder env.Folder, record env.Record) env.Phase {
	if record.Stopped {
		return env.PhaseStopped
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	snapshot, err := keeper.NewClient(folder).Snapshot(ctx)
	if err != nil {
		return ""
	}
	return snapshot.Phase
}

// offeredProfiles are all profiles; those that `diorama up` would take come
// first.
func offeredProfiles() ([]start.Profile, error) {
	entries, err := profileEntries()
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(entries, func(a, b profileEntry) int { return rank(a) - rank(b) })
	var offered []start.Profile
	if own, ok := folderProfile(); ok {
		offered = append(offered, own)
	}
	for _, e := range entries {
		offered = append(offered, start.Profile{Name: e.Name, Title: e.Title, Stacks: e.Stacks, Off: e.Error})
	}
	return offered, nil
}

// rank puts what `diorama up` takes first.
func rank(e profileEntry) int {
	if e.Name == diorama.DefaultProfile {
		return 0
	}
	return 1
}

// folderProfile is the profile file that `diorama up` finds by itself.
func folderProfile() (start.Profile, bool) {
	folder, file := nearestFile()
	if file == "" {
		return start.Profile{}, false
	}
	offered := start.Profile{Name: short(file), Here: true}
	catalogue, err := diorama.Catalogue(folder)
	if err != nil {
		offered.Off = err.Error()
		return offered, true
	}
	e := profileEntryOf(diorama.Profiles(folder), catalogue, file)
	offered.Title, offered.Stacks, offered.Off = e.Title, e.Stacks, e.Error
	return offered, true
}

// nearestFile is the profile file of the working folder or the nearest above
// it, and its folder; empty where there is none.
func nearestFile() (folder, file string) {
	at, err := os.Getwd()
	for ; err == nil; at = filepath.Dir(at) {
		if file := filepath.Join(at, diorama.ProfileFile); isFile(file) {
			return at, file
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	return "", ""
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && !info.IsDir()
}
