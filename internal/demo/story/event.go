package story

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// Topic is where the gateway publishes its events, keyed by user, so that one
// user's events keep their order.
const Topic = "inference-completed"

// TraceHeader is the name of the trace's header, in HTTP and in Kafka alike
// (W3C Trace Context).
const TraceHeader = "traceparent"

// maxName bounds the length of users' and items' names, in bytes.
const maxName = 128

// Request asks for an inference: how well an item suits a user.
type Request struct {
	User string `json:"user"`
	Item string `json:"item"`
}

// Validate reports what is wrong with the request.
func (r Request) Validate() error {
	return errors.Join(validName("user", r.User), validName("item", r.Item))
}

// validName accepts what can safely be a part of a Redis key and of a log line.
func validName(what, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%s is empty: give a name such as %q", what, what+"-1")
	case len(name) > maxName:
		return fmt.Errorf("%s has %d bytes: give at most %d", what, len(name), maxName)
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }):
		return fmt.Errorf("%s holds control characters: use printable text", what)
	}
	return nil
}

// Completed says that an inference is done. It is what the topic carries.
type Completed struct {
	// ID is unique to the inference; a consumer that has seen it before is
	// looking at a redelivery.
	ID    string    `json:"id"`
	Time  time.Time `json:"time"`
	User  string    `json:"user"`
	Item  string    `json:"item"`
	Model string    `json:"model"`
	// Score is from 0 to 1.
	Score float64 `json:"score"`
	// LatencyMS is how long the model took, in milliseconds.
	LatencyMS float64 `json:"latency_ms"`
	// Cached is true where all features came from the cache.
	Cached bool `json:"cached"`
	// Trace is the trace context at the gateway.
	Trace Trace `json:"trace"`
	// Version and GPU are those of the recommender that answered; empty where
	// the model is inside of the gateway. The database keeps neither.
	Version string `json:"version,omitempty"`
	GPU     string `json:"gpu,omitempty"`
}

// Encode returns the event as the topic carries it: one JSON object.
func (c Completed) Encode() ([]byte, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode event %s: %w", c.ID, err)
	}
	return b, nil
}

// DecodeCompleted reads an event. What it returns without an error is safe to
// store and to log.
func DecodeCompleted(b []byte) (Completed, error) {
	var c Completed
	if err := json.Unmarshal(b, &c); err != nil {
		return Completed{}, fmt.Errorf("decode %s event: %w", Topic, err)
	}
	err := errors.Join(validName("id", c.ID), validName("model", c.Model), Request{User: c.User, Item: c.Item}.Validate())
	if c.Score < 0 || c.Score > 1 {
		err = errors.Join(err, fmt.Errorf("score is %v: expected 0 to 1", c.Score))
	}
	if c.LatencyMS < 0 {
		err = errors.Join(err, fmt.Errorf("latency_ms is %v: expected 0 or more", c.LatencyMS))
	}
	if err != nil {
		return Completed{}, fmt.Errorf("decode %s event: %w", Topic, err)
	}
	return c, nil
}

// Charge is what an inference costs its user.
type Charge struct {
	EventID string
	User    string
	// Micros is the amount in millionths of a currency unit.
	Micros int64
	Time   time.Time
}

// ChargeFor prices an inference: a fixed part, and a part for the model's time.
func ChargeFor(c Completed) Charge {
	const fixed, perMillisecond = 150, 2
	const longest = float64(time.Hour / time.Millisecond) // beyond it the number is nonsense
	ms := math.Ceil(min(c.LatencyMS, longest))
	return Charge{EventID: c.ID, User: c.User, Micros: fixed + perMillisecond*int64(ms), Time: c.Time}
}

// Milliseconds is a duration as log lines and events give it: in milliseconds,
// to a tenth.
func Milliseconds(d time.Duration) float64 {
	return math.Round(float64(d)/float64(time.Millisecond)*10) / 10
}
