package doctor

import (
	"fmt"
	"strings"
)

const installServers = "install the server, or start Docker, or run without it: `up` leaves it out"

func serversRule() rule {
	return rule{RuleDoc{
		"servers", "Servers",
		"Without Docker, stacks run as servers of this machine: those that are found or can be fetched. Some are imitated where their server is not there; others are left out.",
		[]string{installServers},
	}, servers}
}

func servers(f Facts, check Check) []Check {
	if f.Unusable == nil || !f.Wanted.Anyhow || len(f.Wanted.Servers) == 0 {
		return nil
	}
	var found, missing []string
	for _, s := range f.Wanted.Servers {
		switch {
		case s.Missing != "":
			missing = append(missing, fmt.Sprintf("%s is left out: %s", s.Stack, s.Missing))
		case s.Imitation:
			found = append(found, s.Stack+" imitated")
		case s.Version != "":
			found = append(found, s.Version)
		default:
			found = append(found, s.Stack)
		}
	}
	check.Found = strings.Join(append(found, missing...), ", ")
	if len(missing) > 0 {
		check.Status, check.Remedy = Warn, installServers
	}
	return []Check{check}
}
