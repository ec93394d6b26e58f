package embedded

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Imitate and Demo are the sub-commands of our own binary that run imitations
// and the programs of this module; cli has them.
const (
	Imitate = "imitate"
	Demo    = "demo"
)

func kafkaRecipe() recipe {
	return recipe{
		kind: "kafka", imitation: true,
		limits: []string{
			"it is one broker without replicas, for a developer's amounts of data",
			"what needs a real broker (Connect, quotas, tiered storage) is not there",
			"when it is killed, records that were deleted by their offset come back, and a topic that it was compacting can be lost",
		},
		imitationMemory: 40 << 20,
		prepare:         prepareRedis,
		command: func(j job) (command, error) {
			return imitate(j, map[string]string{
				"DIORAMA_DATA": j.data, "DIORAMA_PARTITIONS": j.Settings["partitions"],
				"DIORAMA_AUTO_CREATE": j.Settings["autoCreate"],
			}), nil
		},
		ready: listens("broker"),
		stop:  sigterm, orphan: sigterm, grace: 10 * time.Second,
	}
}

// imitate runs an imitation in a process of our own binary.
func imitate(j job, vars map[string]string) command {
	vars["DIORAMA_PORT"] = strconv.Itoa(j.port(""))
	return own(j, []string{Imitate, j.Kind}, vars)
}

func own(j job, args []string, vars map[string]string) command {
	c := command{path: j.executable, args: append([]string{"internal"}, args...), leash: true}
	// Many of these run side by side: none keeps more garbage than it must.
	vars["GOGC"], vars["GOMAXPROCS"] = "50", "2"
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		c.env = append(c.env, name+"="+vars[name])
	}
	return c
}

// programRecipe runs a program of this module. What it must not lose lies in
// the servers that it uses, so it needs no farewell when its keeper dies.
func programRecipe() recipe {
	return recipe{
		kind: "program", imitationMemory: 14 << 20,
		command: func(j job) (command, error) {
			return own(j, append([]string{Demo}, j.Arguments...), maps.Clone(j.environment)), nil
		},
		ready: healthy,
		stop:  sigterm, orphan: sigkill, grace: 15 * time.Second,
	}
}

// healthy asks the program's own page; one without a page is ready once it runs.
func healthy(ctx context.Context, j job) error {
	if j.Health == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, j.Health, http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(response.Body, 200)) // part of it is better than nothing
		return fmt.Errorf("%w: %s", errStarting, strings.TrimSpace(string(said)))
	}
	return nil
}

// listens takes a server for ready that accepts connections.
func listens(endpoint string) func(context.Context, job) error {
	return func(ctx context.Context, j job) error {
		conn, err := dial(ctx, j.address(endpoint))
		if err != nil {
			return err
		}
		return conn.Close()
	}
}
