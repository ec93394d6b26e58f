package queues

import (
	"fmt"
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// screen is the queues screen of a size, with what the brokers said lately.
func screen(t testing.TB, b *tuitest.Brokers, width, height int, states ...[]*queue.Broker) Model {
	t.Helper()
	m := New(theme.New(theme.Dark), Deps{Context: t.Context(), Source: Source{Watcher: b, Operator: b, Resetter: b}})
	m = m.WithSize(width, height).WithNow(tuitest.Noon())
	for _, s := range states {
		m = m.WithBrokers(s)
	}
	return m
}

func TestLook(t *testing.T) {
	for _, size := range [][2]int{{80, 19}, {120, 35}, {40, 8}, {200, 40}} {
		m := screen(t, &tuitest.Brokers{}, size[0], size[1], tuitest.Queues()...)
		fmt.Println(strings.Join(m.View(), "\n"))
		m = m.move(3)
		fmt.Println(strings.Join(m.View(), "\n"))
		m = m.turn(1)
		fmt.Println(strings.Join(m.View(), "\n"))
		m = m.turn(1)
		fmt.Println(strings.Join(m.View(), "\n"))
		m = m.turn(-2).focused(onGroups)
		fmt.Println(strings.Join(m.View(), "\n"))
	}
}
