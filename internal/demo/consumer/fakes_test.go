package consumer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/bus"
	"github.com/diorama-dev/diorama/internal/demo/story"
)

// topic is one partition in memory. Like the real one it hands out from the
// committed offset on to whoever opens it, and remembers nothing else.
type topic struct {
	mu        sync.Mutex
	messages  []bus.Message
	committed int64
	commitErr error
	commits   []int64
}

func newTopic(t *testing.T, n int) *topic {
	t.Helper()
	tp := &topic{}
	for i := range n {
		e := story.Completed{
			ID: fmt.Sprintf("e%d", i), Time: time.Unix(int64(i), 0).UTC(),
			User: "user-1", Item: "item-1", Model: "resnet50", Trace: story.NewTrace(),
		}
		b, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		tp.messages = append(tp.messages, bus.Message{Value: b, Offset: int64(i)})
	}
	return tp
}

// member is one that reads the topic.
type member struct {
	*topic
	position int64
	released bool
	limits   []int
}

func (tp *topic) join() *member { return &member{topic: tp, position: tp.committed, released: true} }

func (m *member) Poll(ctx context.Context, limit int) ([]bus.Message, error) {
	m.mu.Lock()
	from, to := m.position, min(m.position+int64(limit), int64(len(m.messages)))
	m.position, m.released = to, false
	m.limits = append(m.limits, limit)
	m.mu.Unlock()
	if from == to {
		<-ctx.Done() // nothing new will come
		return nil, nil
	}
	return m.messages[from:to], nil
}

func (m *member) Commit(_ context.Context, handled []bus.Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.commitErr != nil {
		return m.commitErr
	}
	if m.released {
		return errors.New("committed without the right to")
	}
	m.committed = handled[len(handled)-1].Offset + 1
	m.commits = append(m.commits, m.committed)
	return nil
}

func (m *member) Release() { m.released = true }

// books are charges in memory: what billing needs of a database.
type books struct {
	charged map[string]int // how often a charge was written
	asked   []string
	fail    func(attempt int) error
}

func newBooks() *books { return &books{charged: map[string]int{}} }

func (b *books) Charge(_ context.Context, c story.Charge) (bool, error) {
	b.asked = append(b.asked, c.EventID)
	if b.fail != nil {
		if err := b.fail(len(b.asked)); err != nil {
			return false, err
		}
	}
	if b.charged[c.EventID] > 0 {
		return false, nil
	}
	b.charged[c.EventID]++
	return true, nil
}

func (b *books) wantAllOnce(t *testing.T, n int) {
	t.Helper()
	if len(b.charged) != n {
		t.Errorf("%d events charged, want %d", len(b.charged), n)
	}
	for id, times := range b.charged {
		if times != 1 {
			t.Errorf("%s charged %d times", id, times)
		}
	}
}
