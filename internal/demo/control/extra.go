package control

import (
	"fmt"
	"regexp"
)

// groupName is what a consumer group may be called here: it becomes the name
// of a service, and of objects in a cluster.
var groupName = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,51}[a-z0-9])$`)

// ExtraPort is where an added consumer's HTTP side listens in its container,
// and HealthPath where it says whether it is ready.
const (
	ExtraPort  = 8085
	HealthPath = "/healthz"
)

// extra is a Compose file to be merged over that of the stack demo. It has
// the same variables, so that it reads the same topic.
const extra = `services:
  %[1]s:
    image: diorama.dev/demo
    command: [consumer, --group, %[1]s]
    environment:
      DEMO_LISTEN: ${DIORAMA_LISTEN:-:8085}
      KAFKA_BOOTSTRAP_SERVERS: ${KAFKA_BOOTSTRAP_SERVERS:-kafka:9092}
    stop_grace_period: 20s
    deploy:
      resources:
        limits: {memory: "${memory:-64M}"}
        reservations: {cpus: "0.01", memory: 16M}
`

// ExtraConsumer returns a Compose file with one more consumer of the demo's
// events, in a group of its own; the gateway learns nothing of it. The group
// "fraud" looks for users who ask too often, any other one logs what it reads.
func ExtraConsumer(group string) ([]byte, error) {
	switch group {
	case "gateway", "load", "log", "user-profile", "billing":
		return nil, fmt.Errorf("the demo has a service %s already: choose another name, for example fraud", group)
	}
	if !groupName.MatchString(group) {
		return nil, fmt.Errorf("%.70q cannot name a service: use 2 to 53 small letters, digits and dashes, a letter first", group)
	}
	return fmt.Appendf(nil, extra, group), nil
}
