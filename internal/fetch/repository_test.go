package fetch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// repository is a server of one file, which misbehaves as a test wants it to.
type repository struct {
	mu       sync.Mutex
	content  []byte
	checksum string // what it says the sum is; the right one where it is empty
	missing  string // the ending of what it does not have
	cut      []int  // how many bytes the next answers have before they break
	next     []byte // what it serves after the first of these
	plain    bool   // knows no ranges
	nameless bool   // names no versions
	asked    []string
	// held keeps back the second half of what it serves until it is closed.
	held <-chan struct{}
}

func (r *repository) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, strings.TrimSpace(filepath.Base(req.URL.Path)+" "+req.Header.Get("Range")))
	switch {
	case r.missing != "" && strings.HasSuffix(req.URL.Path, r.missing):
		http.NotFound(w, req)
	case strings.HasSuffix(req.URL.Path, checksumExtension):
		fmt.Fprint(w, r.sum())
	default:
		r.serve(w, req)
	}
}

func (r *repository) serve(w http.ResponseWriter, req *http.Request) {
	content := r.content
	if len(r.cut) > 0 {
		w = &cutting{w, r.cut[0]}
		r.cut = r.cut[1:]
		if r.next != nil {
			r.content = r.next
		}
	}
	if r.held != nil {
		w = &holding{w, len(content) / 2, r.held}
	}
	if !r.nameless {
		w.Header().Set("ETag", `"`+sumOf(content)+`"`)
	}
	if r.plain {
		req.Header.Del("Range")
	}
	http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(content))
}

func (r *repository) sum() string {
	if r.checksum != "" {
		return r.checksum
	}
	return sumOf(r.content)
}

func (r *repository) requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.asked...)
}

// cutting breaks the connection after some bytes.
type cutting struct {
	http.ResponseWriter
	left int
}

func (c *cutting) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p[:min(len(p), c.left)])
	if c.left -= n; c.left == 0 && err == nil {
		c.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, err
}

// holding keeps back what comes after some bytes.
type holding struct {
	http.ResponseWriter
	left int
	held <-chan struct{}
}

func (h *holding) Write(p []byte) (int, error) {
	first := min(len(p), h.left)
	n, err := h.ResponseWriter.Write(p[:first])
	h.left -= n
	if err != nil || h.left > 0 || first == len(p) {
		return n, err
	}
	h.ResponseWriter.(http.Flusher).Flush()
	<-h.held
	more, err := h.ResponseWriter.Write(p[first:])
	return n + more, err
}

func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// serve starts the server and returns its file, whose sum it has to be asked
// for.
func serve(t *testing.T, r *repository) Archive {
	t.Helper()
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	address := server.URL + "/maven/release.jar"
	return Archive{URL: address, Checksum: address + checksumExtension}
}

func write(tb testing.TB, path string, content []byte) {
	tb.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		tb.Fatal(err)
	}
}
