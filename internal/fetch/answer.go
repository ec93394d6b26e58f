package fetch

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// answer reads where the body of a response begins in the file, and how long
// the file is; equal where all of it is there already.
func (t *transfer) answer(resp *http.Response, have int64) (from, total int64, err error) {
	switch resp.StatusCode {
	case http.StatusOK: // also of a server that knows no ranges, or has another version by now
		t.validator, t.pieced = validator(resp.Header), false
		return 0, resp.ContentLength, nil
	case http.StatusPartialContent:
		from, total, ok := contentRange(resp.Header)
		if !ok || from != have {
			return 0, 0, t.startAnew("the server sent another range than was asked for")
		}
		t.validator, t.pieced = validator(resp.Header), true
		return from, total, nil
	case http.StatusRequestedRangeNotSatisfiable:
		if _, total, ok := contentRange(resp.Header); ok && total == have {
			t.pieced = true
			return have, have, nil
		}
		return 0, 0, t.startAnew("the server has fewer bytes than are here")
	default:
		return 0, 0, t.refused(resp)
	}
}

// startAnew gives up what is there.
func (t *transfer) startAnew(why string) error {
	t.validator = ""
	if err := os.Truncate(t.part, 0); err != nil {
		return t.local(err)
	}
	return &interruption{errors.New(why)}
}

// refused types the answer of a server that sends no file. Those that speak of
// the moment may pass.
func (t *transfer) refused(resp *http.Response) error {
	answer := fmt.Errorf("the server answered %s", resp.Status)
	switch code := resp.StatusCode; {
	case code == http.StatusNotFound, code == http.StatusGone:
		return t.failed(NotFound, answer)
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code >= http.StatusInternalServerError:
		return &interruption{answer}
	default:
		return t.failed(Unreachable, answer)
	}
}

// validator is what names the version of a file for If-Range: a strong tag, or
// else the time of its last change.
func validator(h http.Header) string {
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		return tag
	}
	return h.Get("Last-Modified")
}

// contentRange reads "bytes 5-9/10" and "bytes */10": where the body begins,
// and how long the whole is, -1 where that is unknown.
func contentRange(h http.Header) (from, total int64, ok bool) {
	var to int64
	text := h.Get("Content-Range")
	if n, _ := fmt.Sscanf(text, "bytes %d-%d/%d", &from, &to, &total); n == 3 {
		return from, total, 0 <= from && from <= to && to < total
	}
	if n, _ := fmt.Sscanf(text, "bytes %d-%d/*", &from, &to); n == 2 {
		return from, -1, 0 <= from && from <= to
	}
	n, _ := fmt.Sscanf(text, "bytes */%d", &total)
	return 0, total, n == 1
}
