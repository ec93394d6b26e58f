//go:build unix

package fetch

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// nobody lets a command run as another user where this one is root: PostgreSQL
// refuses to be root's.
func nobody(t *testing.T, cmd *exec.Cmd, folder string) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	const id = 65534
	if err := os.Chown(folder, id, id); err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
}
