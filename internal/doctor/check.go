package doctor

// Status is what a check came to.
type Status string

// The statuses, best first.
const (
	OK   Status = "ok"
	Warn Status = "warn" // it works, and something may surprise
	Fail Status = "fail" // it will not work
)

// Check is one thing of the host that was looked at.
type Check struct {
	// ID names the check, for example "docker". Documentation and scripts
	// refer to it.
	ID    string `json:"id"`
	Title string `json:"title"`
	// Status is what it came to.
	Status Status `json:"status"`
	// Found is what was seen, in a few words.
	Found string `json:"found"`
	// Remedy is what a person can do; empty when all is well.
	Remedy string `json:"remedy,omitempty"`
}

// Worst is the worst status of the checks; [OK] where there are none.
func Worst(checks []Check) Status {
	worst := OK
	for _, check := range checks {
		switch check.Status {
		case Fail:
			return Fail
		case Warn:
			worst = Warn
		case OK:
		}
	}
	return worst
}

// Examine holds the facts against all rules. It is pure.
func Examine(f Facts) []Check {
	var checks []Check
	for _, r := range rules() {
		checks = append(checks, r.examine(f, Check{ID: r.doc.ID, Title: r.doc.Title, Status: OK})...)
	}
	return checks
}
