// Package docker owns the way to the local Docker engine: which endpoint is
// meant, connecting to it, and the reason when it does not answer.
//
// Everything that talks to Docker, this process's own client as well as the
// docker command that kind runs, uses the one [Endpoint] found here.
package docker
