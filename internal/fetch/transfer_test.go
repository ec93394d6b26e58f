package fetch

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// answered is a response without a server.
func answered(status int, body io.Reader, length int64) *http.Response {
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Header: http.Header{},
		Body: io.NopCloser(body), ContentLength: length,
	}
}

// over runs a transfer over these answers, the last one again and again, and
// tells when each was asked for.
func over(ctx context.Context, t *testing.T, answers ...func(*http.Request) (*http.Response, error)) (asked []time.Duration, err error) {
	t.Helper()
	start := time.Now()
	client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		asked = append(asked, time.Since(start))
		return answers[min(len(asked), len(answers))-1](r)
	})}
	part := filepath.Join(t.TempDir(), "file"+partExtension)
	transferred := transfer{client: client, url: "http://maven.invalid/file", part: part, limit: 1000}
	err = transferred.run(ctx)
	return asked, err
}

func status(code int) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		return answered(code, strings.NewReader("no"), 2), nil
	}
}

func hello(*http.Request) (*http.Response, error) {
	return answered(http.StatusOK, strings.NewReader("hello"), 5), nil
}

func down(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }

func TestTransferTriesAgain(t *testing.T) {
	const ms = time.Millisecond
	for name, test := range map[string]struct {
		answers []func(*http.Request) (*http.Response, error)
		asked   []time.Duration
		problem Problem
	}{
		"a server that comes back":       {[]func(*http.Request) (*http.Response, error){down, status(503), hello}, []time.Duration{0, 250 * ms, 750 * ms}, ""},
		"a server that is busy":          {[]func(*http.Request) (*http.Response, error){status(429), hello}, []time.Duration{0, 250 * ms}, ""},
		"a server that stays away":       {[]func(*http.Request) (*http.Response, error){down}, []time.Duration{0, 250 * ms, 750 * ms, 1750 * ms, 3750 * ms}, Unreachable},
		"a server that forbids":          {[]func(*http.Request) (*http.Response, error){status(403)}, []time.Duration{0}, Unreachable},
		"a server that has it no more":   {[]func(*http.Request) (*http.Response, error){status(410)}, []time.Duration{0}, NotFound},
		"a server without sense":         {[]func(*http.Request) (*http.Response, error){status(416)}, []time.Duration{0, 250 * ms, 750 * ms, 1750 * ms, 3750 * ms}, Unreachable},
		"a server that falls silent":     {[]func(*http.Request) (*http.Response, error){silent, hello}, []time.Duration{0, 30_250 * ms}, ""},
		"a server that never answers":    {[]func(*http.Request) (*http.Response, error){mute, hello}, []time.Duration{0, 30_250 * ms}, ""},
		"a file that is too long":        {[]func(*http.Request) (*http.Response, error){endless(1001)}, []time.Duration{0}, BadArchive},
		"a file that never ends":         {[]func(*http.Request) (*http.Response, error){endless(-1)}, []time.Duration{0}, BadArchive},
		"less of a range than asked for": {[]func(*http.Request) (*http.Response, error){piecemeal}, []time.Duration{0, 250 * ms, 500 * ms, 750 * ms, 1000 * ms, 1250 * ms, 1500 * ms}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked, err := over(t.Context(), t, test.answers...)
				typed, _ := errors.AsType[*Error](err)
				if (err != nil) != (test.problem != "") || (typed != nil && typed.Problem != test.problem) {
					t.Fatalf("got %v", err)
				}
				if len(asked) != len(test.asked) {
					t.Fatalf("asked at %v, want %v", asked, test.asked)
				}
				for i := range asked {
					if asked[i] != test.asked[i] {
						t.Errorf("asked at %v, want %v", asked, test.asked)
					}
				}
			})
		})
	}
}

// silent begins and then says nothing more until it is left.
func silent(r *http.Request) (*http.Response, error) {
	body, w := io.Pipe()
	go func() {
		_, _ = w.Write([]byte("hel"))
		<-r.Context().Done()
		w.CloseWithError(context.Cause(r.Context()))
	}()
	return answered(http.StatusOK, body, 5), nil
}

func mute(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
}

func endless(length int64) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		return answered(http.StatusOK, strings.NewReader(strings.Repeat("x", 1<<20)), length), nil
	}
}

// piecemeal sends one byte of a range, which a server may.
func piecemeal(r *http.Request) (*http.Response, error) {
	const text = "seventy"
	from := strings.TrimSuffix(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-")
	if from == "" {
		resp := answered(http.StatusOK, strings.NewReader(text[:1]), 7)
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(text[:1]), errorReader{io.ErrUnexpectedEOF}))
		return resp, nil
	}
	at := int(from[0] - '0')
	resp := answered(http.StatusPartialContent, strings.NewReader(text[at:at+1]), 1)
	resp.Header.Set("Content-Range", "bytes "+from+"-"+from+"/7")
	return resp, nil
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

func TestTransferEndsWithItsContext(t *testing.T) {
	why := errors.New("enough")
	for name, answer := range map[string]func(*http.Request) (*http.Response, error){
		"while it waits for an answer":       mute,
		"while it reads":                     silent,
		"while it waits for another attempt": down,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(600*time.Millisecond, func() { cancel(why) })
				start := time.Now()
				_, err := over(ctx, t, answer)
				if !errors.Is(err, why) || time.Since(start) != 600*time.Millisecond {
					t.Errorf("got %v after %s", err, time.Since(start))
				}
			})
		})
	}
}

func TestLockEndsWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held, err := lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	why := errors.New("enough")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 30*time.Millisecond, why)
	defer cancel()
	if _, err := lock(ctx, path); !errors.Is(err, why) || !strings.Contains(err.Error(), "another process") {
		t.Errorf("got %v", err)
	}
	held.Close()
	again, err := lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

func TestContentRange(t *testing.T) {
	for text, want := range map[string]struct {
		from, total int64
		ok          bool
	}{
		"bytes 5-9/10":                    {5, 10, true},
		"bytes 5-9/*":                     {5, -1, true},
		"bytes */10":                      {0, 10, true},
		"bytes 9-5/10":                    {9, 10, false},
		"bytes 5-10/10":                   {5, 10, false},
		"":                                {0, 0, false},
		"bytes 99999999999999999999-1/10": {0, 0, false},
	} {
		from, total, ok := contentRange(http.Header{"Content-Range": {text}})
		if from != want.from && want.ok || total != want.total && want.ok || ok != want.ok {
			t.Errorf("%q: %d %d %v", text, from, total, ok)
		}
	}
}

func TestValidatorIsStrong(t *testing.T) {
	const changed = "Wed, 26 Aug 2026 11:56:00 GMT"
	for want, h := range map[string]http.Header{
		`"a"`:   {"Etag": {`"a"`}, "Last-Modified": {changed}},
		changed: {"Etag": {`W/"a"`}, "Last-Modified": {changed}},
		"":      {},
	} {
		if got := validator(h); got != want {
			t.Errorf("%v: %q", h, got)
		}
	}
}
