package compose

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// readContents reads what the services mount from the host, as far as it is
// small enough to be carried along.
func readContents(model *types.Project) map[string]Content {
	contents := map[string]Content{}
	read := func(path string) {
		if path == "" {
			return
		}
		if _, done := contents[path]; !done {
			contents[path] = readContent(path)
		}
	}
	for _, service := range model.Services {
		for _, volume := range service.Volumes {
			if volume.Type == types.VolumeTypeBind {
				read(volume.Source)
			}
		}
	}
	for _, secret := range model.Secrets {
		read(secret.File)
	}
	for _, config := range model.Configs {
		read(config.File)
	}
	return contents
}

func readContent(path string) Content {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Content{State: Missing}
	case err != nil:
		return Content{State: Denied}
	case info.IsDir():
		return readFolder(path)
	case !info.Mode().IsRegular():
		return Content{State: Special}
	case info.Size() > MaxContent:
		return Content{State: TooLarge}
	}
	file, err := readFile(path, filepath.Base(path), info.Mode())
	if err != nil {
		return Content{State: Denied}
	}
	return Content{State: Readable, Files: []File{file}}
}

// errStop ends a walk whose outcome is known.
var errStop = errors.New("stop")

func readFolder(folder string) Content {
	content := Content{State: Readable, Folder: true}
	total := int64(0)
	stop := func(state ContentState) error {
		content = Content{State: state, Folder: true}
		return errStop
	}
	_ = filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return stop(Denied)
		}
		info, err := os.Stat(path) // follows links, as a mount would
		switch {
		case err != nil:
			return nil // a link to nowhere
		case info.IsDir():
			return nil
		case !info.Mode().IsRegular():
			return stop(Special)
		}
		if total += info.Size(); total > MaxContent || len(content.Files) == MaxFiles {
			return stop(TooLarge)
		}
		relative, err := filepath.Rel(folder, path)
		if err != nil {
			return stop(Denied)
		}
		file, err := readFile(path, filepath.ToSlash(relative), info.Mode())
		if err != nil {
			return stop(Denied)
		}
		content.Files = append(content.Files, file)
		return nil
	})
	return content
}

func readFile(path, name string, mode fs.FileMode) (File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return File{}, err
	}
	// Embedded files have lost their mode, so what looks like a script is one.
	script := bytes.HasPrefix(data, []byte("#!")) || strings.HasSuffix(name, ".sh")
	return File{Path: name, Data: data, Executable: mode&0o111 != 0 || script}, nil
}
