package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/diorama-dev/diorama/internal/plan"
)

// recipe knows how to run one kind of server.
type recipe struct {
	kind string
	// programs are what is looked for on this machine, the first found counts.
	programs []program
	// imitation is true where our own binary can stand in for the server, and
	// limits say what it then cannot do.
	imitation bool
	limits    []string
	// version says what a program's version is; nil: the program itself does.
	version func(ctx context.Context, path string) string
	// memory is about what the real server and the imitation take, in bytes.
	memory, imitationMemory int64

	// prepare has the server's data there; nil: there is nothing to do. It is
	// whole or not at all, and called again before every start.
	prepare func(ctx context.Context, j job) error
	command func(j job) (command, error)
	// companion is a process that has to run beside the server; nil: none.
	companion func(j job) (companion, error)
	// ready returns nil once the server answers as it should.
	ready func(ctx context.Context, j job) error
	// stop is how it ends in good order, and within what time; orphan is what
	// it is sent when its keeper dies.
	stop, orphan signal
	grace        time.Duration
	// unprivileged is true of a server that refuses to run as root.
	unprivileged bool
}

// program is a file to look for, and others that must lie beside it.
type program struct {
	name   string
	beside []string
	// refuse says of a file that it is another than is looked for; may be nil.
	refuse func(path string) bool
}

// companion is a process beside a server, which starts before it and ends
// after it.
type companion struct {
	command
	// address is where it accepts connections once it is there, and env what
	// the server has to know of it.
	address string
	env     []string
}

// command is what a process is started with. Secrets never stand in its
// arguments.
type command struct {
	path string
	args []string
	env  []string
	// leash is true of our own programs: they end when their standard input
	// does.
	leash bool
}

// job is a server of a plan on its way to being a process.
type job struct {
	plan.Server
	stack string
	// home holds the server's lock, in the environment's folder. The others
	// lie elsewhere where the server's user cannot enter that: folder has its
	// files and data what it must not lose.
	home, folder, data string
	// secrets are the credentials of the stack's instance, by name.
	secrets map[string]string
	// environment is that of a program of this module, credentials in place.
	environment map[string]string
	executable  string // our own binary
	user        *user  // nil: our own
	pid         int    // of its process, once it is one
	answered    bool   // it was ready before
	// tell says what the preparation is doing.
	tell func(string)
}

// port is that of the server's endpoint, or of its only one.
func (j job) port(endpoint string) int {
	if port, ok := j.Ports[endpoint]; ok {
		return port
	}
	for _, port := range j.Ports {
		return port
	}
	return 0
}

func (j job) address(endpoint string) string {
	return fmt.Sprintf("%s:%d", plan.Localhost, j.port(endpoint))
}

// recipes are all kinds of server that there are.
func recipes() []recipe {
	return []recipe{
		postgresRecipe(), redisRecipe("redis"), redisRecipe("valkey"), kafkaRecipe(), programRecipe(),
		memcachedRecipe(), mysqlRecipe(), rabbitmqRecipe(),
	}
}

func recipeOf(kind string) (recipe, error) {
	for _, r := range recipes() {
		if r.kind == kind {
			return r, nil
		}
	}
	return recipe{}, fmt.Errorf("the embedded runtime has no server %q", kind)
}

// errStarting says that a server is there and not yet ready.
var errStarting = errors.New("it is starting")

// writeFile replaces a file of a server's, for its user alone.
func (j job) writeFile(name, content string) (string, error) {
	path := filepath.Join(j.folder, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return "", fmt.Errorf("write the settings of %s: %w", j.Service, err)
	}
	return path, j.user.own(path)
}
