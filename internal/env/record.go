package env

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Record is what an environment must remember between commands. It is the
// proof that a cluster of that name is ours.
type Record struct {
	Schema int `json:"schema"` // 1
	Identity
	Cluster ClusterRecord `json:"cluster"`
	// Ports are the host ports that belong to the environment, by
	// "stack/endpoint", also of stacks that left the profile.
	Ports   map[string]PortRecord `json:"ports"`
	Created time.Time             `json:"created"`
	// Stacks are the stacks that may have objects in the cluster.
	Stacks []string `json:"stacks"`
	// Meshes are those of Stacks that others may run by.
	Meshes []string `json:"meshes,omitempty"`
	// Merged is true when the user's kubeconfig leads to the cluster.
	Merged bool `json:"merged,omitempty"`
	// Context was the current one of that kubeconfig before.
	Context string `json:"context,omitempty"`
	// Ready is when the last start came to its end.
	Ready time.Time `json:"ready,omitzero"`
	// Stopped is true between stop and start.
	Stopped bool `json:"stopped,omitempty"`
}

// ClusterRecord is what only the creation of a cluster can decide.
type ClusterRecord struct {
	Name      string `json:"name"`
	NodeImage string `json:"nodeImage"`
	Nodes     int    `json:"nodes"`
	// Complete is set once creation has come to its end. A cluster without it
	// is half-made.
	Complete bool `json:"complete"`
	// Ports are all that the nodes publish on 127.0.0.1, the spare pool among them.
	Ports []PortRecord `json:"ports"`
	// GPU are the devices that the nodes were made with.
	GPU GPURecord `json:"gpu,omitzero"`
}

// PortRecord is a port of the node and the port of 127.0.0.1 that leads to it.
type PortRecord struct {
	Node int `json:"node"` // the Service's node port
	Host int `json:"host"`
	// Preferred is what the stack asks for; the keeper listens there where it
	// is not Host.
	Preferred int `json:"preferred,omitempty"`
}

// Folder is the state folder of one environment.
type Folder string

// StateRoot returns the folder that holds the state of all environments:
// $DIORAMA_STATE, else diorama below $XDG_STATE_HOME, else below
// ~/.local/state (the XDG base directory specification).
func StateRoot(getenv func(string) string) (string, error) {
	if dir := getenv("DIORAMA_STATE"); dir != "" {
		return filepath.Abs(dir)
	}
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "diorama"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", &FolderError{Err: err}
	}
	return filepath.Join(home, ".local", "state", "diorama"), nil
}

// FolderOf returns the state folder of the environment; it need not exist.
func FolderOf(root, environment string) Folder {
	return Folder(filepath.Join(root, environment))
}

// The files of a state folder.
func (f Folder) recordFile() string { return filepath.Join(string(f), "record.json") }

// Plan is the file with the plan that was last sent to the keeper.
func (f Folder) Plan() string { return filepath.Join(string(f), "plan.json") }

// Credentials is the file with the environment's credentials.
func (f Folder) Credentials() string { return filepath.Join(string(f), "credentials.json") }

// Kubeconfig is the file that reaches the environment's cluster.
func (f Folder) Kubeconfig() string { return filepath.Join(string(f), "kubeconfig") }

// Lock is the file whose lock the environment's owner holds.
func (f Folder) Lock() string { return filepath.Join(string(f), "lock") }

// Logs is the folder of the log store.
func (f Folder) Logs() string { return filepath.Join(string(f), "logs") }

// Request is the file with what the environment was last asked to be.
func (f Folder) Request() string { return filepath.Join(string(f), "request.json") }

// Apps is the folder of the Compose files that joined the environment beside
// those of its profile, NAME.yaml each.
func (f Folder) Apps() string { return filepath.Join(string(f), "apps") }

// Servers is the folder of the servers that the keeper owns, a folder each.
func (f Folder) Servers() string { return filepath.Join(string(f), "servers") }

// Programs is the folder of the copies of our own binary that keepers run.
func (f Folder) Programs() string { return filepath.Join(string(f), "programs") }

// KeeperLog is the file that the keeper writes what it does to.
func (f Folder) KeeperLog() string { return filepath.Join(string(f), "keeper.log") }

// Make creates the folder, for the user alone.
func (f Folder) Make() error {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return &FolderError{Err: err}
	}
	return nil
}

// FolderError says that there is no place for the state of environments.
type FolderError struct{ Err error }

func (e *FolderError) Error() string {
	return fmt.Sprintf("there is no place for the environment's state: %v; set DIORAMA_STATE to a folder that you can write to", e.Err)
}

// Unwrap returns what was met.
func (e *FolderError) Unwrap() error { return e.Err }

// Remove deletes the folder with all that is in it.
func (f Folder) Remove() error {
	if err := os.RemoveAll(string(f)); err != nil {
		return fmt.Errorf("remove the state folder: %w", err)
	}
	return nil
}

// ReadRecord returns the record; [fs.ErrNotExist] where there is none.
func (f Folder) ReadRecord() (Record, error) {
	data, err := os.ReadFile(f.recordFile())
	if errors.Is(err, fs.ErrNotExist) {
		return Record{}, fmt.Errorf("read the environment's record: %w", err)
	}
	if err != nil {
		return Record{}, &FolderError{Err: err}
	}
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return Record{}, &DamagedError{File: f.recordFile(), Err: err}
	}
	if r.Schema != 1 {
		return Record{}, fmt.Errorf("read %s: schema %d is not known to this version", f.recordFile(), r.Schema)
	}
	return r, nil
}

// DamagedError says that a record is there and cannot be read.
type DamagedError struct {
	File string
	Err  error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("read %s: %v; if it is beyond repair, `diorama down` removes the environment", e.File, e.Err)
}

// Unwrap returns the cause.
func (e *DamagedError) Unwrap() error { return e.Err }

// WriteRecord replaces the record, whole or not at all.
func (f Folder) WriteRecord(r Record) error {
	r.Schema = 1
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write the environment's record: %w", err)
	}
	return WriteFile(f.recordFile(), append(data, '\n'))
}

// Gain notes that there may be something of the stack.
func (r *Record) Gain(stack string) {
	if !slices.Contains(r.Stacks, stack) {
		r.Stacks = append(r.Stacks, stack)
	}
}

// GainMesh is Gain for a mesh.
func (r *Record) GainMesh(stack string) {
	r.Gain(stack)
	if !slices.Contains(r.Meshes, stack) {
		r.Meshes = append(r.Meshes, stack)
	}
}

// Lose notes that there is nothing of the stack any more but its data.
func (r *Record) Lose(stack string) {
	gone := func(s string) bool { return s == stack }
	r.Stacks, r.Meshes = slices.DeleteFunc(r.Stacks, gone), slices.DeleteFunc(r.Meshes, gone)
}

// WriteFile replaces a file for the user alone (mode 0600), whole or not at all.
func WriteFile(name string, data []byte) error {
	if there, err := os.ReadFile(name); err == nil && bytes.Equal(there, data) {
		return nil // also where the disk is full
	}
	temp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = temp.Write(data)
	if err == nil {
		err = temp.Sync()
	}
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// List returns the names of the environments that have a state folder, sorted.
func List(root string) ([]string, error) {
	entries, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list environments: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		if _, err := os.Stat(FolderOf(root, entry.Name()).recordFile()); err == nil {
			names = append(names, entry.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// maxSocketPath is what a socket's address can hold on every system
// (sun_path is 104 bytes on macOS, 108 on Linux).
const maxSocketPath = 100

// Socket is where the keeper listens: in the folder, or, where that path is
// too long for a socket, in a folder of this user's own below the temporary one.
func (f Folder) Socket() string {
	path := filepath.Join(string(f), "keeper.sock")
	if len(path) <= maxSocketPath {
		return path
	}
	sum := sha256.Sum256([]byte(f))
	return filepath.Join(os.TempDir(), fmt.Sprintf("diorama-%d-%x.sock", os.Getuid(), sum[:8]))
}

// RemoveButLogs deletes all of the folder but the log store.
func (f Folder) RemoveButLogs() error {
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return fmt.Errorf("remove the state folder: %w", err)
	}
	var errs []error
	for _, entry := range entries {
		if path := filepath.Join(string(f), entry.Name()); path != f.Logs() {
			errs = append(errs, os.RemoveAll(path))
		}
	}
	return errors.Join(errs...)
}
