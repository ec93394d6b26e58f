package stacks

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// placeholder is a ${NAME} of a URL.
var placeholder = regexp.MustCompile(`\$\{([^}]*)\}`)

// The names that an endpoint's URL may hold beside credentials and parameters.
const (
	hostVariable = "HOST"
	portVariable = "PORT"
)

// LocalURL is the endpoint's URL for programs on this machine, at 127.0.0.1
// and the port. The variables are the stack's parameters and credentials.
func (e Endpoint) LocalURL(port int, variables map[string]string) (string, error) {
	return expand(e.URL, "127.0.0.1", port, variables)
}

// InternalURL is the endpoint's URL for programs inside the environment: the
// host, by default the endpoint's service, answers there on the container's
// port. The variables are the stack's parameters and credentials.
func (e Endpoint) InternalURL(variables map[string]string) (string, error) {
	if e.Internal != "" {
		return expand(e.Internal, e.Service, e.Port, variables)
	}
	return expand(e.URL, e.Service, e.Port, variables)
}

// URLVariable names the environment variable that holds the URL.
func (e Endpoint) URLVariable() string {
	if e.Variable != "" {
		return e.Variable
	}
	return e.Env + "_URL"
}

// EndpointVariable is the prefix of the variables by which a workload knows
// where its endpoint is reached from the host, "DIORAMA_SQL" for sql: _HOST and
// _PORT follow.
func EndpointVariable(endpoint string) string {
	return "DIORAMA_" + strings.ToUpper(strings.ReplaceAll(endpoint, "-", "_"))
}

func expand(template, host string, port int, variables map[string]string) (string, error) {
	var unknown error
	text := placeholder.ReplaceAllStringFunc(template, func(match string) string {
		switch name := match[2 : len(match)-1]; name {
		case hostVariable:
			return host
		case portVariable:
			return strconv.Itoa(port)
		default:
			value, ok := variables[name]
			if !ok && unknown == nil {
				unknown = fmt.Errorf("fill in %q: %s has no value", template, match)
			}
			return value
		}
	})
	return text, unknown
}

// placeholders are the names that the template holds.
func placeholders(template string) []string {
	var names []string
	for _, match := range placeholder.FindAllStringSubmatch(template, -1) {
		names = append(names, match[1])
	}
	return names
}
