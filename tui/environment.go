package tui

import (
	"context"
	"io"
	"os/exec"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/gpu"
	lines "github.com/diorama-dev/diorama/tui/logs"
	"github.com/diorama-dev/diorama/tui/mesh"
	"github.com/diorama-dev/diorama/tui/queues"
	"github.com/diorama-dev/diorama/tui/theme"
)

// Environment is what the UI needs of a running environment. Its methods may
// be called from several goroutines at once.
type Environment interface {
	// Watch sends the newest snapshot, then each newer one; what is not taken
	// in time is replaced. The channel is closed when the environment is gone
	// or the context ends.
	Watch(ctx context.Context) <-chan env.Snapshot
	// Act carries out what a person asked for and returns when it has begun.
	Act(ctx context.Context, a Action) error
	// Endpoints are those of the environment with their credentials in clear.
	Endpoints(ctx context.Context) ([]env.Endpoint, error)
	// Sources are what the screens read by themselves.
	Sources() Sources
	// Shell returns a command that opens a shell in a service; the UI gives it
	// the terminal and waits for it.
	Shell(ctx context.Context, service string) (*exec.Cmd, error)
}

// Sources are what screens read beside the snapshots.
type Sources struct {
	Logs logs.Reader // the lines of all services
	// Systems are installed log systems that hold the same lines; a person can
	// read them in place of Logs. Most environments have none.
	Systems []lines.System
	// Query takes a text in the language of one of them apart, and says which
	// reader answers it. It may wait for an answer, as long as the person does.
	// Nil: it is not offered.
	Query func(ctx context.Context, text string) (logs.Reader, logs.Query, error)
	// Queues is empty where no stack of the environment has queues.
	Queues queues.Source
	// GPU is empty where the environment does not look for GPUs.
	GPU gpu.Source
	// Mesh is empty where no stack of the environment is a mesh.
	Mesh mesh.Source
}

// Verb is what an action does.
type Verb string

// The verbs. The UI asks for stop and down through its [Outcome] instead: they
// outlive it.
const (
	VerbRestart Verb = "restart"
	VerbScale   Verb = "scale"
	VerbCancel  Verb = "cancel" // the run of the plan that is under way
)

// Action is a request to change something of an environment.
type Action struct {
	Verb     Verb
	Stack    string // the service's stack; empty for cancel
	Service  string // empty for cancel
	Replicas int    // wanted, for scale
}

// Outcome is how a session of the UI ended, and what its caller is to do next.
type Outcome string

// The outcomes.
const (
	OutcomeQuit        Outcome = "quit"        // nothing was under way
	OutcomeLeft        Outcome = "left"        // steps go on in the background
	OutcomeStop        Outcome = "stop"        // the person wants the environment stopped
	OutcomeDown        Outcome = "down"        // the person wants it taken down, and has confirmed it
	OutcomeInterrupted Outcome = "interrupted" // ctrl-c while steps ran: cancel them
	OutcomeGone        Outcome = "gone"        // the environment went away
)

// Options are what a caller may choose of the UI. The zero value is right for
// a terminal.
type Options struct {
	Theme  theme.Variant // empty: by the terminal's background
	Start  Screen        // empty: events while steps run, else services
	Input  io.Reader     // nil: the terminal
	Output io.Writer     // nil: the terminal
	// Environ are the variables that say what the terminal can do; nil: those
	// of the process.
	Environ []string
	NoMouse bool
}

// auto reports whether the theme follows the terminal's background.
func (o Options) auto() bool { return o.Theme == "" || o.Theme == theme.Auto }

// Screen names a screen.
type Screen string

// The screens, by the number of their key.
const (
	ScreenServices Screen = "services"
	ScreenQueues   Screen = "queues"
	ScreenLogs     Screen = "logs"
	ScreenGPU      Screen = "gpu"
	ScreenEvents   Screen = "events"
	ScreenMesh     Screen = "mesh"
)
