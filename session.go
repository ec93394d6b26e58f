package diorama

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/internal/runtime/kind"
)

// Session is a connection to a running environment through its keeper. It is
// safe for concurrent use.
type Session struct {
	name   string
	folder env.Folder
	client *keeper.Client
	spawn  keeper.Spawn
	// begun is the plan that this session has begun a start of; nil: none.
	begun *plan.Plan
}

// Name is the environment's.
func (s *Session) Name() string { return s.name }

// Snapshot returns the newest snapshot.
func (s *Session) Snapshot(ctx context.Context) (env.Snapshot, error) { return s.client.Snapshot(ctx) }

// Watch calls see with the newest snapshot and each newer one, until ctx ends
// or see returns false. A keeper that goes away is started again.
func (s *Session) Watch(ctx context.Context, see func(env.Snapshot) bool) error {
	return s.reconnecting(ctx, func() error { return s.client.Watch(ctx, see) })
}

// reconnecting watches until that ends otherwise than by the keeper's going
// away; another is started then.
func (s *Session) reconnecting(ctx context.Context, watch func() error) error {
	for {
		err := watch()
		if _, gone := errors.AsType[*keeper.GoneError](err); !gone {
			return err
		}
		if _, err := os.Stat(s.folder.Plan()); err != nil {
			return noEnvironment(s.name)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		// The client knows the socket alone, where the next one listens too.
		if _, err := s.spawn.Ensure(ctx); err != nil {
			return err
		}
	}
}

// Wait waits until the start that is under way has ended and returns the
// snapshot then. Progress is called with every newer snapshot before.
func (s *Session) Wait(ctx context.Context, progress func(env.Snapshot)) (env.Snapshot, error) {
	var last env.Snapshot
	err := s.Watch(ctx, func(snapshot env.Snapshot) bool {
		last = snapshot
		if progress != nil {
			progress(snapshot)
		}
		return snapshot.Phase == env.PhaseStarting
	})
	return last, err
}

// Cancel interrupts the start that is under way.
func (s *Session) Cancel(ctx context.Context) error { return s.client.Cancel(ctx) }

// Restart replaces the Pods of a service.
func (s *Session) Restart(ctx context.Context, service string) error {
	return s.client.Restart(ctx, service)
}

// Scale gives a service another number of replicas.
func (s *Session) Scale(ctx context.Context, service string, replicas int) error {
	return s.client.Scale(ctx, service, replicas)
}

// Plan returns the plan that the environment was last brought to.
func (s *Session) Plan() (plan.Plan, error) { return readPlan(s.folder) }

// Begun is the plan of the start that this session began with, or else that of
// [Session.Plan].
func (s *Session) Begun() (plan.Plan, error) {
	if s.begun != nil {
		return *s.begun, nil
	}
	return s.Plan()
}

func readPlan(folder env.Folder) (plan.Plan, error) {
	data, err := os.ReadFile(folder.Plan())
	if err != nil {
		return plan.Plan{}, fmt.Errorf("read the environment's plan: %w", err)
	}
	var p plan.Plan
	if err := json.Unmarshal(data, &p); err != nil {
		return plan.Plan{}, fmt.Errorf("read %s: %w; `diorama up` writes it anew", folder.Plan(), err)
	}
	return p, nil
}

// Endpoints returns the endpoints with their credentials in clear.
func (s *Session) Endpoints() ([]env.Endpoint, error) { return Endpoints(s.name) }

// Logs reads the lines of all services.
func (s *Session) Logs() (logs.Reader, error) { return logs.OpenReader(s.folder.Logs()) }

// MergeKubeconfig adds the environment's cluster to the user's kubeconfig as soon
// as it is made; [Down] takes it out again.
func (s *Session) MergeKubeconfig(ctx context.Context) error {
	err := s.Watch(ctx, func(snapshot env.Snapshot) bool {
		return snapshot.Phase == env.PhaseStarting && !slices.ContainsFunc(snapshot.Steps, func(step env.StepState) bool {
			return step.Kind == env.StepCluster && step.Phase.Succeeded()
		})
	})
	if err != nil {
		return err
	}
	record, err := s.folder.ReadRecord()
	if err != nil {
		return err
	}
	if !record.Cluster.Complete {
		return errors.New("there is no cluster to add to the kubeconfig")
	}
	before, err := kind.OtherContext(record.Cluster.Name)
	if err != nil {
		return err
	}
	// First noted, then done: what is noted and was not done is no harm.
	err = s.folder.Amend(func(r *env.Record) { r.Merged, r.Context = true, cmp.Or(before, r.Context) })
	if err != nil {
		return err
	}
	return kind.MergeKubeconfig(record.Cluster.Name)
}

// Kubeconfig is the file that reaches the environment's cluster.
func (s *Session) Kubeconfig() string { return s.folder.Kubeconfig() }
