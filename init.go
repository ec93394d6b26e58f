package diorama

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/diorama-dev/diorama/internal/compose"
	"github.com/diorama-dev/diorama/internal/env"
)

// OverrideFile is the Compose file that [Init] writes beside the profile,
// where stacks take the place of some of the services.
const OverrideFile = "compose.diorama.yaml"

// InitOptions say what a profile is made from.
type InitOptions struct {
	// Compose is a Compose file; "" is the one that docker compose would take
	// in Folder.
	Compose string
	// Profile is the file to write; "" is [ProfileFile] in Folder.
	Profile string
	// Name is the profile's; "" is that of the Compose file's folder.
	Name string
	// Overwrite lets files that are there be written anew.
	Overwrite bool
	// Folder is the working folder; "" is the process's.
	Folder string
}

// Initialised is what [Init] wrote, and what a person should know of it.
type Initialised struct {
	Profile  string   // the file
	Override string   // the file; empty where none was needed
	Notes    []string // each with the place that it is about
}

// Init writes a profile for a Compose file: services that are stacks become
// stacks, the rest an app.
func Init(ctx context.Context, o InitOptions) (Initialised, error) {
	folder, err := filepath.Abs(o.Folder)
	if err != nil {
		return Initialised{}, fmt.Errorf("find the working folder: %w", err)
	}
	file, err := composeFile(folder, o.Compose)
	if err != nil {
		return Initialised{}, usage(err)
	}
	out := Initialised{Profile: absolute(folder, ProfileFile)}
	if o.Profile != "" {
		out.Profile = absolute(folder, o.Profile)
	}
	made, err := profileOf(ctx, file, folder, compose.InitOptions{
		Name: o.Name, Override: OverrideFile, Folder: filepath.Dir(out.Profile),
	})
	if err != nil {
		return Initialised{}, err
	}
	for _, note := range made.Notes {
		out.Notes = append(out.Notes, shown(folder, note))
	}
	if made.Override != nil {
		out.Override = filepath.Join(filepath.Dir(out.Profile), OverrideFile)
	}
	return out, out.write(made, o.Overwrite)
}

// profileOf makes the profile of a Compose file, for the stacks that the
// working folder has.
func profileOf(ctx context.Context, file, workingFolder string, o compose.InitOptions) (compose.Init, error) {
	if o.Name == "" {
		o.Name = nameOf(filepath.Base(filepath.Dir(file)))
	}
	if err := ValidName(o.Name); err != nil {
		return compose.Init{}, usage(err)
	}
	project, err := compose.LoadApp(ctx, o.Name, []string{file}, nil)
	if err != nil {
		return compose.Init{}, usage(err)
	}
	catalogue, err := Catalogue(workingFolder)
	if err != nil {
		return compose.Init{}, usage(err)
	}
	o.Available = catalogue.Names()
	return compose.InitProfile(project, o)
}

// write writes the files, the profile last; none where one is there and may not
// be replaced.
func (i Initialised) write(made compose.Init, overwrite bool) error {
	type file struct {
		path    string
		content []byte
	}
	files := []file{{i.Override, made.Override}, {i.Profile, made.Profile}}
	if i.Override == "" {
		files = files[1:]
	}
	for _, f := range files {
		if _, err := os.Lstat(f.path); !overwrite && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already; --force writes it anew", f.path)
		}
	}
	for _, f := range files {
		if err := env.WriteFile(f.path, f.content); err != nil {
			return err
		}
	}
	return nil
}

// composeFile is the file that is named, or the one that docker compose would
// take in the folder.
func composeFile(folder, named string) (string, error) {
	if named != "" {
		return absolute(folder, named), nil
	}
	for _, name := range []string{"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err == nil {
			return filepath.Join(folder, name), nil
		}
	}
	return "", errors.New("there is no Compose file here; name one: diorama init PATH/compose.yaml")
}

// nameOf makes an environment's name of a folder's.
func nameOf(folder string) string {
	name := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(folder), "-")
	name = strings.Trim(name[:min(len(name), 40)], "-")
	if name == "" {
		return "app"
	}
	return name
}

// shown is a note with the place it is about, as short as it can be said.
func shown(folder string, note compose.Note) string {
	at := note.Position
	if relative, err := filepath.Rel(folder, at.File); err == nil && filepath.IsLocal(relative) {
		at.File = relative
	}
	return fmt.Sprintf("%s: %s", at, note.Text)
}
