package kind

import (
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/kube"
	"github.com/diorama-dev/diorama/internal/logs"
)

// TestAwaitNews: what was observed of a workload before it was changed says
// nothing of how it is.
func TestAwaitNews(t *testing.T) {
	id := kube.ObjectID{Group: "apps", Version: "v1", Kind: "StatefulSet", Namespace: "n", Name: "redis"}
	settings := kube.Change{ObjectID: kube.ObjectID{Version: "v1", Kind: "ConfigMap", Namespace: "n", Name: "redis"}, Action: kube.ActionConfigured}
	for name, c := range map[string]struct {
		changes kube.ChangeSet
		waits   time.Duration
	}{
		"nothing":           {waits: 0},
		"no workload":       {kube.ChangeSet{settings}, 0},
		"seen already":      {kube.ChangeSet{{ObjectID: id, Action: kube.ActionConfigured, Generation: 1}}, 0},
		"seen later":        {kube.ChangeSet{settings, {ObjectID: id, Action: kube.ActionConfigured, Generation: 2}}, time.Second},
		"deleted at once":   {kube.ChangeSet{{ObjectID: id, Action: kube.ActionConfigured, Generation: 3}}, newsWithin},
		"what is unchanged": {kube.ChangeSet{{ObjectID: id, Action: kube.ActionUnchanged}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newObserver(Options{Emit: func(env.Event) {}, Containers: func([]logs.Container) {}})
				see := func(generation int64) {
					o.observe(diagnose.Observation{StatefulSets: []appsv1.StatefulSet{{
						ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "redis", Generation: generation},
					}}})
				}
				see(1)
				go func() {
					<-time.After(time.Second)
					see(2)
				}()
				began := time.Now()
				o.awaitNews(t.Context(), c.changes)
				if waited := time.Since(began); waited != c.waits {
					t.Errorf("waited %s, want %s", waited, c.waits)
				}
				<-time.After(2 * time.Second)
			})
		})
	}
}
