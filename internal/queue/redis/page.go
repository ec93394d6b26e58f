package redis

// page sizes the requests for entries, so that each brings some 8 MB: it takes
// the next ones to be as large as the last ones were.
type page struct{ next int }

func newPage() *page { return &page{next: pageFirst} }

// size is how many to ask for, of those that are still wanted.
func (p *page) size(left int) int { return min(p.next, left) }

func (p *page) had(entries []entry) {
	bytes := 0
	for _, e := range entries {
		bytes += e.bytes()
	}
	p.learn(len(entries), bytes)
}

func (p *page) hadElements(list []string) {
	bytes := 0
	for _, value := range list {
		bytes += len(value)
	}
	p.learn(len(list), bytes)
}

// learn grows at most fourfold, so that one small page does not make the next
// one huge.
func (p *page) learn(n, bytes int) {
	if n == 0 {
		return
	}
	p.next = max(1, min(pageBytes/(bytes/n+1), 4*p.next, pageMost))
}
