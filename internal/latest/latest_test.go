package latest_test

import (
	"testing"
	"testing/synctest"

	"github.com/diorama-dev/diorama/internal/latest"
)

func TestRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := latest.Relay(func(see func(int)) {
			for i := range 100 {
				see(i)
			}
		})
		synctest.Wait()
		if got := <-out; got != 99 {
			t.Errorf("the reader got %d, the newest is 99", got)
		}
		if _, open := <-out; open {
			t.Error("the channel stays open after its source has ended")
		}
	})
}
