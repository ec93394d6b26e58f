package credentials

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// fileName is the file's name in an environment's folder.
const fileName = "credentials.json"

// schema is the version of the file's form.
const schema = 1

// maxFile bounds what is read, in bytes; a thousand secrets are far below it.
const maxFile = 1 << 20

// file is the form of the file.
type file struct {
	Schema      int                          `json:"schema"`
	Credentials map[string]map[string]string `json:"credentials"`
}

// Load reads the set kept in an environment's folder. A folder without one
// has the empty set.
func Load(folder string) (Set, error) {
	path := filepath.Join(folder, fileName)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Set{}, nil
	}
	if err != nil {
		return Set{}, fmt.Errorf("read the credentials: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return Set{}, fmt.Errorf("read the credentials: %w", err)
	}
	var content file
	if len(data) > maxFile || json.Unmarshal(data, &content) != nil {
		// The parser's error may quote the content, so it is left out.
		return Set{}, fmt.Errorf("%s is damaged: restore it, or delete the environment with `diorama down`", path)
	}
	if content.Schema != schema {
		return Set{}, fmt.Errorf("%s has the form %d, this program knows %d: use the version of diorama that made it", path, content.Schema, schema)
	}
	return Set{values: content.Credentials}, nil
}

// Save keeps the set in an environment's folder, which must exist. The file is
// whole or not there at all, readable by its owner only from its first byte on.
func Save(folder string, s Set) error {
	data, err := json.MarshalIndent(file{Schema: schema, Credentials: s.values}, "", "  ")
	if err != nil {
		return fmt.Errorf("save the credentials: %w", err)
	}
	if err := writeWhole(filepath.Join(folder, fileName), append(data, '\n')); err != nil {
		return fmt.Errorf("save the credentials: %w", err)
	}
	return nil
}

// writeWhole replaces a file atomically: CreateTemp makes it 0600, and the
// rename happens after its bytes are on the disk.
func writeWhole(path string, data []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+fileName+"-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(data)
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the rename itself last.
func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Ensure is the set of an environment's folder with everything that is needed,
// fixed secrets included; what is new is saved before it is returned.
func Ensure(folder string, needs []Need) (Set, error) {
	have, err := Load(folder)
	if err != nil {
		return Set{}, err
	}
	filled, changed, err := have.Fill(needs, nil)
	if err != nil {
		return Set{}, err
	}
	if changed {
		if err := Save(folder, filled); err != nil {
			return Set{}, err
		}
	}
	return filled, nil
}
