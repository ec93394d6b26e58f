package queue

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"testing"
)

// Whatever became of a state, its changes lead there, through JSON as well.
func TestChangesLeadToTheState(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var state, client State
	for range 300 {
		next := changedAtRandom(random, state)
		for _, u := range next.ChangesSince(state) {
			data, err := json.Marshal(u)
			if err != nil {
				t.Fatal(err)
			}
			var read Update
			if err := json.Unmarshal(data, &read); err != nil {
				t.Fatal(err)
			}
			client = client.With(read)
		}
		state = next
		if !reflect.DeepEqual(described(client), described(state)) {
			t.Fatalf("the client has\n%v\nand the state is\n%v", described(client), described(state))
		}
	}
}

func changedAtRandom(r *rand.Rand, s State) State {
	stack := strconv.Itoa(r.IntN(3))
	if r.IntN(10) == 0 {
		return s.replaced(stack, nil)
	}
	b := Broker{Stack: stack, Version: strconv.Itoa(r.IntN(5)), Queues: []*Status{}, Groups: []*GroupStatus{}}
	old := s.Of(stack)
	for i := range 8 {
		name := strconv.Itoa(i)
		if r.IntN(3) > 0 {
			b.Queues = append(b.Queues, &Status{Name: name, Depth: Known(r.Int64N(3))})
		} else if old != nil {
			if at := slices.IndexFunc(old.Queues, func(q *Status) bool { return q.Name == name }); at >= 0 {
				b.Queues = append(b.Queues, old.Queues[at])
			}
		}
	}
	return s.replaced(stack, &b)
}

func described(s State) []string {
	list := []string{}
	for _, b := range s {
		line := b.Stack + " " + b.Version
		for _, q := range b.Queues {
			line += " " + q.Name + "=" + q.Depth.String()
		}
		list = append(list, line)
	}
	return list
}

func TestOnlyWhatChangedTravels(t *testing.T) {
	q, r := &Status{Name: "q"}, &Status{Name: "r"}
	old := &Broker{Stack: "s", Queues: []*Status{q, r}}
	now := &Broker{Stack: "s", Queues: []*Status{q, {Name: "r", Partitions: 1}}}
	if u := now.ChangesSince(old); len(u.Queues) != 1 || u.Queues[0].Name != "r" || len(u.GoneQueues) != 0 {
		t.Errorf("the update is %+v", u)
	}
}

func TestMeasureInJSON(t *testing.T) {
	data, err := json.Marshal(struct{ A, B Count }{A: Known(int64(0))})
	if err != nil || string(data) != `{"A":0,"B":null}` {
		t.Errorf("%s, %v", data, err)
	}
	var back struct{ A, B Count }
	if err := json.Unmarshal(data, &back); err != nil || back.A != Known(int64(0)) || back.B.IsKnown() {
		t.Errorf("%+v, %v", back, err)
	}
}
