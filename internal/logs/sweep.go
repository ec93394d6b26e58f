package logs

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// sweep does jobs on all processors and takes their results in the order of
// the jobs. It begins with one at a time and takes up more while nobody says
// that it is enough, so that what is found at once costs little.
type sweep struct {
	files *Files
	// take is given each job that is done and reports whether more are wanted.
	take func(*job) bool

	queue   []*job // in order; those after the first may be done already
	ahead   int    // how many may be begun before the first is taken
	jobs    chan *job
	workers sync.WaitGroup
	started int
	stopped atomic.Bool
}

func newSweep(f *Files, take func(*job) bool) *sweep {
	return &sweep{files: f, take: take, ahead: 1}
}

// do does a job, sooner or later. It reports false when no more are wanted.
func (s *sweep) do(ctx context.Context, j *job) (more bool, err error) {
	if err := ctx.Err(); err != nil {
		j.segment.close()
		return false, err
	}
	if s.ahead == 1 {
		u := s.files.unpacker()
		j.run(u)
		s.files.release(u)
		s.ahead = 2
		return s.taken(j)
	}
	s.start(j)
	if len(s.queue) < s.ahead {
		return true, nil
	}
	s.ahead = min(2*s.ahead, 2*runtime.GOMAXPROCS(0)+2)
	return s.takeFirst()
}

func (s *sweep) start(j *job) {
	if s.jobs == nil {
		s.jobs = make(chan *job, 4*runtime.GOMAXPROCS(0))
	}
	if s.started < runtime.GOMAXPROCS(0) {
		s.started++
		s.workers.Go(s.work)
	}
	j.done = make(chan struct{})
	s.queue = append(s.queue, j)
	s.jobs <- j
}

func (s *sweep) work() {
	u := s.files.unpacker()
	defer s.files.release(u)
	for j := range s.jobs {
		if !s.stopped.Load() {
			j.run(u)
		}
		close(j.done)
	}
}

func (s *sweep) takeFirst() (more bool, err error) {
	j := s.queue[0]
	s.queue = s.queue[1:]
	<-j.done
	return s.taken(j)
}

func (s *sweep) taken(j *job) (more bool, err error) {
	j.segment.close()
	if j.err != nil {
		return false, j.err
	}
	return s.take(j), nil
}

// rest takes what is left of the jobs that were begun.
func (s *sweep) rest(ctx context.Context) error {
	for len(s.queue) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		if more, err := s.takeFirst(); err != nil || !more {
			return err
		}
	}
	return nil
}

// end ends the sweep, whatever is still being done.
func (s *sweep) end() {
	s.stopped.Store(true)
	if s.jobs != nil {
		close(s.jobs)
	}
	s.workers.Wait()
	for _, j := range s.queue {
		j.segment.close()
	}
}
