package compose

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

const maxStackBytes = 16 << 20 // of all files in a stack's folder together

// materialise copies a stack's folder to disk, where the loader can read it.
// Files called .env stay behind: the loader would take variables from them.
func materialise(fsys fs.FS, folder string) error {
	var total int64
	return fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(folder, filepath.FromSlash(name))
		switch {
		case entry.IsDir():
			return os.MkdirAll(target, 0o700)
		case !entry.Type().IsRegular() || entry.Name() == ".env":
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if total += info.Size(); total > maxStackBytes {
			return fmt.Errorf("the folder has more than %d bytes; a stack is a few small files", maxStackBytes)
		}
		return copyFile(fsys, name, target, info.Mode().Perm()|0o600)
	})
}

func copyFile(fsys fs.FS, name, target string, mode fs.FileMode) error {
	from, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	to, err := os.OpenFile(target, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, io.LimitReader(from, maxStackBytes))
	if closing := to.Close(); err == nil {
		err = closing
	}
	return err
}

// fence refuses every include and extends that does not name a file below the
// folder by a plain relative path.
type fence struct{}

// Accept takes what must not be loaded.
func (fence) Accept(path string) bool { return !filepath.IsLocal(path) && !filepath.IsAbs(path) }

// Load refuses.
func (fence) Load(_ context.Context, path string) (string, error) {
	return "", fmt.Errorf("%q leaves the stack's folder; name a file in it", path)
}

// Dir is never asked for what cannot be loaded.
func (fence) Dir(path string) string { return filepath.Dir(path) }

// staysInside checks every path that would be read or built from.
func staysInside(model *types.Project, folder string) error {
	for _, p := range pathsOf(model) {
		rest, ok := strings.CutPrefix(p.path, folder)
		if p.path == "" || ok && (rest == "" || rest[0] == filepath.Separator) {
			continue
		}
		return fmt.Errorf("%s: %q is outside of the stack's folder; name a file in it", p.key, p.path)
	}
	return nil
}

// hostPath is a path on the host and the key that names it.
type hostPath struct {
	key, path string
}

func pathsOf(model *types.Project) []hostPath {
	var paths []hostPath
	for name, service := range model.Services {
		key := "services." + name
		paths = append(paths, containerPaths(key, service.ContainerSpec)...)
		for _, hook := range service.PreStart {
			paths = append(paths, containerPaths(key+".pre_start", hook.ContainerSpec)...)
		}
		if service.Build != nil {
			paths = append(paths, hostPath{key + ".build", service.Build.Context})
		}
	}
	for name, secret := range model.Secrets {
		paths = append(paths, hostPath{"secrets." + name + ".file", secret.File})
	}
	for name, config := range model.Configs {
		paths = append(paths, hostPath{"configs." + name + ".file", config.File})
	}
	slices.SortFunc(paths, func(a, b hostPath) int { return cmp.Compare(a.key, b.key) })
	return paths
}

func containerPaths(key string, spec types.ContainerSpec) []hostPath {
	var paths []hostPath
	for _, file := range spec.EnvFiles {
		paths = append(paths, hostPath{key + ".env_file", file.Path})
	}
	for _, file := range spec.LabelFiles {
		paths = append(paths, hostPath{key + ".label_file", file})
	}
	for _, volume := range spec.Volumes {
		if volume.Type == types.VolumeTypeBind {
			paths = append(paths, hostPath{key + ".volumes", volume.Source})
		}
	}
	return paths
}

// relocate renames paths below the temporary folder to the stack's own.
func (p *Project) relocate(display func(string) string) {
	p.Model.WorkingDir = display(p.Model.WorkingDir)
	for name, service := range p.Model.Services {
		for i, volume := range service.Volumes {
			if volume.Type == types.VolumeTypeBind {
				service.Volumes[i].Source = display(volume.Source)
			}
		}
		if service.Build != nil {
			service.Build.Context = display(service.Build.Context)
		}
		p.Model.Services[name] = service
	}
	for name, secret := range p.Model.Secrets {
		secret.File = display(secret.File)
		p.Model.Secrets[name] = secret
	}
	for name, config := range p.Model.Configs {
		config.File = display(config.File)
		p.Model.Configs[name] = config
	}
	contents := make(map[string]Content, len(p.Content))
	for path, content := range p.Content {
		contents[display(path)] = content
	}
	p.Content = contents
}
