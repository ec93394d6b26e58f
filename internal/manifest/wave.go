package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// waves says for each service how many waits are before it: one for every
// service in the chain that must be healthy or completed first. A service that
// need only be started is in the same wave.
func waves(model *types.Project, services []string) (map[string]int, error) {
	known := map[string]int{}
	var chain []string
	var level func(name string) (int, error)
	level = func(name string) (int, error) {
		if wave, ok := known[name]; ok {
			return wave, nil
		}
		if i := slices.Index(chain, name); i >= 0 {
			return 0, fmt.Errorf("the services wait for each other in a circle: %s; remove one depends_on", strings.Join(append(chain[i:], name), " → "))
		}
		chain = append(chain, name)
		defer func() { chain = chain[:len(chain)-1] }()
		wave := 0
		depends := model.Services[name].DependsOn
		for _, on := range slices.Sorted(maps.Keys(depends)) {
			if _, there := model.Services[on]; !there {
				continue // not required, and not enabled
			}
			before, err := level(on)
			if err != nil {
				return 0, err
			}
			if waits(depends[on].Condition) {
				before++
			}
			wave = max(wave, before)
		}
		known[name] = wave
		return wave, nil
	}
	for _, name := range services {
		if _, err := level(name); err != nil {
			return nil, err
		}
	}
	return known, nil
}

func waits(condition string) bool {
	return condition == types.ServiceConditionHealthy || condition == types.ServiceConditionCompletedSuccessfully
}

// awaitedAsJobs are the services that another waits for to end well.
func awaitedAsJobs(model *types.Project) map[string]bool {
	jobs := map[string]bool{}
	for _, service := range model.Services {
		for on, dependency := range service.DependsOn {
			if dependency.Condition == types.ServiceConditionCompletedSuccessfully {
				jobs[on] = true
			}
		}
	}
	return jobs
}
