package diagnose

import (
	"fmt"
	"strings"
)

// Refusal is an endpoint at which the mesh refuses whoever comes from outside.
type Refusal struct {
	Endpoint string `json:"endpoint"` // as stack/name
	Address  string `json:"address"`  // as host:port
	Service  string `json:"service"`
	// Policy names the object that has it so; Gateway is where the mesh's own
	// gateway listens, empty where there is none.
	Policy  string `json:"policy"`
	Gateway string `json:"gateway,omitempty"`
}

func refusalRule() rule {
	return rule{
		docs: []RuleDoc{refusalDoc()},
		find: func(f *facts) []found {
			var out []found
			for _, refusal := range f.Refusals {
				for _, w := range f.workloads {
					stack, _, _ := strings.Cut(refusal.Endpoint, "/")
					// One that is not ready has a reason of its own.
					if w.service() == refusal.Service && w.labels[LabelStack] == stack && w.done() {
						out = append(out, ofRefusal(refusal, w))
					}
				}
			}
			return out
		},
	}
}

func ofRefusal(r Refusal, w *workload) found {
	f := begin(refusalDoc(), "endpoint/"+clean(r.Endpoint))
	f.owner, f.Service = w, clean(w.service())
	f.known = map[string]string{"service": f.Service}
	if r.Gateway != "" {
		f.known["gateway"] = r.Gateway
	}
	f.Summary = fmt.Sprintf("%s answers nobody from outside the mesh: mutual TLS of %s is strict", r.Address, f.Service)
	f.Evidence = []string{"PeerAuthentication " + clean(r.Policy) + " is strict"}
	return f
}

func refusalDoc() RuleDoc {
	return RuleDoc{
		ID: "mesh-refuses", Title: "The mesh refuses whoever comes from outside", Sign: Refused,
		Meaning: "A policy has the service's proxy take connections with mutual TLS alone. Nobody on this machine has a proxy: its own port still takes connections, and closes them without an answer. The service is well, and others in the mesh reach it.",
		Look:    "at `diorama mesh`, which says what is strict and which endpoints refuse",
		Advice: []string{
			"diorama mesh mtls permissive <service>",
			"or go through the mesh's gateway at <gateway>, for what its rules route",
			"or take it back with `diorama mesh undo`, where it was done from here",
		},
		Waiting: "No: it stays so until the policy is another one. An `up` does not wait for it.",
	}
}
