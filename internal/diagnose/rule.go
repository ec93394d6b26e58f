package diagnose

import (
	"cmp"
	"slices"

	"github.com/diorama-dev/diorama/internal/env"
)

// RuleDoc is what the documentation says about a kind of finding.
type RuleDoc struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Meaning string `json:"meaning"`
	Remedy  string `json:"remedy"`
}

// rule recognises one kind of trouble, or a few that are told by the same sign.
type rule struct {
	docs []RuleDoc
	find func(*facts) []found
}

// found is a finding, the workload it belongs to, and what it explains: of
// several findings that explain the same, the first rule's is kept.
type found struct {
	env.Finding
	owner    *workload
	explains any
}

// rules are all rules, the specific before the general.
func rules() []rule {
	return []rule{
		apiRule(), nodeRule(), pressureRule(), addressRule(),
		imageRule(), configRule(), architectureRule(), startRule(), memoryRule(),
		inotifyRule(), boundPortRule(), livenessRule(), crashRule(), jobRule(),
		probeRule(), claimRule(), scheduleRule(), evictionRule(), mountRule(),
		sandboxRule(), creationRule(),
	}
}

// Explain tells everything that is not well: the cluster's findings first,
// then those of services, each cause once.
func Explain(o Observation) []env.Finding {
	var out []env.Finding
	for _, f := range explain(index(o)) {
		out = append(out, f.Finding)
	}
	return out
}

func explain(f *facts) []found {
	var out []found
	explained := map[any]bool{}
	for _, rule := range rules() {
		for _, finding := range rule.find(f) {
			if finding.explains != nil {
				if explained[finding.explains] {
					continue
				}
				explained[finding.explains] = true
			}
			out = append(out, finding.finished())
		}
	}
	slices.SortStableFunc(out, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Subject, b.Subject))
	})
	return out
}

// finished is the finding with its most promising advice in the summary and
// each piece of evidence once.
func (f found) finished() found {
	if len(f.Advice) > 0 {
		f.Summary += " · try: " + f.Advice[0]
	}
	var evidence []string
	for _, line := range f.Evidence {
		if line != "" && !slices.Contains(evidence, line) {
			evidence = append(evidence, line)
		}
	}
	f.Evidence = evidence
	return f
}

// Catalogue lists every kind of finding, ordered by ID: the source of the
// troubleshooting page.
func Catalogue() []RuleDoc {
	out := errorDocs()
	for _, rule := range rules() {
		out = append(out, rule.docs...)
	}
	slices.SortFunc(out, func(a, b RuleDoc) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// ofPod begins a finding about a Pod.
func ofPod(pod *podFacts, id string) found {
	return found{
		Finding:  env.Finding{ID: id, Subject: pod.subject(), Service: clean(pod.service())},
		owner:    pod.owner,
		explains: pod.key,
	}
}

// ofContainer begins a finding about a container of a Pod.
func ofContainer(c containerFacts, id string) found {
	f := ofPod(c.pod, id)
	f.explains = containerKey{c.pod.key, c.status.Name}
	return f
}
