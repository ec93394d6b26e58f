package diorama

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/profiles"
	"github.com/diorama-dev/diorama/stacks"
)

// DefaultProfile is what `up` starts where nobody says otherwise.
const DefaultProfile = "streaming"

// ProfileFile is the profile that `up` takes where none is named: the one of
// the working folder, or of the nearest folder above it that has one.
const ProfileFile = ".diorama.yaml"

// Catalogue returns the stacks that there are for the working folder: the
// built-in ones and users' own.
func Catalogue(folder string) (stacks.Catalogue, error) {
	builtin, err := stacks.Builtin()
	if err != nil {
		return stacks.Catalogue{}, err
	}
	return builtin.WithFolders(stacks.UserFolders(folder, os.Getenv)...)
}

// Profiles returns where profiles are found from the working folder.
func Profiles(folder string) profiles.Library {
	return profiles.Library{WorkingFolder: folder, Folders: profiles.UserFolders(folder, os.Getenv)}
}

// wanted is the profile that options ask for, and what it may name.
type wanted struct {
	profile   profiles.Profile
	catalogue stacks.Catalogue
	outline   plan.Outline
	// request is how to ask for the same again.
	request profiles.Request
	folder  string
}

// loadProfile reads the profile that the options ask for and checks what can
// be checked on any host.
func loadProfile(o Options) (wanted, error) {
	folder, err := filepath.Abs(o.Folder)
	if err != nil {
		return wanted{}, fmt.Errorf("find the working folder: %w", err)
	}
	name, home := o.Profile, folder
	if name == "" {
		if name, home, err = nearestProfile(folder); err != nil {
			return wanted{}, err
		}
	}
	w := wanted{folder: folder}
	if w.catalogue, err = Catalogue(home); err != nil {
		return wanted{}, usage(err)
	}
	w.request = profiles.Request{Name: name, Overlays: o.Overlays, Set: o.Set, Catalogue: w.catalogue}
	library := Profiles(home)
	library.WorkingFolder = folder
	if w.profile, err = library.Load(w.request); err != nil {
		return wanted{}, usage(err)
	}
	w.outline, err = plan.Check(w.profile, w.catalogue)
	return w, usage(err)
}

// nearestProfile is the profile file of the folder or the nearest above it,
// and the folder that it lies in; else the default profile.
func nearestProfile(folder string) (name, home string, err error) {
	for at := folder; ; at = filepath.Dir(at) {
		file := filepath.Join(at, ProfileFile)
		switch _, err := os.Stat(file); {
		case err == nil:
			return file, at, nil
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission):
			return "", "", fmt.Errorf("look for %s: %w; name a profile to do without it", ProfileFile, err)
		}
		if at == filepath.Dir(at) {
			return DefaultProfile, folder, nil
		}
	}
}
