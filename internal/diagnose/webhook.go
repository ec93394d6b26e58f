package diagnose

import "regexp"

// webhook is an admission webhook that did not answer, and the Service behind it.
type webhook struct {
	name, server string // server is empty where the webhook is a URL outside
	cause        string
}

// webhookFailure is how the API server says that it could not call a webhook
// (k8s.io/apiserver/pkg/admission/plugin/webhook/errors); that the webhook
// refused is said otherwise.
var webhookFailure = regexp.MustCompile(`failed calling webhook "([^"]{1,253})": (?:failed to call webhook: )?(.*)`)

// webhookServer is the Service in the URL that was called: its name and
// namespace.
var webhookServer = regexp.MustCompile(`https://([a-z0-9-]{1,63})\.([a-z0-9-]{1,63})\.svc[:/]`)

// webhookCause is what is said after the URL.
var webhookCause = regexp.MustCompile(`^[A-Z][a-z]+ "[^"]*": (.*)$`)

// silentWebhook reads which webhook an error says could not be called.
func silentWebhook(message string) (webhook, bool) {
	match := webhookFailure.FindStringSubmatch(message)
	if match == nil {
		return webhook{}, false
	}
	w := webhook{name: clean(match[1]), cause: clean(match[2])}
	if server := webhookServer.FindStringSubmatch(match[2]); server != nil {
		w.server = clean(server[1])
	}
	if cause := webhookCause.FindStringSubmatch(match[2]); cause != nil {
		w.cause = clean(cause[1])
	}
	return w, true
}

func (w webhook) known() map[string]string {
	known := map[string]string{"webhook": w.name}
	if w.server != "" {
		known["server"] = w.server
	}
	return known
}

func (w webhook) summary(lead string) string {
	return lead + "the admission webhook " + w.name + " does not answer: " + w.cause
}
