package diorama

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/profiles"
)

// request is what an environment was last asked to be, so that it can be
// asked for again, with something added. Its paths are absolute.
type request struct {
	Schema   int      `json:"schema"` // 1
	Profile  string   `json:"profile"`
	Runtime  string   `json:"runtime,omitempty"`
	Overlays []string `json:"overlays,omitempty"`
	Set      []string `json:"set,omitempty"`
	Images   string   `json:"images,omitempty"`
	Offline  bool     `json:"offline,omitempty"`
	Folder   string   `json:"folder"`
}

// remember writes down what an environment is asked to be.
func remember(folder env.Folder, o Options, w wanted) error {
	r := request{
		Schema: 1, Profile: w.request.Name, Runtime: o.Runtime, Set: o.Set, Offline: o.Offline, Folder: w.folder,
	}
	for _, overlay := range o.Overlays {
		r.Overlays = append(r.Overlays, absolute(w.folder, overlay))
	}
	if images := cmp.Or(o.Images, os.Getenv("DIORAMA_IMAGES")); images != "" {
		absolute, err := filepath.Abs(images)
		if err != nil {
			return fmt.Errorf("find %s: %w", images, err)
		}
		r.Images = absolute
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write the request: %w", err)
	}
	return env.WriteFile(folder.Request(), append(data, '\n'))
}

// remembered are the options that the environment was last asked for with.
func remembered(folder env.Folder, name string) (Options, error) {
	data, err := os.ReadFile(folder.Request())
	if errors.Is(err, fs.ErrNotExist) {
		return Options{}, fmt.Errorf("what %s was made from is not known; run `diorama up PROFILE --name %s` once more", name, name)
	}
	if err != nil {
		return Options{}, fmt.Errorf("read what the environment was made from: %w", err)
	}
	var r request
	if err := json.Unmarshal(data, &r); err != nil || r.Schema != 1 {
		return Options{}, fmt.Errorf("%s cannot be read; run `diorama up PROFILE --name %s` once more", folder.Request(), name)
	}
	return Options{
		Profile: r.Profile, Name: name, Runtime: r.Runtime, Overlays: r.Overlays, Set: r.Set,
		Images: r.Images, Offline: r.Offline, Folder: r.Folder,
	}, nil
}

func absolute(folder, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

// appFile is the Compose file of an app that joined the environment beside
// those of its profile.
func appFile(folder env.Folder, app string) string {
	return filepath.Join(folder.Apps(), app+".yaml")
}

// joinedApps are the apps that joined the environment, by name.
func joinedApps(folder env.Folder) ([]string, error) {
	entries, err := os.ReadDir(folder.Apps())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the apps that joined the environment: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if name, ok := strings.CutSuffix(entry.Name(), ".yaml"); ok && entry.Type().IsRegular() && ValidName(name) == nil {
			names = append(names, name)
		}
	}
	return names, nil
}

// joinApps adds the apps that joined the environment to its profile. One that
// the profile has a stack or an app of its own for gives way.
func joinApps(folder env.Folder, profile *profiles.Profile) error {
	names, err := joinedApps(folder)
	for _, name := range names {
		taken := slices.ContainsFunc(profile.Stacks, func(s profiles.Selection) bool { return s.As == name }) ||
			slices.ContainsFunc(profile.Apps, func(a profiles.App) bool { return a.Name == name })
		if !taken {
			file := appFile(folder, name)
			profile.Apps = append(profile.Apps, profiles.App{Name: name, Files: []string{file}, Position: file})
		}
	}
	return err
}
