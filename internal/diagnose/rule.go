package diagnose

import (
	"cmp"
	"slices"

	"github.com/diorama-dev/diorama/internal/env"
)

// rule recognises one kind of trouble, or a few that are told by the same sign.
type rule struct {
	docs []RuleDoc
	find func(*facts) []found
}

// found is a finding, the workload it belongs to, and what it explains: of
// several findings that explain the same, the first rule's is kept.
type found struct {
	env.Finding
	doc RuleDoc
	// known are the names of the doc's advice.
	known    map[string]string
	owner    *workload
	explains any
	// about begins the summary where it is about a part of the subject.
	about string
}

// rules are all rules, the specific before the general.
func rules() []rule {
	return []rule{
		apiRule(), nodeRule(), pressureRule(), addressRule(),
		imageRule(), configRule(), architectureRule(), startRule(), memoryRule(),
		inotifyRule(), boundPortRule(), livenessRule(), crashRule(), jobRule(),
		probeRule(), claimRule(), scheduleRule(), evictionRule(), mountRule(),
		sandboxRule(), creationRule(), refusalRule(),
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

// finished is the finding with the ID and the advice of its kind, the most
// promising advice in the summary, and each piece of evidence once.
func (f found) finished() found {
	f.ID, f.Summary = f.doc.ID, f.about+f.Summary
	if len(f.Advice) == 0 {
		f.Advice = f.doc.advise(f.known)
	}
	f.Advice = once(f.Advice)
	if len(f.Advice) > 0 {
		f.Summary += " · try: " + f.Advice[0]
	}
	f.Evidence = once(f.Evidence)
	return f
}

// once is the lines without blank ones and repetitions.
func once(lines []string) []string {
	var out []string
	for _, line := range lines {
		if line != "" && !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	return out
}

// begin begins a finding about a subject.
func begin(doc RuleDoc, subject string) found {
	return found{Finding: env.Finding{Subject: subject}, doc: doc}
}

// ofPod begins a finding about a Pod.
func ofPod(pod *podFacts, doc RuleDoc) found {
	f := begin(doc, pod.subject())
	f.Service, f.owner, f.explains = clean(pod.service()), pod.owner, pod.key
	f.known = map[string]string{"service": logTarget(pod)}
	if pod.Spec.HostNetwork { // its ports are the node's
		f.known["node"] = clean(pod.Spec.NodeName)
	} else {
		f.known["pod"] = clean(pod.Name)
	}
	return f
}

// ofContainer begins a finding about a container of a Pod.
func ofContainer(c containerFacts, doc RuleDoc) found {
	f := ofPod(c.pod, doc)
	f.explains = containerKey{c.pod.key, c.status.Name}
	f.known["image"] = clean(cmp.Or(c.spec.Image, c.status.Image))
	f.about = c.beside()
	if Injected(*c.pod.Pod, c.status.Name) {
		f.known["service"] = clean(c.status.Name)
	}
	return f
}
