// Command trouble makes trouble for recordings: a registry that refuses in
// all the ways that registries do, and a program that uses up a limit. It is
// built by the recorder alone.
package main

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: trouble registry ADDRESS | inotify")
		os.Exit(2)
	}
	switch os.Args[1] {
	case "registry":
		fmt.Fprintln(os.Stderr, http.ListenAndServe(os.Args[2], http.HandlerFunc(refuse)))
	case "inotify":
		for {
			if _, err := syscall.InotifyInit1(0); err != nil {
				fmt.Fprintln(os.Stderr, "cannot watch configuration: inotify_init1:", err)
				break
			}
		}
	}
	os.Exit(1)
}

// refuse answers as registries do (opencontainers/distribution-spec, and
// docs.docker.com on Docker Hub's pull limit).
func refuse(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case path == "/token":
		fmt.Fprint(w, `{"token":"anonymous"}`)
	case strings.Contains(path, "/private/"):
		w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host+
			`/token",service="registry",scope="repository:team/private:pull",error="insufficient_scope"`)
		fail(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
	case strings.Contains(path, "/popular/"):
		fail(w, http.StatusTooManyRequests, "TOOMANYREQUESTS",
			"You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit")
	case strings.Contains(path, "/foreign/"):
		index(w)
	case path == "/v2/":
		fmt.Fprint(w, "{}")
	default:
		fail(w, http.StatusNotFound, "MANIFEST_UNKNOWN", "manifest unknown")
	}
}

func fail(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, code, message)
}

// index is an image that exists for one rare platform only.
func index(w http.ResponseWriter) {
	body := []byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{` +
		`"mediaType":"application/vnd.oci.image.manifest.v1+json","size":2,"digest":"sha256:` + strings.Repeat("0", 64) +
		`","platform":{"os":"linux","architecture":"s390x"}}]}`)
	w.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json")
	w.Header().Set("Docker-Content-Digest", fmt.Sprintf("sha256:%x", sha256.Sum256(body)))
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	_, _ = w.Write(body)
}
