package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func kafka(restarts int, state RunState) Container {
	return Container{Stack: "kafka", Service: "kafka", Pod: "kafka-0", Container: "kafka", UID: "u1", Restarts: restarts, State: state}
}

// following runs a test in fake time with a follower at work.
func following(t *testing.T, test func(t *testing.T, n *fakeNode, m *memory, f *Follower)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		n, m := newFakeNode(), newMemory()
		f := NewFollower(n, m, FollowOptions{})
		over := make(chan struct{})
		go func() { defer close(over); f.Run(ctx) }()
		test(t, n, m, f)
		cancel()
		<-over
		n.mu.Lock()
		defer n.mu.Unlock()
		if len(n.streams) != 0 {
			t.Errorf("%d streams are still open", len(n.streams))
		}
	})
}

// elapse lets fake time go by, and then everything come to rest.
func elapse(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func wantMessages(t *testing.T, m *memory, pod string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, m.messages(pod)); diff != "" {
		t.Fatalf("messages of %s (-want +got):\n%s", pod, diff)
	}
}

func TestFollowStoresWhatIsWritten(t *testing.T) {
	following(t, func(t *testing.T, n *fakeNode, m *memory, f *Follower) {
		n.start("kafka-0")
		n.write("kafka-0", noon, "[INFO] one")
		f.Set([]Container{kafka(0, Running)})
		synctest.Wait()
		n.write("kafka-0", noon.Add(1), "{\"level\":\"error\"}")
		synctest.Wait()
		want := []Line{
			{Time: noon, Stack: "kafka", Service: "kafka", Pod: "kafka-0", Container: "kafka", Level: LevelInfo, Message: "[INFO] one"},
			{Time: noon.Add(1), Stack: "kafka", Service: "kafka", Pod: "kafka-0", Container: "kafka", Level: LevelError, Message: "{\"level\":\"error\"}"},
		}
		if diff := cmp.Diff(want, m.lines); diff != "" {
			t.Fatalf("stored (-want +got):\n%s", diff)
		}
	})
}

func TestFollowWaitsForAContainerToStart(t *testing.T) {
	following(t, func(t *testing.T, n *fakeNode, m *memory, f *Follower) {
		f.Set([]Container{kafka(0, NotStarted)})
		elapse(time.Minute)
		if n.opened != 0 {
			t.Fatalf("%d streams were opened of a container that has not started", n.opened)
		}
		n.start("kafka-0")
		n.write("kafka-0", noon, "a")
		f.Set([]Container{kafka(0, Running)})
		synctest.Wait()
		wantMessages(t, m, "kafka-0", "a")
	})
}

func TestFollowGoesOnAfterABrokenStream(t *testing.T) {
	following(t, func(t *testing.T, n *fakeNode, m *memory, f *Follower) {
		n.start("kafka-0")
		n.write("kafka-0", noon, "a")
		n.write("kafka-0", noon.Add(time.Millisecond), "b")
		n.write("kafka-0", noon.Add(time.Millisecond), "c")
		f.Set([]Container{kafka(0, Running)})
		synctest.Wait()
		n.sever(io.ErrUnexpectedEOF)
		n.write("kafka-0", noon.Add(time.Millisecond), "d with the time of b and c")
		n.write("kafka-0", noon.Add(time.Microsecond), "e out of order")
		n.write("kafka-0", noon.Add(time.Hour), "f")
		elapse(10 * time.Second)
		wantMessages(t, m, "kafka-0", "a", "b", "c", "d with the time of b and c", "e out of order", "f")
	})
}

func TestFollowReadsThePreviousRunToItsEnd(t *testing.T) {
	for _, heard := range []bool{true, false} {
		t.Run(fmt.Sprintf("told of the restart first: %v", heard), func(t *testing.T) {
			following(t, func(t *testing.T, n *fakeNode, m *memory, f *Follower) {
				n.start("kafka-0")
				n.write("kafka-0", noon, "a")
				f.Set([]Container{kafka(0, Running)})
				synctest.Wait()
				n.refuse(errors.New("connection refused"))
				n.sever(io.ErrUnexpectedEOF)
				synctest.Wait()
				n.write("kafka-0", noon.Add(time.Second), "last words")
				n.end("kafka-0")
				n.start("kafka-0")
				n.write("kafka-0", noon.Add(2*time.Second), "again")
				if heard {
					f.Set([]Container{kafka(1, Running)})
				}
				synctest.Wait()
				n.refuse(nil)
				elapse(10 * time.Second)
				f.Set([]Container{kafka(1, Running)})
				elapse(10 * time.Second)
				wantMessages(t, m, "kafka-0", "a", "last words", "again")
			})
		})
	}
}

func TestFollowLeavesAnEndedContainerInPeace(t *testing.T) {
	following(t, func(t *testing.T, n *fakeNode, m *memory, f *Follower) {
		n.start("kafka-0")
		n.raw("kafka-0", noon.Format(time.RFC3339Nano)+" done without a line end")
		n.end("kafka-0")
		f.Set([]Container{kafka(0, Ended)})
		elapse(time.Hour)
		wantMessages(t, m, "kafka-0", "done without a line end")
		if n.opened > 2 {
			t.Errorf("an ended container was opened %d times", n.opened)
		}
		n.start("kafka-0")
		n.write("kafka-0", noon.Add(time.Hour), "again")
		f.Set([]Container{kafka(1, Running)})
		elapse(time.Minute)
		wantMessages(t, m, "kafka-0", "done without a line end", "again")
	})
}

func TestFollowKeepsNoHalfLine(t *testing.T) {
	following(t, func(t *testing.T, n *fakeNode, m *memory, f *Follower) {
		n.chunk = func() int { return 40 }
		n.start("kafka-0")
		n.write("kafka-0", noon, strings.Repeat("x", 60))
		f.Set([]Container{kafka(0, Running)})
		synctest.Wait()
		n.sever(io.EOF)
		elapse(10 * time.Second)
		wantMessages(t, m, "kafka-0", strings.Repeat("x", 60))
	})
}

func TestFollowSplitsLongLines(t *testing.T) {
	following(t, func(t *testing.T, n *fakeNode, m *memory, f *Follower) {
		long := strings.Repeat("绝", MaxMessage) // three pieces and a bit
		n.start("kafka-0")
		n.write("kafka-0", noon, long)
		n.write("kafka-0", noon.Add(1), "short")
		f.Set([]Container{kafka(0, Running)})
		synctest.Wait()
		n.sever(io.ErrUnexpectedEOF)
		elapse(10 * time.Second)
		got := m.messages("kafka-0")
		joined := strings.Join(got[:len(got)-1], "")
		if want := strings.ReplaceAll(joined, CutMark, ""); want != long {
			t.Errorf("the pieces do not make the line: %d bytes, want %d", len(want), len(long))
		}
		if len(got) < 4 || got[len(got)-1] != "short" {
			t.Errorf("%d pieces, the last %.20q", len(got), got[len(got)-1])
		}
		for i, piece := range got[:len(got)-1] {
			if len(piece) > MaxMessage+stampRoom+2*len(CutMark)+utf8.UTFMax {
				t.Errorf("piece %d has %d bytes", i, len(piece))
			}
			if strings.HasSuffix(piece, CutMark) != (i < len(got)-2) || strings.HasPrefix(piece, CutMark) != (i > 0) {
				t.Errorf("piece %d is not marked as one", i)
			}
		}
	})
}

func TestFollowWaitsForASlowSink(t *testing.T) {
	following(t, func(t *testing.T, n *fakeNode, m *memory, f *Follower) {
		var want []string
		m.refuse(errors.New("no space left on device"))
		n.start("kafka-0")
		for i := range 100 {
			n.write("kafka-0", noon.Add(time.Duration(i)), fmt.Sprint(i))
			want = append(want, fmt.Sprint(i))
		}
		f.Set([]Container{kafka(0, Running)})
		elapse(time.Minute)
		m.refuse(nil)
		elapse(time.Minute)
		wantMessages(t, m, "kafka-0", want...)
	})
}

func TestFollowDoesNotStoreWhatTheNodeSays(t *testing.T) {
	following(t, func(t *testing.T, n *fakeNode, m *memory, f *Follower) {
		n.start("kafka-0")
		n.raw("kafka-0", "unable to retrieve container logs for containerd://abc\n")
		n.write("kafka-0", noon, "a")
		f.Set([]Container{kafka(0, Running)})
		synctest.Wait()
		wantMessages(t, m, "kafka-0", "a")
	})
}

func TestFollowSurvivesAListThatWasEmptyForAMoment(t *testing.T) {
	following(t, func(t *testing.T, n *fakeNode, m *memory, f *Follower) {
		n.start("kafka-0")
		n.write("kafka-0", noon, "a")
		f.Set([]Container{kafka(0, Running)})
		synctest.Wait()
		f.Set(nil)
		elapse(time.Second)
		f.Set([]Container{kafka(0, Running)})
		synctest.Wait()
		n.write("kafka-0", noon.Add(1), "b")
		elapse(time.Minute)
		f.Set(nil)
		elapse(time.Minute) // beyond the grace: the stream is closed
		n.write("kafka-0", noon.Add(2), "c")
		f.Set([]Container{kafka(0, Running)})
		elapse(time.Minute)
		wantMessages(t, m, "kafka-0", "a", "b", "c")
	})
}

func TestFollowReadsLastWordsOfAPodThatIsDeleted(t *testing.T) {
	following(t, func(t *testing.T, n *fakeNode, m *memory, f *Follower) {
		n.start("kafka-0")
		f.Set([]Container{kafka(0, Running)})
		synctest.Wait()
		f.Set(nil)
		synctest.Wait()
		n.write("kafka-0", noon, "last words")
		n.end("kafka-0")
		synctest.Wait()
		wantMessages(t, m, "kafka-0", "last words")
		before := n.opened
		elapse(time.Hour)
		if n.opened != before {
			t.Errorf("a deleted Pod was asked %d times more", n.opened-before)
		}
	})
}

func TestFollowReportsEachTroubleOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		n := newFakeNode()
		n.refuse(errors.New("forbidden"))
		var reports []string
		f := NewFollower(n, newMemory(), FollowOptions{Report: func(_ Container, err error) { reports = append(reports, err.Error()) }})
		over := make(chan struct{})
		go func() { defer close(over); f.Run(ctx) }()
		f.Set([]Container{kafka(0, Running)})
		elapse(time.Minute)
		cancel()
		<-over
		if diff := cmp.Diff([]string{"read the log of kafka-0/kafka: forbidden"}, reports); diff != "" {
			t.Errorf("reports (-want +got):\n%s", diff)
		}
	})
}

// TestFollowUnderTrouble writes from three containers while streams break in
// the middle of lines, containers start again and the disk is full now and
// then: every line is stored once, in order.
func TestFollowUnderTrouble(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			following(t, func(t *testing.T, n *fakeNode, m *memory, f *Follower) {
				random := rand.New(rand.NewPCG(seed, 1))
				chunks := rand.New(rand.NewPCG(seed, 2))
				n.chunk = func() int { return 1 + chunks.IntN(100) }
				m.random = rand.New(rand.NewPCG(seed, 3))
				trouble(t, random, n, m, f)
			})
		})
	}
}

func trouble(t *testing.T, random *rand.Rand, n *fakeNode, m *memory, f *Follower) {
	t.Helper()
	now, want := noon, make(map[string][]string)
	cs := make([]Container, 3)
	for i := range cs {
		pod := fmt.Sprintf("pod-%d", i)
		cs[i] = Container{Service: "s", Pod: pod, Container: "c", UID: pod, State: Running}
		n.start(pod)
	}
	f.Set(cs)
	for i := range 600 {
		c := &cs[random.IntN(len(cs))]
		switch random.IntN(12) {
		case 0:
			n.sever([]error{io.EOF, io.ErrUnexpectedEOF}[random.IntN(2)])
		case 1:
			n.end(c.Pod)
			n.start(c.Pod)
			now = now.Add(time.Second)
			if random.IntN(2) == 0 {
				elapse(time.Duration(random.IntN(3000)) * time.Millisecond)
			}
			c.Restarts++
			f.Set(cs)
			elapse(20 * time.Second) // long enough to read the previous run before the next restart
		case 2:
			elapse(time.Duration(random.IntN(2000)) * time.Millisecond)
		default:
			// a little out of order, and now and then at the very same time
			written := now.Add(-time.Duration(random.IntN(3)) * 5 * time.Millisecond)
			message := fmt.Sprintf("%d %s", i, strings.Repeat("x", random.IntN(200)))
			n.write(c.Pod, written, message)
			want[c.Pod] = append(want[c.Pod], message)
		}
		now = now.Add(time.Duration(random.IntN(2)) * time.Millisecond)
	}
	elapse(time.Minute)
	for _, c := range cs {
		wantMessages(t, m, c.Pod, want[c.Pod]...)
	}
}
