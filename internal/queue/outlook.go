package queue

// Outlook is when a group will have read all that there is.
type Outlook uint8

// The outlooks.
const (
	OutlookUnknown     Outlook = iota
	OutlookUncommitted         // the group has never said where it is
	OutlookNow                 // it has, or what is left is on its way
	OutlookIn                  // in some time
	OutlookNever               // the lag does not shrink
	OutlookUnread              // it does not shrink, for nobody reads
)

const (
	// slight is a rate in messages a second that is none.
	slight = 0.1
	// farAway is a number of seconds from which on waiting is no matter of it.
	farAway = 365 * 24 * 3600
)

// Outlook says when the group will have caught up in a queue, and for
// [OutlookIn] in how many seconds. Where some partitions' lag is not known,
// which may be the most of it, neither is the outlook. A lag of less than a
// second's work is messages on their way.
func (in GroupInQueue) Outlook() (o Outlook, seconds float64) {
	lag, known := in.Lag.Get()
	drain, drains := in.Drain.Get()
	trend, clear := in.Trend.Get()
	switch {
	case !known, in.Unknown > 0:
		return OutlookUnknown, 0
	case lag <= 0, drains && drain < 1, float64(lag) <= in.Rate.Or(0):
		return OutlookNow, 0
	case drains && drain < farAway:
		return OutlookIn, drain
	case !clear:
		return OutlookUnknown, 0
	case trend < -slight && float64(lag)/-trend < farAway:
		return OutlookIn, float64(lag) / -trend
	case in.Rate.IsKnown() && in.Rate.Or(0) < slight:
		return OutlookUnread, 0
	}
	return OutlookNever, 0
}

// OutlookIn is when the group will have caught up in one of its queues, or in
// all of them together.
func (g GroupStatus) OutlookIn(in GroupInQueue) (o Outlook, seconds float64) {
	if !g.Committed {
		return OutlookUncommitted, 0
	}
	return in.Outlook()
}
