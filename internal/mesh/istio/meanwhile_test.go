package istio

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
)

func aborts(status int) mesh.Edit {
	return mesh.Edit{Kind: mesh.EditFault, Service: "recommender", Route: 1, Fault: mesh.Fault{Abort: status, AbortShare: 1}}
}

// planned plans an edit at an instant, and applies it.
func planned(t *testing.T, o Observation, e mesh.Edit, at time.Time) Observation {
	t.Helper()
	p, err := Plan(o, e, at)
	if err != nil {
		t.Fatal(err)
	}
	return applied(o, p.Objects, nil)
}

// versioned gives the recommender's rule a version.
func versioned(o Observation, version string) Observation {
	o.Objects = slices.Clone(o.Objects)
	for i, object := range o.Objects {
		if object.Kind() == kindVirtualService && object.Name() == "recommender" {
			o.Objects[i] = Object(clone(object))
			o.Objects[i].metadata()["resourceVersion"] = version
		}
	}
	return o
}

func TestPlanIsOfWhatWasShown(t *testing.T) {
	o := versioned(observed(t), "41")
	e := aborts(503)
	p, err := Plan(o, e, now())
	if err != nil || p.Draft.Base != "41" || p.Objects[0].version() != "41" || strings.Contains(p.Draft.YAML+p.Draft.Before, "41") {
		t.Fatalf("the draft is %+v, %v", p.Draft, err)
	}
	e.Base = p.Draft.Base
	if _, err := Plan(o, e, now()); err != nil {
		t.Errorf("what was shown is refused: %v", err)
	}
	_, err = Plan(versioned(o, "42"), e, now())
	if refused, ok := errors.AsType[*CannotError](err); !ok || !strings.Contains(refused.Message, "was changed meanwhile: look again") {
		t.Errorf("another object is answered with %v", err)
	}
}

func TestPlanMakesNothingTwice(t *testing.T) {
	o := observed(t)
	e := mesh.Edit{Kind: mesh.EditTLS, TLS: mesh.Strict}
	p, err := Plan(o, e, now())
	if err != nil || p.Draft.Base == "" || p.Objects[0].version() != "" {
		t.Fatalf("the draft is %+v, %v", p.Draft, err)
	}
	e.Base = p.Draft.Base
	if _, err := Plan(applied(o, p.Objects, nil), e, now()); err == nil {
		t.Error("what somebody has made meanwhile is changed")
	}
}

func TestUndoIsOfWhatWasRead(t *testing.T) {
	o := versioned(planned(t, versioned(observed(t), "41"), aborts(503), now()), "42")
	o = planned(t, o, mesh.Edit{Kind: mesh.EditTLS, TLS: mesh.Strict}, now().Add(time.Second))
	u, err := Undo(o, true)
	if err != nil || len(u.Apply) != 1 || u.Apply[0].version() != "42" || len(u.Delete) != 1 {
		t.Fatalf("undoing is %+v, %v", u, err)
	}
	if done := u.Of(u.Apply...); len(done) != 1 || done[0].Service != "recommender" {
		t.Errorf("with the first object %+v is undone", done)
	}
	if done := u.Of(append(u.Delete, u.Apply...)...); len(done) != 2 || done[0].Service != "" {
		t.Errorf("with both %+v are undone", done)
	}
}

func TestUndoWhereTheClockStepsBack(t *testing.T) {
	o := planned(t, observed(t), aborts(501), now())
	o = planned(t, o, aborts(502), now().Add(-time.Hour))
	changes := Changes(o)
	if len(changes) != 2 || !changes[1].Time.After(changes[0].Time) || changes[0].ID == changes[1].ID {
		t.Fatalf("the changes are %+v", changes)
	}
	// Notes of before this was minded.
	for _, object := range o.Objects {
		if note := object.notes(); note != "" {
			object.keep(strings.Replace(note, now().Format(time.RFC3339), now().Add(time.Hour).Format(time.RFC3339), 1))
		}
	}
	for want := 1; want >= 0; want-- {
		u, err := Undo(o, false)
		if err != nil || len(u.Apply) != 1 {
			t.Fatalf("undoing is %+v, %v", u, err)
		}
		o = applied(o, u.Apply, nil)
		if n := len(Changes(o)); n != want {
			t.Errorf("%d changes are left, want %d", n, want)
		}
	}
}

func TestHistoryHasRoom(t *testing.T) {
	o := observed(t)
	for i, object := range o.Objects {
		if object.Kind() == kindVirtualService && object.Name() == "recommender" {
			o.Objects[i] = Object(clone(object))
			all := o.Objects[i].spec()["http"].([]any)
			for j := range 150 {
				r := clone(all[1].(map[string]any))
				r["match"] = []any{map[string]any{"uri": map[string]any{"prefix": "/" + strconv.Itoa(j)}}}
				all = append(all, r)
			}
			o.Objects[i].spec()["http"] = all
		}
	}
	for i := range 4 {
		o = planned(t, o, aborts(500+i), now().Add(time.Duration(i)*time.Second))
	}
	size := 0
	for _, object := range edited(o) {
		size += len(object.notes())
	}
	if n := len(Changes(o)); size == 0 || size > 256<<10 || n == 0 || n == 4 {
		t.Errorf("%d changes are kept in %d bytes", n, size)
	}
}

func TestPlanRefusesWhatIsMeantByNobody(t *testing.T) {
	o := observed(t)
	edge := Pod{Name: "gw-1", Namespace: "istio-system", Workload: "gw", Proxy: true, ProxyReady: true, Gateway: true, Labels: map[string]string{}}
	o.Pods = append(o.Pods, edge)
	o.Objects = append(o.Objects,
		object(t, kindService, "picky", `{}`), object(t, kindService, "open", `{}`), object(t, kindService, "twins", `{}`),
		object(t, kindVirtualService, "picky", `{"hosts":["picky"],"http":[{"match":[{"uri":{"prefix":"/a"}}],"route":[{"destination":{"host":"caller"}}]}]}`),
		object(t, kindVirtualService, "open", `{"hosts":["open"],"http":[{"match":[{"uri":{"prefix":"/a"}}],"route":[{"destination":{"host":"caller"}}]},{"match":[],"route":[{"destination":{"host":"open"}}]}]}`),
		object(t, kindVirtualService, "twins", `{"hosts":["twins"],"http":[{"route":[{"destination":{"host":"caller","subset":"v1"},"weight":50},{"destination":{"host":"recommender","subset":"v1"},"weight":50}]}]}`))
	fault := func(service string) mesh.Edit {
		return mesh.Edit{Kind: mesh.EditFault, Service: service, Route: -1, Fault: mesh.Fault{Delay: time.Second, DelayShare: 1}}
	}
	for want, e := range map[string]mesh.Edit{
		"every route of VirtualService/diorama/picky has a match": fault("picky"),
		"two destinations of that route are called v1":            {Kind: mesh.EditWeights, Service: "twins", Weights: map[string]int{"v1": 100}},
		"gw is no workload of the environment":                    {Kind: mesh.EditTLS, Service: "gw", TLS: mesh.Strict},
	} {
		_, err := Plan(o, e, now())
		if refused, ok := errors.AsType[*CannotError](err); !ok || !strings.Contains(refused.Message, want) {
			t.Errorf("%s: it is %v", want, err)
		}
	}
	p, err := Plan(o, fault("open"), now())
	if err != nil {
		t.Fatal(err)
	}
	if r, err := route(p.Objects[0], 1); err != nil || r["fault"] == nil {
		t.Errorf("the route with an empty match is %v, %v", r, err)
	}
}

func TestAbsenceSaysNothingWhereAnIstiodIsSilent(t *testing.T) {
	o := observed(t)
	o.Syncs = o.Syncs[:1]
	for _, silent := range []bool{false, true} {
		o.Silent = silent
		behind := 0
		for _, w := range newIndex(o).workloads() {
			for _, p := range w.Proxies {
				behind += len(p.Behind)
			}
		}
		if (behind == 0) != silent {
			t.Errorf("silent %v: %d proxies are told to be behind", silent, behind)
		}
	}
}

func TestUndoTakesTheLastWhereTheClockStepsBack(t *testing.T) {
	o := planned(t, observed(t), aborts(501), now())
	o = planned(t, o, mesh.Edit{Kind: mesh.EditTLS, TLS: mesh.Strict}, now().Add(-time.Hour))
	u, err := Undo(o, false)
	if err != nil || len(u.Delete) != 1 || u.Changes[0].Service != "" {
		t.Errorf("undoing is %+v, %v", u, err)
	}
}

// TestPlanTakesNoOthersName checks that what is made for all workloads is not met
// in the place of what is made for one that is called so.
func TestPlanTakesNoOthersName(t *testing.T) {
	o := observed(t)
	for _, name := range []string{"all", "mesh"} {
		o.Pods = append(o.Pods, Pod{
			Name: name + "-0", Namespace: o.Namespace, Workload: name, Proxy: true, ProxyReady: true, Labels: map[string]string{labelService: name},
		})
	}
	strict := func(workload string) mesh.Edit {
		return mesh.Edit{Kind: mesh.EditTLS, Service: workload, TLS: mesh.Strict}
	}
	all := planned(t, o, strict(""), now())
	for _, workload := range []string{"all", "mesh"} {
		p, err := Plan(all, strict(workload), now())
		if err != nil || slices.ContainsFunc(all.Objects, func(other Object) bool { return other.String() == p.Objects[0].String() }) {
			t.Errorf("for %s it is %v, %v", workload, p.Objects, err)
		}
	}
	// As it was once called, by somebody else, or for something else.
	o.Objects = append(o.Objects, object(t, kindPeerAuthentication, "diorama-mesh-all", `{"selector":{"matchLabels":{"app":"else"}}}`))
	_, err := Plan(o, strict("all"), now())
	if refused, ok := errors.AsType[*CannotError](err); !ok || !strings.Contains(refused.Message, "diorama-mesh-all is there already") {
		t.Errorf("over another object it is %v", err)
	}
}

// TestPlanWhereANoteIsOfTheLastYear checks that a time beyond which none can be
// written down keeps nobody from changing the mesh.
func TestPlanWhereANoteIsOfTheLastYear(t *testing.T) {
	for _, late := range []string{"9999-12-31T23:59:59.9999Z", "9999-12-31T23:59:59-23:59"} {
		o := planned(t, observed(t), aborts(503), now())
		for _, object := range o.Objects {
			if note := object.notes(); note != "" {
				object.keep(strings.Replace(note, now().Format(time.RFC3339), late, 1))
			}
		}
		o = planned(t, o, mesh.Edit{Kind: mesh.EditTLS, TLS: mesh.Strict}, now())
		o = planned(t, o, aborts(504), now())
		changes := Changes(o)
		if len(changes) != 3 || changes[1].Service != "" || !changes[2].Time.After(changes[1].Time) || !changes[1].Time.After(changes[0].Time) {
			t.Errorf("%s: the changes are %+v", late, changes)
		}
		if _, err := json.Marshal(Fold(o, Memory{})); err != nil {
			t.Error(err)
		}
	}
}
