//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// endNode stops or kills a node, as docker calls it. Under cgroup v1 a process
// that runc has frozen for a moment, as it does where a container begins, cannot
// end before it is thawed.
func endNode(t *testing.T, how, name string) {
	t.Helper()
	id := docker(t, "inspect", "-f", "{{.Id}}", name)
	ended := make(chan error, 1)
	go func() {
		_, err := try(t, nil, "docker", how, name)
		ended <- err
	}()
	defer func() { <-ended }() // it gives up after ten seconds; the state counts
	eventually(t, "the end of the node", func() error {
		running, err := try(t, nil, "docker", "inspect", "-f", "{{.State.Running}}", name)
		if err != nil || running == "false" {
			return err
		}
		thaw(filepath.Join("/sys/fs/cgroup/freezer/docker", id))
		return fmt.Errorf("%s still runs", name)
	})
}

func thaw(folder string) {
	_ = filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		if err == nil && filepath.Base(path) == "freezer.state" {
			_ = os.WriteFile(path, []byte("THAWED"), 0o600)
		}
		return nil
	})
}
