package queue

import "testing"

func TestOutlook(t *testing.T) {
	n, r := Known[int64], Known[float64]
	tests := map[string]struct {
		in      GroupInQueue
		want    Outlook
		seconds float64
	}{
		"nothing is known":          {GroupInQueue{}, OutlookUnknown, 0},
		"a partition is not known":  {GroupInQueue{Lag: n(0), Unknown: 1, Drain: r(0)}, OutlookUnknown, 0},
		"read":                      {GroupInQueue{Lag: n(0), Drain: r(0)}, OutlookNow, 0},
		"less than a second's work": {GroupInQueue{Lag: n(40), Rate: r(50), Trend: r(2)}, OutlookNow, 0},
		"shrinks":                   {GroupInQueue{Lag: n(100), Rate: r(20), Trend: r(-10), Drain: r(10)}, OutlookIn, 10},
		"shrinks, of several":       {GroupInQueue{Lag: n(100), Rate: r(20), Trend: r(-10)}, OutlookIn, 10},
		"no trend yet":              {GroupInQueue{Lag: n(100)}, OutlookUnknown, 0},
		"grows":                     {GroupInQueue{Lag: n(100), Rate: r(20), Trend: r(10)}, OutlookNever, 0},
		"stands":                    {GroupInQueue{Lag: n(100), Rate: r(20), Trend: r(0)}, OutlookNever, 0},
		"nobody reads":              {GroupInQueue{Lag: n(100), Rate: r(0), Trend: r(10)}, OutlookUnread, 0},
		"hardly shrinks":            {GroupInQueue{Lag: n(1e12), Rate: r(1), Trend: r(-0.5), Drain: r(2e12)}, OutlookNever, 0},
	}
	for name, test := range tests {
		if got, seconds := test.in.Outlook(); got != test.want || seconds != test.seconds {
			t.Errorf("%s: %d in %v s, want %d in %v s", name, got, seconds, test.want, test.seconds)
		}
		if got, _ := (GroupStatus{}).OutlookIn(test.in); got != OutlookUncommitted {
			t.Errorf("%s, without a commit: %d", name, got)
		}
	}
}
