package seed

import (
	"fmt"
	"strings"
)

// Outcome is what came of putting a set there.
type Outcome struct {
	Instance string `json:"instance"`
	// Created are things that were made or run, by what they are called:
	// "topic orders", "file a.sql".
	Created []string `json:"created"`
	// Unchanged were there as they are wanted.
	Unchanged []string `json:"unchanged"`
	// Differences were there, and other than they are wanted; nobody altered them.
	Differences []Difference `json:"differences"`
}

// Difference says that something is there and is not as the seed has it.
type Difference struct {
	Subject string `json:"subject"` // "topic orders"
	// Message says what it is and what the seed says.
	Message string `json:"message"`
	At      string `json:"at,omitempty"`
}

func (d Difference) String() string { return d.Subject + " " + d.Message }

// Line sums the outcome up: "2 created, 1 as it was; topic orders has 1
// partition, the seed says 3".
func (o Outcome) Line() string {
	var parts []string
	if n := len(o.Created); n > 0 {
		parts = append(parts, fmt.Sprintf("%d created", n))
	}
	if n := len(o.Unchanged); n > 0 {
		parts = append(parts, fmt.Sprintf("%d as wanted", n))
	}
	if n := len(o.Differences); n > 0 {
		parts = append(parts, fmt.Sprintf("%d different", n))
	}
	line := strings.Join(parts, ", ")
	for _, d := range o.Differences {
		line += "; " + d.String()
	}
	return line
}
