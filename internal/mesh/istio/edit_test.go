package istio

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
)

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if flag.Lookup("update") != nil && flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s is other than was written down:\n%s", name, got)
	}
}

var _ = flag.Bool("update", false, "write goldens anew")

// applied is the mesh after a plan.
func applied(o Observation, apply, remove []Object) Observation {
	o.Objects = slices.Clone(o.Objects)
	for _, object := range append(slices.Clone(apply), remove...) {
		o.Objects = slices.DeleteFunc(o.Objects, func(other Object) bool { return other.String() == object.String() })
	}
	for _, object := range apply {
		object["metadata"].(map[string]any)["creationTimestamp"] = "2026-11-27T10:59:29Z"
	}
	o.Objects = append(o.Objects, apply...)
	return o
}

func TestPlanDrafts(t *testing.T) {
	contains := mesh.Header{Name: "User-Agent", Value: "Android", Match: "contains"}
	for name, e := range map[string]mesh.Edit{
		"weights":        {Kind: mesh.EditWeights, Service: "recommender", Route: 1, Weights: map[string]int{"v1": 20, "v2": 80}},
		"header":         {Kind: mesh.EditHeader, Service: "recommender", Header: contains, To: "v2"},
		"header-replace": {Kind: mesh.EditHeader, Service: "recommender", Header: mesh.Header{Name: "user-agent", Value: "Android", Match: "prefix"}, To: "v3"},
		"header-remove":  {Kind: mesh.EditHeader, Service: "recommender", Header: mesh.Header{Name: "user-agent", Value: "Android", Match: "prefix"}},
		"fault":          {Kind: mesh.EditFault, Service: "recommender", Route: -1, Fault: mesh.Fault{Delay: 3 * time.Second, DelayShare: 5, Abort: 503, AbortShare: 0.5}},
		"tls":            {Kind: mesh.EditTLS, Service: "caller", TLS: mesh.Strict},
		"tls-all":        {Kind: mesh.EditTLS, TLS: mesh.Strict},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Plan(observed(t), e, now())
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "draft-"+name+".golden", p.Draft.Summary+"\n\n"+p.Draft.Before+"---\n"+p.Draft.YAML)
		})
	}
}

func TestPlanMakesARuleWhereThereIsNone(t *testing.T) {
	o := observed(t)
	o.Objects = slices.DeleteFunc(o.Objects, func(object Object) bool { return object.Kind() == kindVirtualService })
	p, err := Plan(o, mesh.Edit{Kind: mesh.EditWeights, Service: "recommender", Route: 0, Weights: map[string]int{"v1": 75, "v2": 25}}, now())
	if err != nil {
		t.Fatal(err)
	}
	if p.Draft.Before != "" || p.Objects[0].Name() != "diorama-mesh-recommender" || p.Objects[0].label(labelStack) != "istio" {
		t.Errorf("it is %+v", p.Draft)
	}
	golden(t, "draft-made.golden", p.Draft.YAML)
	o = applied(o, p.Objects, nil)
	if v := service(t, Fold(o, Memory{}.With(o)), "recommender"); len(v.Routes[0].Destinations) != 2 || v.Routes[0].Destinations[0].Weight != 75 {
		t.Errorf("it is routed %+v", v.Routes)
	}
	undoing, err := Undo(o, false)
	if err != nil || len(undoing.Delete) != 1 || len(undoing.Apply) != 0 {
		t.Errorf("undoing is %+v, %v", undoing, err)
	}
}

func TestPlanRefuses(t *testing.T) {
	weights := func(w map[string]int) mesh.Edit {
		return mesh.Edit{Kind: mesh.EditWeights, Service: "recommender", Route: 1, Weights: w}
	}
	header := func(name, value, match, to string) mesh.Edit {
		return mesh.Edit{Kind: mesh.EditHeader, Service: "recommender", Header: mesh.Header{Name: name, Value: value, Match: match}, To: to}
	}
	fault := func(f mesh.Fault) mesh.Edit {
		return mesh.Edit{Kind: mesh.EditFault, Service: "recommender", Route: 1, Fault: f}
	}
	for want, e := range map[string]mesh.Edit{
		"the weights add up to 90":                       weights(map[string]int{"v1": 90}),
		"the weight of v1 is -10":                        weights(map[string]int{"v1": -10, "v2": 110}),
		`no destination "v7"; it has v1, v2, v3`:         weights(map[string]int{"v1": 90, "v7": 10}),
		`there is no service "recomender"`:               {Kind: mesh.EditWeights, Service: "recomender"},
		"has no route number 9; it has 2":                {Kind: mesh.EditFault, Service: "recommender", Route: 8, Fault: mesh.Fault{Abort: 500, AbortShare: 1}},
		"no name of a header":                            header("a b", "x", "", "v1"),
		"a value of the header x is missing":             header("x", "", "", "v1"),
		"characters that no header can have":             header("x", "a\nb", "", "v1"),
		"cannot be compared by \"like\"":                 header("x", "y", "like", "v1"),
		"no route for requests with x: y":                header("x", "y", "", ""),
		`no destination "v9"; it has recommender, v1`:    header("x", "y", "", "v9"),
		"the share of requests must be above 0":          fault(mesh.Fault{Delay: time.Second}),
		"must be above 0 and at most 100":                fault(mesh.Fault{Abort: 500, AbortShare: 101}),
		"no status 777":                                  fault(mesh.Fault{Abort: 777, AbortShare: 1}),
		"a delay of -1s is none":                         fault(mesh.Fault{Delay: -time.Second, DelayShare: 1}),
		"too short":                                      fault(mesh.Fault{Delay: time.Microsecond, DelayShare: 1}),
		"has no fault to take away":                      fault(mesh.Fault{}),
		"outsider is outside the mesh":                   {Kind: mesh.EditTLS, Service: "outsider", TLS: mesh.Strict},
		`there is no workload "nobody"`:                  {Kind: mesh.EditTLS, Service: "nobody", TLS: mesh.Strict},
		`mutual TLS cannot be "outside"`:                 {Kind: mesh.EditTLS, TLS: mesh.Outside},
		"decides for recommender-v1 and for":             {Kind: mesh.EditTLS, Service: "recommender-v1", TLS: mesh.Permissive},
		`there is no edit "turn"; there is weights`:      {Kind: "turn", Service: "recommender"},
		"routes foreign and was not made by diorama":     {Kind: mesh.EditFault, Service: "foreign", Fault: mesh.Fault{Abort: 500, AbortShare: 1}},
		"routes connections and not requests: only HTTP": {Kind: mesh.EditFault, Service: "tcp", Fault: mesh.Fault{Abort: 500, AbortShare: 1}},
	} {
		t.Run(want, func(t *testing.T) {
			o := observed(t)
			foreign := object(t, kindVirtualService, "foreign", `{"hosts":["foreign"],"http":[{"route":[{"destination":{"host":"caller"}}]}]}`)
			foreign.metadata()["labels"] = map[string]any{}
			o.Objects = append(o.Objects, foreign,
				object(t, kindVirtualService, "tcp", `{"hosts":["tcp"],"tcp":[{"route":[{"destination":{"host":"caller"}}]}]}`),
				object(t, kindService, "foreign", `{}`), object(t, kindService, "tcp", `{}`))
			_, err := Plan(o, e, now())
			if refused, ok := errors.AsType[*CannotError](err); !ok || !strings.Contains(refused.Message, want) {
				t.Errorf("it is %v", err)
			}
		})
	}
}

func TestUndo(t *testing.T) {
	o := observed(t)
	if _, err := Undo(o, true); !errors.Is(err, ErrNothingToUndo) {
		t.Errorf("nothing is undone as %v", err)
	}
	before := Fold(o, Memory{}.With(o))
	edits := []mesh.Edit{
		{Kind: mesh.EditWeights, Service: "recommender", Route: 1, Weights: map[string]int{"v1": 50, "v2": 50}},
		{Kind: mesh.EditTLS, TLS: mesh.Strict},
		{Kind: mesh.EditFault, Service: "recommender", Route: 1, Fault: mesh.Fault{Abort: 503, AbortShare: 10}},
		{Kind: mesh.EditTLS, TLS: mesh.Permissive},
	}
	for i, e := range edits {
		p, err := Plan(o, e, now().Add(time.Duration(i)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		o = applied(o, p.Objects, nil)
	}
	changes := Changes(o)
	if len(changes) != 4 || !strings.Contains(changes[0].YAML, "weight: 50") || strings.Contains(changes[0].YAML, "abort") || !strings.Contains(changes[2].YAML, "abort") {
		t.Fatalf("the changes are %+v", changes)
	}
	whole := o
	for i := range edits {
		u, err := Undo(o, false)
		if err != nil || len(u.Changes) != 1 || u.Changes[0].ID != changes[3-i].ID || len(u.Apply)+len(u.Delete) != 1 {
			t.Fatalf("undoing is %+v, %v", u, err)
		}
		o = applied(o, u.Apply, u.Delete)
	}
	for name, end := range map[string]Observation{"one by one": o, "at once": undoAll(t, whole)} {
		after := Fold(end, Memory{}.With(end))
		if len(after.Changes) != 0 || routesText(after) != routesText(before) {
			t.Errorf("%s: it is %+v", name, after.Services)
		}
		for _, object := range end.Objects {
			if object.notes() != "" || strings.HasPrefix(object.Name(), madeName) {
				t.Errorf("%s: %v is left", name, object)
			}
		}
	}
}

func undoAll(t *testing.T, o Observation) Observation {
	t.Helper()
	u, err := Undo(o, true)
	if err != nil || len(u.Changes) != 4 || len(u.Apply) != 1 || len(u.Delete) != 1 {
		t.Fatalf("undoing all is %+v, %v", u, err)
	}
	return applied(o, u.Apply, u.Delete)
}

func routesText(s mesh.State) string {
	var b strings.Builder
	for _, v := range s.Services {
		for _, r := range v.Routes {
			b.WriteString(v.Name + strings.Join(r.Match, ","))
			for _, d := range r.Destinations {
				b.WriteString(" " + d.Name + strings.Repeat("x", d.Weight))
			}
			if r.Fault != (mesh.Fault{}) {
				b.WriteString(" fault")
			}
		}
	}
	return b.String()
}

func TestUndoOfMoreThanIsKept(t *testing.T) {
	o := observed(t)
	for i := range keptChanges + 5 {
		e := mesh.Edit{Kind: mesh.EditFault, Service: "recommender", Route: 1, Fault: mesh.Fault{Abort: 500 + i, AbortShare: 1}}
		p, err := Plan(o, e, now().Add(time.Duration(i)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		o = applied(o, p.Objects, nil)
	}
	if n := len(Changes(o)); n != keptChanges {
		t.Errorf("%d are kept", n)
	}
	for range keptChanges {
		u, err := Undo(o, false)
		if err != nil {
			t.Fatal(err)
		}
		o = applied(o, u.Apply, u.Delete)
	}
	if v := service(t, Fold(o, Memory{}.With(o)), "recommender"); v.Routes[1].Fault != (mesh.Fault{}) {
		t.Errorf("left is %+v", v.Routes[1].Fault)
	}
}

func TestExplain(t *testing.T) {
	said := "apply VirtualService/diorama/bad: admission webhook \"validation.istio.io\" denied the request: configuration is invalid: 2 errors occurred:\n\t* HTTP status 9999 is not in range 200-599\n\t* weight -80 < 0\n\n"
	err := Explain(fmt.Errorf("%s", said))
	want := "istio refuses VirtualService/diorama/bad: HTTP status 9999 is not in range 200-599; weight -80 < 0"
	if err.Error() != want {
		t.Errorf("it is %v", err)
	}
	one := Explain(errors.New("apply Gateway/diorama/bad: admission webhook \"rev.validation.istio.io\" denied the request: configuration is invalid: server must have at least one host"))
	if one.Error() != "istio refuses Gateway/diorama/bad: server must have at least one host" {
		t.Errorf("it is %v", one)
	}
	if both := Explain(errors.Join(one, fmt.Errorf("%s", said))); both.Error() != one.Error()+"\n"+want {
		t.Errorf("two are %v", both)
	}
	other := errors.New("no route to host")
	if !errors.Is(Explain(other), other) || Explain(nil) != nil {
		t.Error("other errors are changed")
	}
}

func TestWords(t *testing.T) {
	m := httpMatch{
		Headers:        map[string]stringMatch{"b": {Regex: `.*a\.b.*`}, "a": {Exact: "x"}},
		WithoutHeaders: map[string]stringMatch{"c": {}}, URI: stringMatch{Prefix: "/v1/"}, Method: stringMatch{Regex: "GET|PUT"},
		QueryParams: map[string]stringMatch{"q": {Exact: "1"}}, Port: 80, SourceLabels: map[string]string{"app": "y"}, Gateways: []string{"gw"},
	}
	want := "a: x and b: *a.b* and not c: * and path /v1/* and method ~ GET|PUT and query q=1 and port 80 and from app=y and through gw"
	if got := m.words(); got != want {
		t.Errorf("it is %s", got)
	}
	if (httpMatch{}).words() != "everything" {
		t.Error("no condition is one")
	}
	none, one := 0, 1
	for want, d := range map[string]outlierDetection{
		"never":                             {Consecutive5xx: &none},
		"after 1 error, for 30s":            {Consecutive5xx: &one},
		"after 5 errors in a row, for 1m0s": {BaseEjectionTime: "60s"},
		"after 1 gateway error, for 30s":    {Consecutive5xx: &none, ConsecutiveGateway: &one},
	} {
		if got := d.words(); got != want {
			t.Errorf("%q is %q", want, got)
		}
	}
}
