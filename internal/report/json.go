package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/diorama-dev/diorama/internal/env"
)

// Schema is the version of the JSON that this package writes. It grows when a
// field changes its meaning or goes; new fields do not count.
const Schema = 1

// statusJSON is `diorama status -o json`.
type statusJSON struct {
	Schema int `json:"schema"`
	env.Identity
	Phase     env.Phase      `json:"phase"`
	Error     string         `json:"error,omitempty"`
	Services  []serviceJSON  `json:"services"`
	Endpoints []endpointJSON `json:"endpoints"`
	// Findings are those of the host, the cluster and its nodes.
	Findings []env.Finding `json:"findings"`
}

type serviceJSON struct {
	Stack    string        `json:"stack"`
	Name     string        `json:"name"`
	Kind     string        `json:"kind"`
	Phase    env.Phase     `json:"phase"`
	Ready    int           `json:"ready"`
	Desired  int           `json:"desired"`
	Restarts int           `json:"restarts"`
	Server   *env.Server   `json:"server,omitempty"` // without a cluster: what stands behind it
	Why      []env.Finding `json:"why"`
}

type endpointJSON struct {
	Stack string `json:"stack"`
	Name  string `json:"name"`
	URL   string `json:"url"`
	Env   string `json:"env"`
}

// StatusJSON is the snapshot as documented JSON, with passwords redacted and a
// line end at its end.
func StatusJSON(s env.Snapshot) ([]byte, error) {
	out := statusJSON{
		Schema: Schema, Identity: s.Identity, Phase: s.Phase, Error: s.Error,
		Services:  make([]serviceJSON, 0, len(s.Services)),
		Endpoints: make([]endpointJSON, 0, len(s.Endpoints)),
		Findings:  append([]env.Finding{}, s.Findings...),
	}
	for _, v := range s.Services {
		out.Services = append(out.Services, serviceJSON{
			Stack: v.Stack, Name: v.Name, Kind: v.Kind, Phase: v.Phase, Ready: v.Ready,
			Desired: v.Desired, Restarts: v.Restarts, Server: v.Server, Why: append([]env.Finding{}, v.Why...),
		})
	}
	for _, e := range s.Endpoints {
		out.Endpoints = append(out.Endpoints, endpointJSON{Stack: e.Stack, Name: e.Name, URL: Redact(e.URL), Env: e.Env})
	}
	data, err := encode(out, "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the status: %w", err)
	}
	return data, nil
}

// eventJSON is a line of `diorama events -o json`.
type eventJSON struct {
	Schema int `json:"schema"`
	env.Event
}

// EventJSON is one event on one line, with passwords redacted.
func EventJSON(e env.Event) ([]byte, error) {
	if e.Began != nil {
		began := *e.Began
		began.Endpoints = make([]env.Endpoint, len(e.Began.Endpoints))
		for i, ep := range e.Began.Endpoints {
			ep.URL = Redact(ep.URL)
			began.Endpoints[i] = ep
		}
		e.Began = &began
	}
	data, err := encode(eventJSON{Schema: Schema, Event: e}, "")
	if err != nil {
		return nil, fmt.Errorf("encode an event: %w", err)
	}
	return data, nil
}

func encode(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	err := enc.Encode(v)
	return b.Bytes(), err
}

const redacted = "xxxxx"

// Redact replaces the password of a URL, or of a driver's name:password@place,
// with "xxxxx". What may hold one and cannot be read is replaced whole.
func Redact(raw string) string {
	if !strings.ContainsAny(raw, "@?") {
		return raw
	}
	u, err := url.Parse(raw)
	if err != nil || (u.User == nil && strings.Contains(raw, "@")) {
		return redactDriver(raw)
	}
	query := u.Query()
	for key := range query {
		if strings.Contains(strings.ToLower(key), "pass") {
			query.Set(key, redacted)
			u.RawQuery = query.Encode()
		}
	}
	return u.Redacted()
}

// redactDriver does it for app:secret@tcp(127.0.0.1:3306)/app.
func redactDriver(raw string) string {
	user, rest, found := strings.Cut(raw, ":")
	at := strings.LastIndexByte(rest, '@')
	if !found || at < 0 || strings.ContainsAny(user, "/@") || strings.HasPrefix(rest, "//") {
		return redacted
	}
	return user + ":" + redacted + rest[at:]
}
