package profiles

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/yamlpos"
	"github.com/diorama-dev/diorama/stacks"
)

//go:embed *.yaml
var builtin embed.FS

// builtinFolder is what the files of the built-in profiles are shown under.
const builtinFolder = "profiles"

// Library is where profiles are found.
type Library struct {
	// WorkingFolder is what relative paths of the command line start from; an
	// absolute path.
	WorkingFolder string
	// Folders hold users' profiles, NAME.yaml each; earlier ones shadow later
	// ones, and all shadow the built-in profiles.
	Folders []string
}

// UserFolders are where users' own profiles lie, those of the working folder
// before those of the user. Getenv is os.Getenv.
func UserFolders(workingFolder string, getenv func(string) string) []string {
	folders := stacks.UserFolders(workingFolder, getenv)
	for i, folder := range folders {
		folders[i] = filepath.Join(filepath.Dir(folder), "profiles")
	}
	return folders
}

// Request says which profile is wanted, and what is laid over it.
type Request struct {
	// Name is a profile's name, or the path of its file: what holds a slash or
	// ends in .yaml or .yml.
	Name string
	// Overlays are paths of partial profiles, later ones over earlier.
	Overlays []string
	// Set are single values, laid over everything else: "kafka.partitions=6",
	// "cluster.nodes=2".
	Set []string
	// Catalogue has the stacks that the profile may name.
	Catalogue stacks.Catalogue
}

// Load finds, merges and validates a profile. Every error is the user's to
// mend; what the files are to blame for is of type yamlpos.Problems.
func (l Library) Load(request Request) (Profile, error) {
	top, err := l.find(request.Name, l.WorkingFolder, nil)
	if err != nil {
		return Profile{}, err
	}
	root, err := l.resolve(top, nil)
	if err != nil {
		return Profile{}, err
	}
	for _, overlay := range request.Overlays {
		over, err := l.read(source{path: absolute(l.WorkingFolder, overlay), shown: overlay})
		if err != nil {
			return Profile{}, err
		}
		if extends := over.Get("extends"); extends != nil {
			return Profile{}, yamlpos.Problems{extends.Problem("extends", "an overlay extends nothing: it is laid over the profile that is asked for")}
		}
		root = yamlpos.Merge(root, over)
	}
	for _, argument := range request.Set {
		if root, err = set(root, argument); err != nil {
			return Profile{}, err
		}
	}
	v := validator{root: root, catalogue: request.Catalogue, workingFolder: l.WorkingFolder}
	profile := v.profile()
	profile.Source = top.shown
	if err := v.problems.Err(); err != nil {
		return Profile{}, err
	}
	return profile, nil
}

// Names are all profiles' names in alphabetical order.
func (l Library) Names() []string {
	var names []string
	for _, folder := range l.Folders {
		names = append(names, namesIn(os.DirFS(folder))...)
	}
	names = append(names, namesIn(builtin)...)
	slices.Sort(names)
	return slices.Compact(names)
}

func namesIn(fsys fs.FS) []string {
	files, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil // only a bad pattern is an error
	}
	for i, file := range files {
		files[i] = strings.TrimSuffix(file, ".yaml")
	}
	return files
}

// source is a profile's file.
type source struct {
	fsys  fs.FS  // nil: the host's
	path  string // absolute on the host
	shown string
	name  string // it was asked for by; empty where by path
}

// find is the file of a profile by name or path, passing over those in use,
// so that a user's streaming.yaml may extend the built-in one.
func (l Library) find(name, folder string, used []source) (source, error) {
	if strings.ContainsRune(name, '/') || strings.ContainsRune(name, filepath.Separator) ||
		strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") {
		path := absolute(folder, name)
		return source{path: path, shown: l.show(path, name)}, nil
	}
	var candidates []source
	for _, folder := range l.Folders {
		path := filepath.Join(folder, name+".yaml")
		candidates = append(candidates, source{path: path, shown: l.show(path, path), name: name})
	}
	candidates = append(candidates, source{fsys: builtin, path: name + ".yaml", shown: builtinFolder + "/" + name + ".yaml", name: name})
	existing := false
	for _, candidate := range candidates {
		if !candidate.exists() {
			continue
		}
		existing = true
		if !slices.ContainsFunc(used, candidate.same) {
			return candidate, nil
		}
	}
	if existing {
		return candidates[len(candidates)-1], nil // in use: the caller names the cycle
	}
	return source{}, fmt.Errorf("%s; `diorama profiles` lists them, and a path with a slash names a file", yamlpos.Unknown("profile", name, l.Names()))
}

// show is the path as short as it can be said from the working folder; it
// leads to the file from there.
func (l Library) show(path, given string) string {
	relative, err := filepath.Rel(l.WorkingFolder, path)
	if err == nil && (filepath.IsLocal(relative) || !filepath.IsAbs(given)) {
		return filepath.ToSlash(relative)
	}
	return filepath.ToSlash(path)
}

func (s source) same(other source) bool {
	return s.path == other.path && (s.fsys == nil) == (other.fsys == nil)
}

func (s source) exists() bool {
	if s.fsys != nil {
		_, err := fs.Stat(s.fsys, s.path)
		return err == nil
	}
	_, err := os.Stat(s.path)
	return err == nil
}

func (s source) missing() error {
	return fmt.Errorf("profile file %s does not exist: check the path", s.shown)
}

// read parses the file and sees that it is a mapping.
func (l Library) read(s source) (*yamlpos.Node, error) {
	fsys, path := s.fsys, s.path
	if fsys == nil {
		fsys, path = os.DirFS(filepath.Dir(s.path)), filepath.Base(s.path)
	}
	data, err := yamlpos.ReadFile(fsys, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, s.missing()
	case err != nil:
		return nil, fmt.Errorf("read profile %s: %w", s.shown, err)
	}
	root, err := yamlpos.Parse(s.shown, data)
	if err != nil {
		return nil, err
	}
	if root.Kind != yamlpos.Mapping {
		return nil, yamlpos.Problems{root.Mismatch("", "a profile: a mapping with keys such as name and stacks")}
	}
	return root, nil
}

// resolve is the file's tree laid over that of the profile it extends.
func (l Library) resolve(s source, used []source) (*yamlpos.Node, error) {
	root, err := l.read(s)
	if err != nil {
		return nil, err
	}
	extends := root.Get("extends")
	if extends == nil || extends.Kind == yamlpos.Null {
		return yamlpos.Merge(nil, named(root, s)), nil
	}
	name, problems := extends.DecodeText("extends")
	if problems != nil {
		return nil, problems
	}
	used = append(used, s)
	base, err := l.find(name, filepath.Dir(s.path), used)
	if err != nil {
		return nil, yamlpos.Problems{extends.Problem("extends", err.Error())}
	}
	if slices.ContainsFunc(used, base.same) {
		return nil, yamlpos.Problems{extends.Problem("extends", "a profile extends itself: "+cycle(used, base))}
	}
	if !base.exists() {
		return nil, yamlpos.Problems{extends.Problem("extends", base.missing().Error())}
	}
	under, err := l.resolve(base, used)
	if err != nil {
		return nil, err
	}
	return yamlpos.Merge(under, named(root, s)), nil
}

// named is the tree with the name of its file where it gives none itself, so
// that a profile does not go by the name of the one that it extends.
func named(root *yamlpos.Node, s source) *yamlpos.Node {
	if root.Get("name") != nil {
		return root
	}
	base := strings.TrimSuffix(filepath.Base(s.path), filepath.Ext(s.path))
	if strings.HasPrefix(base, ".") { // .diorama.yaml: the folder says what it is about
		base = labelOf(filepath.Base(filepath.Dir(s.path)))
	}
	return root.With([]string{"name"}, &yamlpos.Node{Position: root.Position, Kind: yamlpos.String, Text: base})
}

func cycle(used []source, last source) string {
	var b strings.Builder
	for _, s := range used {
		b.WriteString(s.shown + " → ")
	}
	return b.String() + last.shown
}
