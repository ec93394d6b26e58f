package istio

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// touched is the mesh after somebody else has changed our object of a kind, as
// kubectl edit does.
func touched(t *testing.T, o Observation, kind string, change func(spec map[string]any)) Observation {
	t.Helper()
	for _, object := range edited(o) {
		if object.Kind() != kind {
			continue
		}
		next := Object(clone(object))
		change(next.spec())
		next.metadata()["managedFields"] = []any{
			map[string]any{"manager": "diorama", "operation": "Apply", "time": "2026-11-27T10:59:29Z", "fieldsV1": fieldsOf("hosts", "mtls")},
			map[string]any{"manager": "kubectl-edit", "operation": "Update", "time": "2026-11-27T11:10:00Z", "fieldsV1": fieldsOf("http", "mtls")},
		}
		return applied(o, []Object{next}, nil)
	}
	t.Fatalf("there is no %s", kind)
	return o
}

func fieldsOf(names ...string) map[string]any {
	spec := map[string]any{}
	for _, name := range names {
		spec["f:"+name] = map[string]any{}
	}
	return map[string]any{"f:spec": spec}
}

func httpOf(spec map[string]any, i int) map[string]any {
	return spec["http"].([]any)[i].(map[string]any)
}

// rule is the recommender's.
func ruleOf(t *testing.T, o Observation) Object {
	t.Helper()
	for _, object := range o.of(kindVirtualService) {
		if object.Name() == "recommender" {
			return object
		}
	}
	t.Fatal("the recommender has no rule")
	return nil
}

// TestUndoKeepsWhatOthersChanged: what is in other fields stays, what is in the
// same is not overwritten.
func TestUndoKeepsWhatOthersChanged(t *testing.T) {
	weights := mesh.Edit{Kind: mesh.EditWeights, Service: "recommender", Route: 1, Weights: map[string]int{"v1": 50, "v2": 50}}
	header := mesh.Edit{Kind: mesh.EditHeader, Service: "recommender", Header: mesh.Header{Name: "x", Value: "y"}, To: "v2"}
	tests := map[string]struct {
		edits   []mesh.Edit
		change  func(spec map[string]any)
		refused string // empty: it is undone, and what was changed is there
	}{
		"another field": {[]mesh.Edit{aborts(503)}, func(s map[string]any) { httpOf(s, 1)["timeout"] = "5s" }, ""},
		"another route before": {[]mesh.Edit{aborts(503)}, func(s map[string]any) {
			s["http"] = append([]any{map[string]any{"name": "new", "route": []any{map[string]any{"destination": map[string]any{"host": "caller"}}}}}, s["http"].([]any)...)
		}, ""},
		"the other's route, before one of ours": {[]mesh.Edit{header}, func(s map[string]any) { httpOf(s, 1)["timeout"] = "5s" }, ""},
		"the same field": {[]mesh.Edit{aborts(503)}, func(s map[string]any) {
			httpOf(s, 1)["fault"].(map[string]any)["abort"].(map[string]any)["httpStatus"] = int64(504)
		}, "VirtualService/diorama/recommender was changed by kubectl-edit since: http[1].fault.abort.httpStatus is 504, and was 503"},
		"a part of what was set": {[]mesh.Edit{aborts(503)}, func(s map[string]any) {
			httpOf(s, 1)["fault"].(map[string]any)["delay"] = map[string]any{"fixedDelay": "3s"}
		}, ""},
		"the same weight": {[]mesh.Edit{weights}, func(s map[string]any) {
			route := httpOf(s, 1)["route"].([]any)
			route[0].(map[string]any)["weight"], route[1].(map[string]any)["weight"] = int64(60), int64(40)
		}, "http[1].route[0].weight is 60, and was 50, http[1].route[1].weight is 40, and was 50"},
		"gone":         {[]mesh.Edit{aborts(503)}, func(s map[string]any) { delete(httpOf(s, 1), "fault") }, "-"},
		"gone in part": {[]mesh.Edit{aborts(503)}, func(s map[string]any) { httpOf(s, 1)["fault"] = map[string]any{} }, "-"},
		"the route is another one": {[]mesh.Edit{aborts(503)}, func(s map[string]any) {
			all := s["http"].([]any)
			all[0], all[1] = all[1], all[0]
		}, "was changed by kubectl-edit since: http[0]"},
		"between two edits": {[]mesh.Edit{weights, aborts(503)}, func(s map[string]any) { httpOf(s, 1)["timeout"] = "5s" }, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := observed(t)
			want := Object(clone(ruleOf(t, o)))
			for i, e := range test.edits {
				if i > 0 { // between the two
					o = touched(t, o, kindVirtualService, test.change)
				}
				o = planned(t, o, e, now().Add(time.Duration(i)*time.Second))
			}
			if len(test.edits) == 1 {
				o = touched(t, o, kindVirtualService, test.change)
			}
			u, err := Undo(o, true)
			if test.refused != "" && test.refused != "-" {
				refused, ok := errors.AsType[*CannotError](err)
				if !ok || !strings.Contains(refused.Message, test.refused) || len(u.Apply)+len(u.Delete) > 0 {
					t.Fatalf("it is %v, %+v", err, u.Apply)
				}
				if c := Changes(o)[0]; !strings.HasPrefix(refused.Message, c.Stuck+". ") {
					t.Errorf("and the change says %q", c.Stuck)
				}
				return
			}
			if err != nil || len(u.Apply) != 1 {
				t.Fatalf("undoing is %+v, %v", u, err)
			}
			got := applied(o, u.Apply, nil)
			if test.refused == "" {
				spec := want.spec()
				switch name {
				case "a part of what was set":
					httpOf(spec, 1)["fault"] = map[string]any{"delay": map[string]any{"fixedDelay": "3s"}}
				case "the other's route, before one of ours":
					httpOf(spec, 0)["timeout"] = "5s"
				default:
					test.change(spec)
				}
			}
			if !reflect.DeepEqual(plain(ruleOf(t, got).spec()), plain(want.spec())) {
				data, _ := json.Marshal(ruleOf(t, got).spec())
				t.Errorf("it is %s", data)
			}
		})
	}
}

// TestUndoOfWhatWasMade: an object that an edit has made goes, unless somebody
// has put something else into it.
func TestUndoOfWhatWasMade(t *testing.T) {
	o := planned(t, observed(t), mesh.Edit{Kind: mesh.EditTLS, TLS: mesh.Strict}, now())
	o = touched(t, o, kindPeerAuthentication, func(s map[string]any) { s["portLevelMtls"] = map[string]any{"8080": map[string]any{"mode": "DISABLE"}} })
	_, err := Undo(o, false)
	if refused, ok := errors.AsType[*CannotError](err); !ok || !strings.Contains(refused.Message, "portLevelMtls is {\"8080\":{\"mode\":\"DISABLE\"}}, and was not there") {
		t.Errorf("it is %v", err)
	}
}

// TestUndoOfMoreThanIsKeptKeepsWhatOthersChanged: what was changed between edits
// that are not remembered any more stays.
func TestUndoOfMoreThanIsKeptKeepsWhatOthersChanged(t *testing.T) {
	o := observed(t)
	for i := range keptChanges + 5 {
		o = planned(t, o, aborts(500+i), now().Add(time.Duration(i)*time.Second))
		if i == 2 {
			o = touched(t, o, kindVirtualService, func(s map[string]any) { httpOf(s, 1)["timeout"] = "5s" })
		}
	}
	u, err := Undo(o, true)
	if err != nil || len(u.Apply) != 1 {
		t.Fatalf("undoing is %+v, %v", u, err)
	}
	if r := httpOf(u.Apply[0].spec(), 1); r["timeout"] != "5s" || r["fault"] != nil {
		t.Errorf("the route is %v", r)
	}
}

// TestUndoLeavesAnEmptyObject: one that says nothing is not one that is not there.
func TestUndoLeavesAnEmptyObject(t *testing.T) {
	o := observed(t)
	all := object(t, kindPeerAuthentication, "empty", `{}`)
	delete(all, "spec")
	o.Objects = append(o.Objects, all)
	o = planned(t, o, mesh.Edit{Kind: mesh.EditTLS, TLS: mesh.Strict}, now())
	u, err := Undo(o, false)
	if err != nil || len(u.Delete) != 0 || len(u.Apply) != 1 || u.Apply[0].Name() != "empty" {
		t.Errorf("undoing is %+v, %v", u, err)
	}
}

func FuzzMerged(f *testing.F) {
	f.Add([]byte(`{"http":[{"a":1},{"b":2}]}`), []byte(`{"http":[{"b":2}]}`), []byte(`{"http":[{"a":1},{"b":2},{"c":3}]}`))
	f.Add([]byte(`{"a":{"b":1}}`), []byte(`{}`), []byte(`{"a":7}`))
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		var base, before, now map[string]any
		for data, spec := range map[*[]byte]*map[string]any{&a: &base, &b: &before, &c: &now} {
			if json.Unmarshal(*data, spec) != nil || *spec == nil {
				return
			}
		}
		got, clashes := merged(base, before, now)
		switch {
		case reflect.DeepEqual(base, now) && !reflect.DeepEqual(got, before):
			t.Errorf("nobody has changed it since, and it is %v", got)
		case reflect.DeepEqual(base, before) && !reflect.DeepEqual(got, now), reflect.DeepEqual(before, now) && !reflect.DeepEqual(got, now):
			t.Errorf("nothing is to be undone, and it is %v", got)
		case len(clashes) > 0 && len(differing(base, now)) == 0:
			t.Errorf("what nobody has changed clashes: %v", clashes)
		}
		for _, c := range clashes {
			_ = c.String()
		}
	})
}

// TestWeightsAreUndoneAsAWhole: of two halves they would not be 100.
func TestWeightsAreUndoneAsAWhole(t *testing.T) {
	route := func(weights ...float64) map[string]any {
		var all []any
		for i, w := range weights {
			all = append(all, map[string]any{"destination": map[string]any{"host": "web", "subset": "v" + strconv.Itoa(i)}, "weight": w})
		}
		return map[string]any{"route": all}
	}
	now := route(80, 10, 10)
	got, clashes := merged(route(80, 20, 0), route(90, 10, 0), now)
	if len(clashes) == 0 || !reflect.DeepEqual(got, now) {
		t.Errorf("got %v, clashes %v", got, clashes)
	}
}
