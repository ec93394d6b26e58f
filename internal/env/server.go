package env

// Form is what stands behind a service where no cluster runs it.
type Form string

// The forms.
const (
	// FormBinary is a real server: a program of its own makers, or one of ours.
	FormBinary Form = "binary"
	// FormImitation answers like a server and is none; [Server.Limits] says
	// what it cannot do.
	FormImitation Form = "imitation"
)

// Server is what stands behind a service outside of a cluster.
type Server struct {
	Form Form `json:"form"`
	// Version is the server's own, for example "PostgreSQL 18.1".
	Version string `json:"version,omitempty"`
	// Limits are what it cannot do or keep, a sentence each.
	Limits []string `json:"limits,omitempty"`
}

// Imitated reports whether an imitation stands behind the service.
func (s Service) Imitated() bool { return s.Server != nil && s.Server.Form == FormImitation }
