// Package stacks owns the catalogue: what a stack is, the stacks that are built
// in (a folder of data each), and loading and validating those of users.
package stacks

import "io/fs"

// Stack is one installable technology: the value of its stack.yaml, and the
// folder with its workload.
type Stack struct {
	Identity
	// Requires are what must be there, and ready, before the stack starts.
	Requires []Requirement `yaml:"requires"`
	// After are names of stacks that come first where both are there.
	After       []string              `yaml:"after"`
	Parameters  map[string]Parameter  `yaml:"parameters"`
	Credentials map[string]Credential `yaml:"credentials"`
	Endpoints   map[string]Endpoint   `yaml:"endpoints"`
	// Probes are by Compose service; they replace a healthcheck of its own.
	Probes map[string]Probe `yaml:"probes"`
	// Builds are images that no registry has: they are made from this module.
	Builds []Build `yaml:"builds"`
	// Seeds are the kinds of seed that the stack takes.
	Seeds []string `yaml:"seeds"`
	// IgnoreDrift are JSON pointers to what the system itself rewrites.
	IgnoreDrift []string  `yaml:"ignoreDrift"`
	Footprint   Footprint `yaml:"footprint"`
	// Embedded names the embedded runtime's server; empty where there is none.
	Embedded string `yaml:"embedded"`
	Console
	Parts
	// Folder holds stack.yaml and the workload beside it.
	Folder Folder `yaml:"-"`
}

// Identity is what a stack is called and where it comes from.
type Identity struct {
	Name     string   `yaml:"name" jsonschema:"required"` // a DNS label, the folder's name
	Title    string   `yaml:"title" jsonschema:"required"`
	Category Category `yaml:"category" jsonschema:"required"`
	Summary  string   `yaml:"summary" jsonschema:"required"`
	Website  string   `yaml:"website"`
	License  string   `yaml:"license"` // an SPDX identifier where there is one
}

// Console is how the stack is looked into once it runs.
type Console struct {
	// Shell is the command of `diorama connect`, run in the stack's first service.
	Shell []string `yaml:"shell"`
	// Client is the command of `diorama connect` where no cluster is: a program
	// of the user's machine. It finds DIORAMA_HOST, DIORAMA_PORT, DIORAMA_USER
	// and DIORAMA_PASSWORD in its environment.
	Client []string `yaml:"client"`
	// Queues names the system whose queues are sampled; empty: it has none.
	Queues string `yaml:"queues"`
	// Logs names the system that answers queries for log lines at the endpoint
	// http; empty: it has none.
	Logs string `yaml:"logs"`
}

// Category groups stacks by what they are for.
type Category string

// The categories.
const (
	Platform  Category = "platform"
	Mesh      Category = "mesh"
	Queue     Category = "queue"
	Cache     Category = "cache"
	Database  Category = "database"
	Logs      Category = "logs"
	Metrics   Category = "metrics"
	Traces    Category = "traces"
	Discovery Category = "discovery"
	Config    Category = "config"
	Gateway   Category = "gateway"
	Storage   Category = "storage"
	GPU       Category = "gpu"
	App       Category = "app"
)

// Requirement is met by the stack of that name or by any of that category;
// exactly one of the two is set.
type Requirement struct {
	Stack    string
	Category Category
	// When is what the parameters must be for it to count; empty: it always does.
	When Condition
	// Position is where the stack file says so, as file:line:column.
	Position string
}

// ParameterType is the type of a parameter's value.
type ParameterType string

// The parameter types.
const (
	StringParameter   ParameterType = "string"
	IntParameter      ParameterType = "int"
	BoolParameter     ParameterType = "bool"
	QuantityParameter ParameterType = "quantity" // a Kubernetes quantity: 512Mi, 0.5
	EnumParameter     ParameterType = "enum"
	MapParameter      ParameterType = "map" // free-form, for Helm values
)

// Parameter is a typed, documented value that a profile may set.
type Parameter struct {
	Type ParameterType `yaml:"type" jsonschema:"required"`
	// Default is a string, int, bool or map[string]any, as the type has it;
	// a quantity's is the text as written. Only a map may have none.
	Default     any      `yaml:"default"`
	Values      []string `yaml:"values"` // of an enum
	Description string   `yaml:"description"`
}

// Credential is a secret made once per environment.
type Credential struct {
	// Generate is the number of characters of [A-Za-z0-9], so that URLs need
	// no escaping.
	Generate int `yaml:"generate" jsonschema:"required"`
}

// Endpoint is an address of the stack that people and programs use.
type Endpoint struct {
	Service  string `yaml:"service" jsonschema:"required"`  // Compose service, or a workload of the manifests
	Port     int    `yaml:"port" jsonschema:"required"`     // in the container
	HostPort int    `yaml:"hostPort" jsonschema:"required"` // preferred on 127.0.0.1
	// URL may hold ${HOST}, ${PORT}, the stack's credentials and parameters.
	URL string `yaml:"url" jsonschema:"required"`
	// Internal is the URL for programs inside the environment, where it is
	// not URL with the service's own name and port. Kafka needs one: its
	// external listener is of no use inside.
	Internal string `yaml:"internal"`
	// Env is the prefix of the endpoint's environment variables.
	Env string `yaml:"env" jsonschema:"required"`
	// Variable names the variable that holds the URL where it is not Env + "_URL".
	Variable string `yaml:"variable"`
	User     string `yaml:"user"`     // of the URL, for Env + "_USER"
	Password string `yaml:"password"` // the credential's name, for Env + "_PASSWORD"
	Web      bool   `yaml:"web"`      // a browser can show it
	SQL      bool   `yaml:"sql"`      // a relational database: DATABASE_URL where it is the only one
}

// Probe asks a service whether it is ready. Exactly one field is set.
type Probe struct {
	Exec []string   `yaml:"exec"`
	TCP  int        `yaml:"tcp"` // port
	HTTP *HTTPProbe `yaml:"http"`
}

// HTTPProbe is a GET that must answer with 200 to 399.
type HTTPProbe struct {
	Port int    `yaml:"port" jsonschema:"required"`
	Path string `yaml:"path" jsonschema:"required"`
}

// Build is an image made from a Go package of this module: one static binary
// in an otherwise empty image.
type Build struct {
	Image   string `yaml:"image" jsonschema:"required"`   // the repository that the workload names
	Package string `yaml:"package" jsonschema:"required"` // import path of the main package
}

// Footprint is what the stack takes of a machine, measured.
type Footprint struct {
	Memory int64 // bytes
	CPU    int64 // thousandths of a core
	Image  int64 // bytes on the registry's side
}

// Folder is where a stack's files lie.
type Folder struct {
	FS fs.FS
	// Path is shown in messages: "stacks/kafka" or a path of the user's.
	Path string
	// Builtin is false for a user's own stack.
	Builtin bool
}
