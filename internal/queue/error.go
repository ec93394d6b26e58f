package queue

import "fmt"

// whatGroup is what a missing group is called.
const whatGroup = "group"

// NotFoundError says that a broker has no such queue or group.
type NotFoundError struct {
	What string // "topic", "queue", "group"
	Name string
	// Nearest is a name like it that there is; empty: none is. It is for
	// [Sampler.Suggest] to fill in, which knows the names of every system.
	Nearest string
}

func (e *NotFoundError) Error() string {
	message := fmt.Sprintf("there is no %s %q", e.What, e.Name)
	if e.Nearest != "" {
		message += fmt.Sprintf("; did you mean %q?", e.Nearest)
	}
	return message
}

// CannotError says that a system, or a kind of queue, has no such thing.
type CannotError struct {
	// What is a whole sentence without its end: "a Redis list has no groups to
	// reset".
	What string
}

func (e *CannotError) Error() string { return e.What }
