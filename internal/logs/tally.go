package logs

import (
	"context"
	"time"
)

// tallyPage is how many lines are counted at once.
const tallyPage = 1000

// Tally counts as [Reader.Count] does by reading every line: for a reader
// whose system cannot count what a query wants. When the context ends first, it
// returns the counts so far with the context's error.
func Tally(ctx context.Context, r Reader, q Query, s Span) ([]LevelCounts, error) {
	counts := make([]LevelCounts, max(0, s.Parts))
	if len(counts) == 0 || !s.To.After(s.From) {
		return counts, nil
	}
	from, err := r.At(ctx, s.From)
	if err != nil {
		return counts, err
	}
	last := s.To.Add(-time.Nanosecond)
	if q.Since.Before(s.From) {
		q.Since = s.From
	}
	if q.Until.IsZero() || q.Until.After(last) {
		q.Until = last
	}
	for {
		page, err := r.Forward(ctx, from, q, tallyPage)
		for _, l := range page.Lines {
			counts[s.part(l.Time)][min(l.Level, LevelFatal)]++
		}
		if err != nil || !page.More {
			return counts, err
		}
		from = page.End
	}
}

// part is the number of the part that a time within the span lies in.
func (s Span) part(t time.Time) int {
	for k := range s.Parts {
		if t.Before(s.Bound(k + 1)) {
			return k
		}
	}
	return s.Parts - 1
}

// Bound is where part k begins; the end of the span for the number of parts.
func (s Span) Bound(k int) time.Time {
	if k >= s.Parts {
		return s.To
	}
	length := s.To.Sub(s.From)
	return s.From.Add(length/time.Duration(s.Parts)*time.Duration(k) + length%time.Duration(s.Parts)*time.Duration(k)/time.Duration(s.Parts))
}

// ServiceOfPod is the service that a Pod's name tells of, where nothing else
// does: the name without what a Deployment, a StatefulSet or a DaemonSet adds.
func ServiceOfPod(pod string) string {
	const replicaSet, random = 8, 5 // the least length of the one's hash, the length of the other's
	name, last, found := cutLast(pod)
	if !found || (!digits(last) && !hashed(last, random, random)) {
		return pod
	}
	if digits(last) && last != "" && len(last) < random {
		return name
	}
	if owner, hash, found := cutLast(name); found && hashed(hash, replicaSet, 10) {
		return owner
	}
	return name
}

func cutLast(s string) (before, last string, found bool) {
	for i := len(s) - 1; i > 0; i-- {
		if s[i] == '-' {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// hashed reports whether a text is of the letters that Kubernetes makes names
// of: no vowels, and no digits that look like letters.
func hashed(s string, least, most int) bool {
	if len(s) < least || len(s) > most {
		return false
	}
	for i := range len(s) {
		if !isDigit(s[i]) && (s[i] < 'a' || s[i] > 'z' || s[i] == 'a' || s[i] == 'e' || s[i] == 'i' || s[i] == 'o' || s[i] == 'u') {
			return false
		}
	}
	return true
}
