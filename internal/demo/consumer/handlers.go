package consumer

import (
	"context"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/story"
)

// Log writes a line per event. A line twice does no harm.
func Log() Handler {
	return func(ctx context.Context, e Event) error {
		e.Log.InfoContext(ctx, "inference", "item", e.Item, "model", e.Model,
			"score", e.Score, "latency_ms", e.LatencyMS, "cached", e.Cached, "inferred", e.Time)
		return nil
	}
}

// Profiles is what user-profile needs of Redis: counting an event once.
type Profiles interface {
	UpdateProfile(ctx context.Context, e story.Completed) (fresh bool, err error)
}

// UserProfile keeps a hash for each user.
func UserProfile(p Profiles) Handler {
	return func(ctx context.Context, e Event) error {
		start := time.Now()
		fresh, err := p.UpdateProfile(ctx, e.Completed)
		if err != nil {
			return err
		}
		if !fresh {
			e.Log.InfoContext(ctx, "event came again, profile left as it is")
			return nil
		}
		e.Log.InfoContext(ctx, "profile updated", "item", e.Item, "latency_ms", story.Milliseconds(time.Since(start)))
		return nil
	}
}

// Charges is what billing needs of the database: writing a charge once.
type Charges interface {
	Charge(ctx context.Context, c story.Charge) (fresh bool, err error)
}

// Billing charges each inference once.
func Billing(charges Charges) Handler {
	return func(ctx context.Context, e Event) error {
		start := time.Now()
		charge := story.ChargeFor(e.Completed)
		fresh, err := charges.Charge(ctx, charge)
		if err != nil {
			return err
		}
		if !fresh {
			e.Log.InfoContext(ctx, "event came again, not charged twice")
			return nil
		}
		e.Log.InfoContext(ctx, "charged", "micros", charge.Micros, "latency_ms", story.Milliseconds(time.Since(start)))
		return nil
	}
}
