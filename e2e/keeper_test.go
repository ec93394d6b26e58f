//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"time"
)

// snapshot is what tests read of what a keeper knows.
type snapshot struct {
	Phase, Error string
	Services     []service
	Steps        []ran
	Usage        struct{ Memory int64 }
}

type service struct {
	Name, Phase string
	Pods        []string // or processes
}

// ran is a step of a run.
type ran struct {
	ID, Kind, Subject, Phase string
	Needs                    []string
	Started, Ended           time.Time
}

// ask asks the environment's keeper itself, and starts none.
func (w *world) ask(name, what string, answer any) error {
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, "unix", filepath.Join(w.state, name, "keeper.sock"))
		},
	}}
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://keeper/v1/"+what, http.NoBody)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return json.NewDecoder(response.Body).Decode(answer)
}

// snapshot is the keeper's newest.
func (w *world) snapshot(name string) snapshot {
	w.t.Helper()
	var s snapshot
	if err := w.ask(name, "snapshot", &s); err != nil {
		w.t.Fatalf("ask the keeper of %s: %v", name, err)
	}
	return s
}

// service is what the keeper knows of one service.
func (w *world) service(name, service string) service {
	w.t.Helper()
	return w.snapshot(name).service(service)
}

func (s snapshot) service(name string) service {
	for _, one := range s.Services {
		if one.Name == name {
			return one
		}
	}
	return service{}
}
