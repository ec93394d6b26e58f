package cli_test

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/diorama-dev/diorama/internal/cli"
	"github.com/diorama-dev/diorama/internal/docker"
)

var update = flag.Bool("update", false, "write what the scripts compare with anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"diorama": func() { os.Exit(cli.Main()) },
	})
}

// TestScripts runs the command line as people do, without Docker: a script
// that needs it says so with [!docker] skip.
func TestScripts(t *testing.T) {
	host, reason := dockerHost(t)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               func(e *testscript.Env) error { return setup(e, host) },
		Condition: func(name string) (bool, error) {
			if name != "docker" {
				return false, fmt.Errorf("there is no condition %q", name)
			}
			if reason != nil {
				t.Logf("left out what needs Docker: %v", reason)
			}
			return reason == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "generate": generate, "empty": empty, "port": port,
		},
	})
}

// setup gives a script a home and a state folder of its own and a Docker that
// is not there; $DOCKER is the one that is.
func setup(e *testscript.Env, host string) error {
	home := filepath.Join(e.WorkDir, "home")
	e.Defer(func() { takeDown(e) })
	e.Setenv("HOME", home)
	e.Setenv("XDG_CONFIG_HOME", filepath.Join(home, ".config"))
	e.Setenv("XDG_CACHE_HOME", filepath.Join(home, ".cache"))
	e.Setenv("DIORAMA_STATE", filepath.Join(e.WorkDir, "state"))
	e.Setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
	e.Setenv("DOCKER", host)
	return os.MkdirAll(home, 0o700)
}

// port sets each of the variables to a port that nobody listens on.
func port(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: port VARIABLE…")
	}
	for _, name := range args {
		ts.Setenv(name, ownPort(ts))
	}
}

// chosen counts the ports that scripts were given.
var chosen atomic.Int32

// ownPort is a port that nobody listens on, nor will soon: a script uses it
// seconds later, and a port of those that the system gives to whoever asks for
// any, from 32768 on, could be somebody's by then. Each process has a hundred of
// its own below.
func ownPort(ts *testscript.TestScript) string {
	const each = 100
	for range each {
		number := strconv.Itoa(10_000 + os.Getpid()%200*each + int(chosen.Add(1))%each)
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", number))
		if err == nil {
			ts.Check(listener.Close())
			return number
		}
	}
	ts.Fatalf("somebody listens on all ports of this process")
	return ""
}

// takeDown ends whatever a script that failed has left running.
func takeDown(e *testscript.Env) {
	entries, err := os.ReadDir(e.Getenv("DIORAMA_STATE"))
	if err != nil {
		return // the script made no environment
	}
	program := filepath.Join(filepath.SplitList(e.Getenv("PATH"))[0], "diorama")
	for _, entry := range entries {
		cmd := exec.Command(program, "down", "-y", "--name", entry.Name())
		cmd.Env = e.Vars
		if out, err := cmd.CombinedOutput(); err != nil {
			e.T().Log(fmt.Sprintf("take %s down: %v: %s", entry.Name(), err, out))
		}
	}
}

// dockerHost is where Docker answers, or why it does not.
func dockerHost(t *testing.T) (string, error) {
	t.Helper()
	engine, err := docker.Open(t.Context())
	if err != nil {
		return "", err
	}
	return engine.Endpoint.Host, engine.Close()
}

// exits runs a command and asserts its exit code: exits CODE COMMAND….
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	err = ts.Exec(args[1], args[2:]...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// generate writes a file that is of no use in a script itself: generate
// huge|nested|binary FILE.
func generate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: generate huge|nested|binary FILE")
	}
	content := map[string]string{
		"huge":   "name: huge\ntitle: " + strings.Repeat("x", 64<<20) + "\n",
		"nested": "name: " + strings.Repeat("[", 100_000) + "\n",
		"binary": "\x7fELF\x02\x01\x01\x00\xff\xfe\x00\x1b]0;title\x07" + strings.Repeat("\x00\xc3\x28", 100),
	}[args[0]]
	if content == "" {
		ts.Fatalf("there is nothing called %s to generate", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(content), 0o600))
}

// empty asserts that a folder has nothing in it or is not there.
func empty(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: empty FOLDER")
	}
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	if err != nil && !os.IsNotExist(err) {
		ts.Check(err)
	}
	for _, entry := range entries {
		ts.Fatalf("%s holds %s", args[0], entry.Name())
	}
}
