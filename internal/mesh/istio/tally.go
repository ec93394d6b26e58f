package istio

// tally is what a proxy had counted. Where Istio was not told to keep the
// statistics that count, those of single addresses must do, which count a
// request again when it is tried again. Addresses come and go with what they
// have counted, so that each is compared with itself.
type tally struct {
	counts map[Target]Counts
	hosts  map[Target]map[string]Counts // by address, of targets without counts
}

// tally is what the answer says of hosts that are known: a proxy has counts of
// whatever was there once.
func (a Answer) tally(known func(host string) bool) tally {
	t := tally{counts: make(map[Target]Counts), hosts: make(map[Target]map[string]Counts)}
	for target, c := range a.Counts {
		if known(target.Host) {
			t.counts[target] = c
		}
	}
	for target, hosts := range a.Hosts {
		if _, ok := a.Counts[target]; ok || !known(target.Host) {
			continue
		}
		by := make(map[string]Counts, len(hosts))
		for _, h := range hosts {
			by[h.Address] = by[h.Address].plus(Counts{Requests: h.Requests, Errors: h.Errors})
		}
		t.hosts[target] = by
	}
	return t
}

// keep takes over what an answer leaves out that the one before had: a proxy
// that does not say a count has not begun anew, and what its addresses have
// counted is another number, retries among it.
func (t tally) keep(before tally, known func(host string) bool) {
	for target, c := range before.counts {
		if _, ok := t.counts[target]; !ok && known(target.Host) {
			t.counts[target] = c
			delete(t.hosts, target)
		}
	}
}

// since is what was counted after before.
func (t tally) since(before tally) map[Target]Counts {
	more := make(map[Target]Counts)
	for target, c := range t.counts {
		was, ok := before.counts[target]
		if !ok { // until now only its addresses were counted
			was = total(before.hosts[target])
		}
		more[target] = c.since(was)
	}
	for target, hosts := range t.hosts {
		var sum Counts
		for address, c := range hosts {
			sum = sum.plus(c.since(before.hosts[target][address]))
		}
		more[target] = sum
	}
	return more
}

func total(hosts map[string]Counts) Counts {
	var sum Counts
	for _, c := range hosts {
		sum = sum.plus(c)
	}
	return sum
}

// called tells whether the proxy has sent anything to a target.
func (a Answer) called(target Target) bool {
	if c, ok := a.Counts[target]; ok {
		return c.Requests > 0
	}
	for _, h := range a.Hosts[target] {
		if h.Requests > 0 {
			return true
		}
	}
	return false
}
