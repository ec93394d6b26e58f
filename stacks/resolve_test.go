package stacks_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/stacks"
)

func sample() stacks.Stack {
	return stacks.Stack{
		Identity: stacks.Identity{Name: "mine"},
		Parameters: map[string]stacks.Parameter{
			"version": {Type: stacks.StringParameter, Default: "1.10"},
			"count":   {Type: stacks.IntParameter, Default: 3},
			"fast":    {Type: stacks.BoolParameter, Default: true},
			"memory":  {Type: stacks.QuantityParameter, Default: "1Gi"},
			"mode":    {Type: stacks.EnumParameter, Values: []string{"slow", "quick"}, Default: "slow"},
			"values":  {Type: stacks.MapParameter, Default: map[string]any{}},
		},
	}
}

func TestResolve(t *testing.T) {
	defaults := map[string]string{"version": "1.10", "count": "3", "fast": "true", "memory": "1073741824", "mode": "slow"}
	with := func(name, value string) map[string]string {
		all := map[string]string{}
		for k, v := range defaults {
			all[k] = v
		}
		all[name] = value
		return all
	}
	tests := map[string]struct {
		values map[string]any
		want   map[string]string
		err    string
	}{
		"defaults":           {nil, defaults, ""},
		"string":             {map[string]any{"version": "2"}, with("version", "2"), ""},
		"int":                {map[string]any{"count": 0}, with("count", "0"), ""},
		"bool":               {map[string]any{"fast": false}, with("fast", "false"), ""},
		"small quantity":     {map[string]any{"memory": "500m"}, with("memory", "0.500"), ""},
		"decimal quantity":   {map[string]any{"memory": "110MB"}, with("memory", "110000000"), ""},
		"number as quantity": {map[string]any{"memory": 0.5}, with("memory", "0.5"), ""},
		"int as quantity":    {map[string]any{"memory": 512}, with("memory", "512"), ""},
		"enum":               {map[string]any{"mode": "quick"}, with("mode", "quick"), ""},
		"map":                {map[string]any{"values": map[string]any{"a": 1}}, defaults, ""},
		"no quantity":        {map[string]any{"memory": "1 Gi"}, nil, `stack mine: parameter memory: "1 Gi" is no quantity: write it like 512Mi, 1Gi or 0.5`},
		"negative quantity":  {map[string]any{"memory": -1}, nil, `stack mine: parameter memory: "-1" is no quantity: write it like 512Mi, 1Gi or 0.5`},
		"not in the enum":    {map[string]any{"mode": "quik"}, nil, `stack mine: parameter mode: unknown value "quik": did you mean "quick"?`},
		"unknown":            {map[string]any{"cuont": 1}, nil, `stack mine: unknown parameter "cuont": did you mean "count"?`},
		"wrong types": {
			map[string]any{"count": "3", "fast": 1, "version": 1.1, "values": "x", "mode": nil},
			nil,
			"stack mine: parameter count: found 3 (string), expected a value of type int; parameter fast: found 1 (int), expected a value of type bool; " +
				"parameter mode: found <nil> (<nil>), expected a value of type enum; parameter values: found x (string), expected a value of type map; " +
				"parameter version: found 1.1 (float64), expected a value of type string",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := sample().Resolve(test.values)
			if message := errorText(err); message != test.err {
				t.Fatalf("error %s\nwant  %s", message, test.err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEndpointURLs(t *testing.T) {
	variables := map[string]string{"POSTGRES_PASSWORD": "secret"}
	tests := map[string]struct{ stack, endpoint, local, internal, variable string }{
		"from the url":    {"postgres", "sql", "postgres://app:secret@127.0.0.1:15432/app?sslmode=disable", "postgres://app:secret@postgres:5432/app?sslmode=disable", "POSTGRES_URL"},
		"with its own":    {"kafka", "broker", "127.0.0.1:15432", "kafka:9092", "KAFKA_BOOTSTRAP_SERVERS"},
		"without secrets": {"memcached", "memcached", "memcached://127.0.0.1:15432", "memcached://memcached:11211", "MEMCACHED_URL"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			stack, err := builtin(t).Lookup(test.stack)
			if err != nil {
				t.Fatal(err)
			}
			endpoint := stack.Endpoints[test.endpoint]
			local, err := endpoint.LocalURL(15432, variables)
			if err != nil || local != test.local {
				t.Errorf("local %q, %v", local, err)
			}
			internal, err := endpoint.InternalURL(variables)
			if err != nil || internal != test.internal {
				t.Errorf("internal %q, %v", internal, err)
			}
			if got := endpoint.URLVariable(); got != test.variable {
				t.Errorf("variable %q", got)
			}
		})
	}
	if _, err := (stacks.Endpoint{URL: "x://${NOBODY}"}).LocalURL(1, nil); err == nil {
		t.Error("a variable without a value was let pass")
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
