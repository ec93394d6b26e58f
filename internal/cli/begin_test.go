package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

// person sits at a terminal in front of a command.
type person struct {
	t      *testing.T
	keys   *os.File
	screen vt10x.Terminal
	drawn  chan struct{}
	stderr bytes.Buffer
	code   chan ExitCode
}

// sit runs a command line on a terminal of its own.
func sit(t *testing.T, args ...string) *person {
	t.Helper()
	keys, tty, err := pty.Open()
	if err != nil {
		t.Skipf("no pty here: %v", err)
	}
	t.Cleanup(func() { _ = keys.Close(); _ = tty.Close() })
	if err := pty.Setsize(keys, &pty.Winsize{Cols: 100, Rows: 24}); err != nil {
		t.Fatal(err)
	}
	p := &person{t: t, keys: keys, screen: vt10x.New(vt10x.WithSize(100, 24)), drawn: make(chan struct{}, 1), code: make(chan ExitCode, 1)}
	go func() {
		buffer := make([]byte, 32<<10)
		for {
			n, err := keys.Read(buffer)
			if err != nil {
				return
			}
			_, _ = p.screen.Write(buffer[:n])
			select {
			case p.drawn <- struct{}{}:
			default:
			}
		}
	}()
	go func() {
		p.code <- run(t.Context(), args, &streams{in: tty, out: tty, err: &p.stderr, interactive: true, width: 100})
	}()
	return p
}

// sees waits until the screen shows the texts. The deadline only ends a test
// that hangs.
func (p *person) sees(texts ...string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 30*time.Second)
	defer cancel()
	for _, text := range texts {
		for !strings.Contains(p.screen.String(), text) {
			select {
			case <-p.drawn:
			case <-ctx.Done():
				p.t.Fatalf("the screen never showed %q; it shows\n%s", text, p.screen.String())
			}
		}
	}
}

func (p *person) types(keys string) {
	p.t.Helper()
	if _, err := p.keys.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// ends waits for the command's end.
func (p *person) ends(want ExitCode, stderr string) {
	p.t.Helper()
	if got := <-p.code; got != want || !strings.Contains(p.stderr.String(), stderr) {
		p.t.Errorf("exit code %d, want %d; standard error, with %q in it, is %q", got, want, stderr, p.stderr.String())
	}
}

// inFolder makes a working folder and a state folder with environments.
func inFolder(t *testing.T) (state string) {
	t.Helper()
	home := t.TempDir()
	state = filepath.Join(home, "state")
	for name, text := range map[string]string{
		"work/.diorama.yaml":                 "name: shop\ntitle: The shop and all it stands on\nruntime: kind\nstacks: [redis]\n",
		"work/.diorama/profiles/alone.yaml":  "name: alone\nruntime: kind\nstacks: [redis]\n",
		"work/.diorama/profiles/broken.yaml": "name: broken\nstacks: [kafak]\n",
		"work/deep/er/notes":                 "",
		"state/shop/record.json":             `{"schema": 1, "environment": "shop", "profile": "streaming", "runtime": "kind", "stopped": true}`,
		"state/shop/plan.json":               `{"environment": "shop"}`,
		"state/old/record.json":              `{"schema": 1, "environment": "old", "profile": "backend", "runtime": "kind"}`,
		"state/old/plan.json":                `{"environment": "old"}`,
		"state/worse/record.json":            `{`,
	} {
		file := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, ".config"))
	t.Setenv("DIORAMA_STATE", state)
	t.Setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
	t.Setenv("TERM", "xterm-256color")
	t.Chdir(filepath.Join(home, "work"))
	return state
}

// Looking shows what there is, and changes nothing.
func TestBeginShowsWhatThereIs(t *testing.T) {
	state := inFolder(t)
	p := sit(t)
	p.sees("3 environments, 11 profiles", "old", "backend · kind", "not watched", "shop", "streaming · kind", "stopped", "worse",
		".diorama.yaml", "The shop and all it stands on", "kafka redis postgres demo", "broken", "cannot be used")
	p.types("q")
	p.ends(ExitOK, "")
	for _, name := range []string{"old", "shop", "worse"} {
		if made, err := filepath.Glob(filepath.Join(state, name, "keeper*")); err != nil || len(made) > 0 {
			t.Errorf("looking has started something: %v, %v", made, err)
		}
	}
}

// What is chosen is done; here it comes as far as it can without the Docker
// that these profiles insist on.
func TestBeginDoesWhatIsChosen(t *testing.T) {
	for name, c := range map[string]struct {
		folder string
		keys   string
		want   string
	}{
		"a profile":                           {".", "jjjjj\r", "start Docker"},
		"the folder's own":                    {".", "jjj\r", "start Docker"},
		"the folder's own, from further down": {"deep/er", "jjj\r", "start Docker"},
	} {
		t.Run(name, func(t *testing.T) {
			inFolder(t)
			t.Chdir(c.folder)
			p := sit(t)
			p.sees("Profiles to bring one about from")
			p.types(c.keys)
			p.ends(ExitHost, c.want)
		})
	}
}

func TestBeginInterrupted(t *testing.T) {
	inFolder(t)
	p := sit(t)
	p.sees("environments")
	p.types("\x03")
	p.ends(ExitInterrupted, "interrupted")
}
