package image

import (
	"strings"
	"testing"
)

// Messages as Docker 20.10 to 28, containerd and the registries write them.
func TestClassify(t *testing.T) {
	for message, want := range map[string]Problem{
		`manifest for redis:99 not found: manifest unknown: manifest unknown`:                                                                      NotFound,
		`pull access denied for nope, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`: NotFound,
		`docker.io/library/redis:99: not found`: NotFound,
		`rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/redis:99": failed to resolve reference "docker.io/library/redis:99": not found`: NotFound,
		`toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit`:                                                  RateLimited,
		`failed to resolve reference: unexpected status from HEAD request to https://registry-1.docker.io/v2/library/redis/manifests/8: 429 Too Many Requests`:                RateLimited,
		`Head "https://ghcr.io/v2/a/b/manifests/1": unauthorized`:                                                                                                             Unauthorised,
		`Get "https://registry.example.com/v2/": no basic auth credentials`:                                                                                                   Unauthorised,
		`failed to authorize: failed to fetch anonymous token: unexpected status from GET request: 403 Forbidden`:                                                             Unauthorised,
		`Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host`:                                                                         Unreachable,
		`Get "https://registry-1.docker.io/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)`:                    Unreachable,
		`Get "https://registry.example.com/v2/": x509: certificate signed by unknown authority`:                                                                               Unreachable,
		`no matching manifest for linux/arm64/v8 in the manifest list entries`:                                                                                                WrongArchitecture,
		`image with reference redis:8 was found but does not match the specified platform: wanted linux/arm64, actual: linux/amd64`:                                           WrongArchitecture,
		`write /var/lib/docker/tmp/GetImageBlob1: no space left on device`:                                                                                                    NoSpace,
		`failed to register layer: Error processing tar file(exit status 1): write /usr/lib/x: no space left on device`:                                                       NoSpace,
		`something quite new`: Unclassified,
	} {
		if got := Classify(message); got != want {
			t.Errorf("%q is %q, want %q", message, got, want)
		}
	}
}

func TestErrorsEndInRemedies(t *testing.T) {
	for _, problem := range []Problem{NotFound, Unauthorised, RateLimited, Unreachable, WrongArchitecture, DigestMismatch, Offline, NoSpace, Unclassified} {
		err := &Error{Ref: "ghcr.io/a/b:1", Problem: problem, Detail: "seen"}
		text := err.Error()
		if !strings.HasSuffix(text, err.Remedy()) || !strings.Contains(text, "ghcr.io/a/b:1") || !strings.Contains(text, "seen") || err.Remedy() == "" {
			t.Errorf("%s: %s", problem, text)
		}
	}
	if got := (&Error{Ref: "ghcr.io/a/b:1", Problem: Unauthorised}).Remedy(); !strings.Contains(got, "docker login ghcr.io") {
		t.Errorf("the remedy is %q, want the registry in it", got)
	}
}
