package diagnose

import "testing"

func TestSilentWebhook(t *testing.T) {
	for message, want := range map[string]webhook{
		`Error creating: Internal error occurred: failed calling webhook "object.sidecar-injector.istio.io": failed to call webhook: Post "https://istiod.istio-system.svc:443/inject?timeout=10s": service "istiod" not found`: {
			name: "object.sidecar-injector.istio.io", server: "istiod", cause: `service "istiod" not found`,
		},
		`Internal error occurred: failed calling webhook "validation.istio.io": failed to call webhook: Post "https://istiod.istio-system.svc:443/validate?timeout=10s": no endpoints available for service "istiod"`: {
			name: "validation.istio.io", server: "istiod", cause: `no endpoints available for service "istiod"`,
		},
		`Internal error occurred: failed calling webhook "policy.example.com": failed to call webhook: Post "https://policy.example.com/check?timeout=10s": dial tcp: lookup policy.example.com: no such host`: {
			name: "policy.example.com", cause: "dial tcp: lookup policy.example.com: no such host",
		},
		`Internal error occurred: failed calling webhook "old": an error on the server`: {name: "old", cause: "an error on the server"},
	} {
		if got, silent := silentWebhook(message); !silent || got != want {
			t.Errorf("%s: got %+v", message, got)
		}
	}
	for _, answered := range []string{
		`admission webhook "validation.istio.io" denied the request: configuration is invalid`,
		`exceeded quota: none, requested: pods=1`,
	} {
		if got, silent := silentWebhook(answered); silent {
			t.Errorf("%s: got %+v", answered, got)
		}
	}
}

func TestPodsThatASilentWebhookRefuses(t *testing.T) {
	o := load(t, "pods-refused")
	for i := range o.Events {
		if o.Events[i].Reason == "FailedCreate" {
			o.Events[i].Message = `Error creating: Internal error occurred: failed calling webhook "object.sidecar-injector.istio.io": ` +
				`failed to call webhook: Post "https://istiod.istio-system.svc:443/inject?timeout=10s": service "istiod" not found`
		}
	}
	findings := Explain(o)
	if len(findings) != 1 || findings[0].ID != "webhook-silent" {
		t.Fatalf("findings %+v", findings)
	}
	want := `its Pods are refused: the admission webhook object.sidecar-injector.istio.io does not answer: service "istiod" not found` +
		" · try: where istiod is to be there: diorama explain istiod, then run up again"
	if findings[0].Summary != want {
		t.Errorf("summary %q\nwant    %q", findings[0].Summary, want)
	}
}
