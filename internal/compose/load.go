package compose

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/sirupsen/logrus"
)

// stackFile is what the Compose file of a stack is called.
const stackFile = "compose.yaml"

// LoadStack loads the compose.yaml of a stack's folder. Only the given
// variables stand in it, never those of the process or of a .env file, and
// include and extends stay inside the folder. The name, of the stack or of
// its folder, is what messages and positions begin with.
func LoadStack(ctx context.Context, fsys fs.FS, name string, vars map[string]string) (Project, error) {
	folder, err := os.MkdirTemp("", "diorama-stack-")
	if err != nil {
		return Project{}, fmt.Errorf("load stack %s: %w", name, err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if err := materialise(fsys, folder); err != nil {
		return Project{}, fmt.Errorf("load stack %s: %w", name, err)
	}
	l := loading{
		folder:   folder,
		files:    []string{filepath.Join(folder, stackFile)},
		confined: true,
		variables: func(_ context.Context) (map[string]string, error) {
			return maps.Clone(vars), nil
		},
		display: func(p string) string {
			if rest, ok := strings.CutPrefix(p, folder); ok {
				return path.Join(name, filepath.ToSlash(rest))
			}
			return p
		},
	}
	project, err := l.load(ctx, loader.NormalizeProjectName(path.Base(name)))
	if err != nil {
		return Project{}, fmt.Errorf("load stack %s: %w", name, err)
	}
	project.relocate(l.display)
	return project, nil
}

// ProfilesVariable names the Compose profiles whose services are there, with
// commas between; * stands for all.
const ProfilesVariable = "COMPOSE_PROFILES"

// LoadApp loads a user's Compose files by docker compose's own rules: the
// process's environment, the .env beside the first file, override files,
// include, extends, COMPOSE_PROFILES and env_file. Later files are merged over
// earlier ones; extra variables win over all others.
func LoadApp(ctx context.Context, name string, files []string, extra map[string]string) (Project, error) {
	if len(files) == 0 {
		return Project{}, fmt.Errorf("load app %s: no Compose file given; name one, for example compose.yaml", name)
	}
	absolute := make([]string, len(files))
	for i, file := range files {
		var err error
		if absolute[i], err = filepath.Abs(file); err != nil {
			return Project{}, fmt.Errorf("load app %s: %w", name, err)
		}
	}
	folder := filepath.Dir(absolute[0])
	l := loading{
		folder: folder,
		files:  withOverride(absolute),
		variables: func(_ context.Context) (map[string]string, error) {
			return appVariables(folder, extra)
		},
		display: func(p string) string { return p },
	}
	project, err := l.load(ctx, loader.NormalizeProjectName(name))
	if err != nil {
		return Project{}, fmt.Errorf("load app %s: %w", name, err)
	}
	return project, nil
}

// withOverride adds the override file that docker compose finds by itself
// beside a file with one of the default names.
func withOverride(files []string) []string {
	if len(files) != 1 || !slices.Contains(cli.DefaultFileNames, filepath.Base(files[0])) {
		return files
	}
	for _, name := range cli.DefaultOverrideFileNames {
		candidate := filepath.Join(filepath.Dir(files[0]), name)
		if info, err := os.Stat(candidate); err == nil && info.Mode().IsRegular() {
			return append(files, candidate)
		}
	}
	return files
}

func appVariables(folder string, extra map[string]string) (map[string]string, error) {
	options, err := cli.NewProjectOptions(nil,
		cli.WithWorkingDirectory(folder), cli.WithOsEnv, cli.WithEnvFiles(), cli.WithDotEnv)
	if err != nil {
		return nil, fmt.Errorf("read the variables of %s: %w", folder, err)
	}
	variables := options.Environment
	maps.Copy(variables, extra)
	return variables, nil
}

// loading is one load of a project from files on disk.
type loading struct {
	folder    string
	files     []string
	confined  bool
	variables func(context.Context) (map[string]string, error)
	display   func(path string) string
}

func (l loading) load(ctx context.Context, name string) (_ Project, err error) {
	// The loader's own code walks untyped maps; a file that it trips over
	// must not take the process down.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: the file cannot be understood: %v", l.display(l.files[0]), r)
		}
	}()
	// It also writes warnings to the standard error, which a terminal UI may
	// own. What matters of them is in the losses of a rendered project.
	logrus.SetOutput(io.Discard)
	if name == "" {
		return Project{}, errors.New("the name has no letter or digit; give it one")
	}
	variables, err := l.variables(ctx)
	if err != nil {
		return Project{}, err
	}
	s := sources{
		display:  l.display,
		confined: l.confined,
		files:    map[string]*node{},
		lookup:   func(key string) (string, bool) { v, ok := variables[key]; return v, ok },
	}
	if _, err := os.Stat(l.files[0]); err != nil {
		return Project{}, fmt.Errorf("%s: there is no such file", l.display(l.files[0]))
	}
	root, err := s.load(l.files)
	if err != nil {
		return Project{}, err
	}
	project := Project{root: root, main: l.display(l.files[0])}
	for _, file := range l.files {
		project.Files = append(project.Files, l.display(file))
	}
	project.Model, err = l.model(ctx, name, variables)
	if err != nil {
		return Project{}, project.explain(err, l)
	}
	project.Content = readContents(project.Model)
	return project, nil
}

// model is what compose-go makes of the files.
func (l loading) model(ctx context.Context, name string, variables map[string]string) (*types.Project, error) {
	details := types.ConfigDetails{
		WorkingDir:  l.folder,
		ConfigFiles: types.ToConfigFiles(l.files),
		Environment: variables,
	}
	model, err := loader.LoadWithContext(ctx, details, func(o *loader.Options) {
		o.SetProjectName(name, true)
		// Files are read below, once it is known that they are ours to read.
		o.SkipResolveEnvironment, o.SkipResolveLabels = true, true
		o.Profiles = strings.FieldsFunc(variables[ProfilesVariable], func(r rune) bool { return r == ',' || r == ' ' })
		if l.confined {
			o.ResourceLoaders = []loader.ResourceLoader{fence{}}
		}
	})
	if err != nil {
		return nil, err
	}
	if l.confined {
		if err := staysInside(model, l.folder); err != nil {
			return nil, err
		}
	}
	if model, err = model.WithServicesEnvironmentResolved(true); err != nil {
		return nil, err
	}
	return model.WithServicesLabelsResolved(true)
}
