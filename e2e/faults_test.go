//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestServerFaults meets what can go wrong without a cluster: a clear answer
// each, and nothing lost.
func TestServerFaults(t *testing.T) {
	t.Run("two at once", twoAtOnce)
	t.Run("a port taken between plan and start", portTaken)
	t.Run("data of another version", otherVersion)
	t.Run("a full disk", fullDisk)
	t.Run("no home", noHome)
	t.Run("no standard input", noInput)
	t.Run("a keeper killed after a start", killedAfterStart)
	t.Run("an interrupt", interrupted)
	t.Run("go run", goRun)
}

func twoAtOnce(t *testing.T) {
	w := newServerWorld(t)
	w.must("up", "minimal", "--runtime", "embedded")
	w.must("up", "minimal", "--runtime", "embedded", "--name", "second")
	first, second := w.vars("minimal"), w.vars("second")
	for _, name := range []string{"POSTGRES_PORT", "REDIS_PORT", "POSTGRES_PASSWORD"} {
		if first[name] == second[name] {
			t.Errorf("both have the %s %s", name, first[name])
		}
	}
	redisDo(t, first["REDIS_URL"], "set", "whose", "first")
	redisDo(t, second["REDIS_URL"], "set", "whose", "second")
	w.must("down", "--name", "second", "-y")
	if got := redisDo(t, first["REDIS_URL"], "get", "whose"); got != "first" {
		t.Errorf("the first Redis holds %q", got)
	}
}

// portTaken takes a stopped environment's port: start says by whom it is
// taken, and up finds another one.
func portTaken(t *testing.T) {
	w := newServerWorld(t)
	w.must("up", "minimal", "--runtime", "embedded")
	vars := w.vars("minimal")
	execute(t, vars["POSTGRES_URL"], "create table greetings(word text); insert into greetings values ('hello')")
	w.must("stop", "--name", "minimal")
	holder, err := net.Listen("tcp", "127.0.0.1:"+vars["POSTGRES_PORT"])
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	w.fails(1, []string{"port " + vars["POSTGRES_PORT"] + " is taken by", fmt.Sprint(os.Getpid())}, "start", "--name", "minimal")
	w.must("up", "minimal")
	again := w.vars("minimal")
	if again["POSTGRES_PORT"] == vars["POSTGRES_PORT"] {
		t.Errorf("still on port %s", again["POSTGRES_PORT"])
	}
	if got := query(t, again["POSTGRES_URL"], "select word from greetings"); got != "hello" {
		t.Errorf("PostgreSQL holds %q, want hello", got)
	}
}

func otherVersion(t *testing.T) {
	w := newServerWorld(t)
	w.must("up", "minimal", "--runtime", "embedded")
	url := w.vars("minimal")["POSTGRES_URL"]
	folder := query(t, url, "select setting from pg_settings where name = 'data_directory'")
	w.must("stop", "--name", "minimal")
	file := filepath.Join(folder, "PG_VERSION")
	version, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, []byte("9\n"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.fails(1, []string{"is that of version 9", "diorama down"}, "start", "--name", "minimal")
	if err := os.WriteFile(file, version, 0o644); err != nil {
		t.Fatal(err)
	}
	w.must("up", "minimal")
	if got := query(t, url, "select 'there'"); got != "there" {
		t.Errorf("PostgreSQL answers %q", got)
	}
}

// fullDisk fills the disk under a server, as a user whose servers' data lies
// in the state folder.
func fullDisk(t *testing.T) {
	w := newServerWorld(t)
	if _, err := try(t, nil, "setpriv", "--version"); err != nil || os.Getuid() != 0 {
		t.Skip("left out: it takes root, and setpriv, to mount a small disk for another user")
	}
	disk, err := os.MkdirTemp("", "diorama-disk-") // where others may enter
	if err == nil {
		err = syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=700m,mode=777")
	}
	if err != nil {
		t.Skipf("left out: no small disk can be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
		_ = os.Remove(disk)
	})
	program := filepath.Join(disk, "diorama") // nobody else can enter ours
	if _, err := try(t, nil, "cp", binary, program); err != nil {
		t.Fatal(err)
	}
	nobody := func(args ...string) string {
		t.Helper()
		cmd := bounded(t, "setpriv", slices.Concat([]string{"--reuid=65534", "--regid=65534", "--clear-groups", program}, args)...)
		cmd.Env = append(w.env(), "HOME="+disk, "DIORAMA_STATE="+filepath.Join(disk, "state"))
		cmd.Dir = disk
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Logf("diorama %s: %v", strings.Join(args, " "), err)
		}
		return string(out)
	}
	t.Cleanup(func() { nobody("down", "-y", "--name", "minimal") })
	if out := nobody("up", "minimal", "--runtime", "embedded"); !strings.Contains(out, "is ready") {
		t.Fatal(out)
	}
	url := strings.TrimSpace(nobody("run", "--name", "minimal", "--", "sh", "-c", "echo $POSTGRES_URL"))
	execute(t, url, "create table greetings(word text); insert into greetings values ('hello')")
	filler := filepath.Join(disk, "filler")
	_, _ = try(t, nil, "dd", "if=/dev/zero", "of="+filler, "bs=1M") // it ends with the disk
	pid := query(t, url, "select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)")
	if _, err := try(t, nil, "kill", "-9", pid); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the finding", func() error {
		if out := nobody("explain", "--name", "minimal"); !strings.Contains(out, "no room left on the disk") {
			return fmt.Errorf("explained as %s", out)
		}
		return nil
	})
	if out := nobody("up", "minimal", "--name", "second", "--runtime", "embedded"); !strings.Contains(out, "make room on that disk") {
		t.Errorf("a second one is answered with %s", out)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server's return", func() error {
		if out := nobody("status", "--name", "minimal"); !strings.Contains(out, "2 of 2 services") {
			return errors.New(out)
		}
		return nil
	})
	if got := query(t, url, "select word from greetings"); got != "hello" {
		t.Errorf("PostgreSQL holds %q, want hello", got)
	}
}

func noHome(t *testing.T) {
	w := newServerWorld(t)
	homeless := func(extra ...string) (string, int) {
		cmd := bounded(t, binary, "up", "minimal", "--runtime", "embedded", "--name", "homeless")
		cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, extra...)
		out, _ := cmd.CombinedOutput() // the exit code says it
		return string(out), cmd.ProcessState.ExitCode()
	}
	if out, code := homeless(); code != 3 || !strings.Contains(out, "set DIORAMA_STATE") {
		t.Errorf("without a home: exit code %d\n%s", code, out)
	}
	sealed := filepath.Join(t.TempDir(), "sealed") // a file: not even root can make folders in it
	if err := os.WriteFile(sealed, nil, 0o400); err != nil {
		t.Fatal(err)
	}
	if out, code := homeless("HOME=" + sealed); code != 3 || !strings.Contains(out, "set DIORAMA_STATE") {
		t.Errorf("with a home that cannot be written to: exit code %d\n%s", code, out)
	}
	if out, code := homeless("DIORAMA_STATE=" + w.state); code != 0 || !strings.Contains(out, "is ready") {
		t.Errorf("with DIORAMA_STATE: exit code %d\n%s", code, out)
	}
}

// noInput starts an environment with a standard input that is closed, and
// whose number the first file that is opened would get.
func noInput(t *testing.T) {
	w := newServerWorld(t)
	cmd := bounded(t, "sh", "-c", `exec "$0" up minimal --runtime embedded <&-`, binary)
	cmd.Env, cmd.Dir = w.env(), w.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	w.wantReady("minimal", "postgres", "redis")
	query(t, w.vars("minimal")["POSTGRES_URL"], "select 'there'")
}

// killedAfterStart: what was started again is not taken for stopped.
func killedAfterStart(t *testing.T) {
	w := newServerWorld(t)
	w.must("up", "minimal", "--runtime", "embedded")
	w.must("stop", "--name", "minimal")
	w.must("start", "--name", "minimal")
	killKeeper(t, w, "minimal")
	w.must("wait", "--name", "minimal", "--timeout", "1m")
	w.awaitReady("minimal", "postgres", "redis")
}

// interrupted ends a start with Ctrl-C; the next one converges.
func interrupted(t *testing.T) {
	w := newServerWorld(t)
	cmd := w.command("up", "minimal", "--runtime", "embedded", "-q")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	awaitStep(t, w, "apply")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 130 && cmd.ProcessState.ExitCode() != 0 {
		t.Errorf("exit code %d (%v), want 130, or 0 where it was ready before", cmd.ProcessState.ExitCode(), err)
	}
	w.must("up", "minimal", "--runtime", "embedded")
	w.wantReady("minimal", "postgres", "redis")
}

// goRun starts an environment by `go run`, whose binary is gone afterwards, and
// lets its keeper start a server again.
func goRun(t *testing.T) {
	w := newServerWorld(t)
	run := func(args ...string) string {
		t.Helper()
		cmd := bounded(t, "go", append([]string{"run", "github.com/diorama-dev/diorama/cmd/diorama"}, args...)...)
		cmd.Env = w.env()
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go run . %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	run("up", "minimal", "--runtime", "embedded", "-d")
	killServer(t, w, "minimal", "redis")
	run("wait", "--timeout", "1m")
	if out := run("up", "minimal", "-d"); !strings.Contains(out, "apply postgres unchanged") {
		t.Errorf("the second time:\n%s", out)
	}
}
