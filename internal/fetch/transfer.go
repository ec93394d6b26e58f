package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"time"
)

const (
	// partExtension is that of a file which is not whole yet.
	partExtension = ".part"
	// attempts is how often in a row a connection may bring nothing new.
	attempts = 5
	// backOff is the first pause between two attempts; each is twice the last.
	backOff = 250 * time.Millisecond
	// stalled is how long a server may be silent.
	stalled = 30 * time.Second
)

// transfer is one file on its way. It goes on with what its part holds, over
// as many connections as it takes.
type transfer struct {
	client   *http.Client
	url      string
	part     string
	limit    int64
	progress Progress

	validator string // what the server calls the version that the part is of
	pieced    bool   // the part's bytes are of more than one answer
	most      int64  // how far it ever came
}

// interruption is an error that another attempt may not meet.
type interruption struct{ err error }

func (i *interruption) Error() string { return i.err.Error() }
func (i *interruption) Unwrap() error { return i.err }

// run fetches the file. Only attempts that bring nothing new count, so that a
// large file comes through a poor network, but no server can hold it for ever.
func (t *transfer) run(ctx context.Context) error {
	for vain := 0; ; {
		most := t.most
		err := t.attempt(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("fetch %s: %w", redacted(t.url), context.Cause(ctx))
		}
		broken, ok := errors.AsType[*interruption](err)
		if !ok {
			return err
		}
		if vain++; t.most > most {
			vain = 1
		}
		if vain == attempts {
			return t.failed(Unreachable, broken.err)
		}
		if err := pause(ctx, backOff<<(vain-1)); err != nil {
			return fmt.Errorf("fetch %s: %w after %w", redacted(t.url), err, broken.err)
		}
	}
}

// attempt fetches what is missing over one connection.
func (t *transfer) attempt(ctx context.Context) error {
	file, err := os.OpenFile(t.part, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return t.local(err)
	}
	defer file.Close()
	have, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return t.local(err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(stalled, func() { cancel(fmt.Errorf("nothing came for %s", stalled)) })
	defer silence.Stop()

	resp, err := t.ask(ctx, have)
	if err != nil {
		return interrupted(ctx, err)
	}
	defer resp.Body.Close()
	from, total, err := t.answer(resp, have)
	if err != nil || (from == have && from == total) {
		return err
	}
	body := readerFunc(func(p []byte) (int, error) {
		silence.Reset(stalled)
		defer silence.Stop() // a slow disk is not the server's
		return resp.Body.Read(p)
	})
	return t.write(ctx, file, body, from, total)
}

// ask requests what comes after the bytes that are there.
func (t *transfer) ask(ctx context.Context, have int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "identity") // sums and ranges are of the file itself
	req.Header.Set("User-Agent", "diorama")
	if have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
		if t.validator != "" {
			req.Header.Set("If-Range", t.validator)
		}
	}
	return t.client.Do(req)
}

// write appends the body to the part, behind the bytes that the server left out.
func (t *transfer) write(ctx context.Context, file *os.File, body io.Reader, from, total int64) error {
	if total > t.limit {
		return t.failed(BadArchive, fmt.Errorf("it has %d bytes, more than %d", total, t.limit))
	}
	if err := cut(file, from); err != nil {
		return t.local(err)
	}
	done, err := t.copy(file, body, from, total)
	if _, ours := errors.AsType[*fs.PathError](err); ours {
		return t.local(err)
	}
	if _, typed := errors.AsType[*Error](err); typed {
		return errors.Join(err, remove(t.part))
	}
	if err == nil && done < total {
		err = io.ErrUnexpectedEOF // a server may send less of a range than was asked for
	}
	if err != nil {
		return interrupted(ctx, err)
	}
	if err := file.Sync(); err != nil {
		return t.local(err)
	}
	return file.Close()
}

// copy copies the body, counts it and tells of it.
func (t *transfer) copy(file io.Writer, body io.Reader, from, total int64) (done int64, err error) {
	done = from
	tell := func(n int) {
		done += int64(n)
		t.most = max(t.most, done)
		if t.progress != nil {
			t.progress(done, total)
		}
	}
	tell(0)
	_, err = io.Copy(file, readerFunc(func(p []byte) (int, error) {
		n, err := body.Read(p)
		tell(n)
		if done > t.limit {
			return 0, t.failed(BadArchive, fmt.Errorf("it has more than %d bytes", t.limit))
		}
		return n, err
	}))
	return done, err
}

// cut leaves the first bytes of a file and is ready to write behind them.
func cut(file *os.File, length int64) error {
	at, err := file.Seek(0, io.SeekEnd)
	if err != nil || at == length {
		return err
	}
	if err := file.Truncate(length); err != nil {
		return err
	}
	_, err = file.Seek(length, io.SeekStart)
	return err
}

// local is the error of a file of ours. On a full disk nothing half-made is
// left to fill it.
func (t *transfer) local(err error) error {
	if full(err) {
		return errors.Join(t.failed(NoSpace, err), remove(t.part))
	}
	return fmt.Errorf("fetch %s: %w", redacted(t.url), err)
}

func (t *transfer) failed(problem Problem, err error) error {
	return failed(t.url, problem, t.part[:len(t.part)-len(partExtension)], err)
}

// interrupted says why a connection ended: for its context's reason, where it
// has one.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return &interruption{err}
}

// pause waits, and no longer than its context lives.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// readerFunc is a function that reads.
type readerFunc func(p []byte) (int, error)

// Read calls the function.
func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// until reads from r until ctx ends.
func until(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		return r.Read(p)
	})
}
