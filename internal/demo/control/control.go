// Package control owns the demo's switches: what can be turned, within which
// bounds, and how to turn it from outside over HTTP. Servers and clients share
// its values.
package control

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// The bounds of what can be turned.
const (
	MaxRate   = 5000.0      // requests a second, spike included
	MaxFactor = 100.0       // of a spike
	MaxSpike  = time.Hour   // length of a spike
	MaxSlow   = time.Minute // delay of one event
)

// The paths of the switches.
const (
	RatePath  = "/rate"  // GET, PUT Rate → LoadState
	SpikePath = "/spike" // POST Surge → LoadState
	SlowPath  = "/slow"  // GET, PUT Delay → Delay
)

// Rate is how many requests the load generator makes.
type Rate struct {
	PerSecond float64 `json:"per_second"`
}

// Validate reports what is wrong with the rate.
func (r Rate) Validate() error {
	if math.IsNaN(r.PerSecond) || r.PerSecond < 0 || r.PerSecond > MaxRate {
		return fmt.Errorf("per_second is %v: give 0 (pause) to %v", r.PerSecond, MaxRate)
	}
	return nil
}

// Surge multiplies the rate for a while.
type Surge struct {
	Factor float64  `json:"factor"`
	For    Duration `json:"for"`
}

// Validate reports what is wrong with the surge.
func (s Surge) Validate() error {
	var errs []error
	if math.IsNaN(s.Factor) || s.Factor <= 0 || s.Factor > MaxFactor {
		errs = append(errs, fmt.Errorf("factor is %v: give more than 0, at most %v", s.Factor, MaxFactor))
	}
	if d := time.Duration(s.For); d <= 0 || d > MaxSpike {
		errs = append(errs, fmt.Errorf("for is %q: give more than 0s, at most %s", d, MaxSpike))
	}
	return errors.Join(errs...)
}

// Delay is how long a consumer takes over each event on top of its work.
type Delay struct {
	Delay Duration `json:"delay"`
}

// Validate reports what is wrong with the delay.
func (d Delay) Validate() error {
	if t := time.Duration(d.Delay); t < 0 || t > MaxSlow {
		return fmt.Errorf("delay is %q: give 0s (off) to %s", t, MaxSlow)
	}
	return nil
}

// LoadState is what the load generator is doing.
type LoadState struct {
	// PerSecond is the rate that was set, Effective the one that a spike made
	// of it, both in requests a second.
	PerSecond float64 `json:"per_second"`
	Effective float64 `json:"effective_per_second"`
	// SpikeEnds is when the spike is over; zero when there is none.
	SpikeEnds time.Time `json:"spike_ends,omitzero"`
	Sent      int64     `json:"sent"`
	Failed    int64     `json:"failed"`
	// Skipped counts requests that were due while too many were under way.
	Skipped int64 `json:"skipped"`
}

// Duration is a time.Duration that is written as "1m30s".
type Duration time.Duration

// MarshalText writes the duration.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads a duration such as "200ms".
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("duration %.40q: give a number and a unit, for example 200ms or 1m30s", b)
	}
	*d = Duration(v)
	return nil
}
