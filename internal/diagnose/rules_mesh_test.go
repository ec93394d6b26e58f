package diagnose

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/diorama-dev/diorama/internal/env"
)

// TestRefusals: a service whose endpoint the mesh shuts is ready and says so; one
// that is not ready has a reason of its own.
func TestRefusals(t *testing.T) {
	o := starting("")
	o.Refusals = []Refusal{
		{Endpoint: "db/sql", Address: "127.0.0.1:5432", Service: "db", Policy: "n/all", Gateway: "127.0.0.1:8088"},
		{Endpoint: "other/sql", Address: "127.0.0.1:5433", Service: "db", Policy: "n/all"},
	}
	if s := Services(o)[0]; len(s.Why) != 0 || s.Phase != env.PhaseStarting {
		t.Errorf("while it starts it is %+v", s)
	}
	o.Deployments[0].Status.AvailableReplicas = 1
	o.Pods[0].Status.Phase = corev1.PodRunning
	o.Pods[0].Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	s := Services(o)[0]
	want := []string{
		"diorama mesh mtls permissive db", "or go through the mesh's gateway at 127.0.0.1:8088, for what its rules route",
		"or take it back with `diorama mesh undo`, where it was done from here",
	}
	if s.Phase != env.PhaseReady || len(s.Why) != 1 || s.Why[0].Terminal || !slices.Equal(s.Why[0].Advice, want) ||
		s.Why[0].Summary != "127.0.0.1:5432 answers nobody from outside the mesh: mutual TLS of db is strict · try: "+want[0] {
		t.Errorf("it is %+v", s)
	}
}
