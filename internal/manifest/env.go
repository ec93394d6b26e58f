package manifest

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// secretVariable begins the names of variables that only bring a credential
// into a command.
const secretVariable = "DIORAMA_SECRET_"

// environment is that of one container. Values with credentials in them go to
// the service's Secret.
type environment struct {
	p         *pod
	path      []string // of the container, for positions
	variables []corev1.EnvVar
	holders   map[string]string // credential → the variable whose whole value it is
	extra     int
}

func newEnvironment(p *pod, path []string) *environment {
	return &environment{p: p, path: path, holders: map[string]string{}}
}

// add takes a Compose environment. A variable without a value is one that was
// not set where the file was loaded: Compose leaves it out, so do we.
func (e *environment) add(from types.MappingWithEquals) {
	for _, name := range slices.Sorted(maps.Keys(from)) {
		if from[name] == nil {
			continue
		}
		if len(validation.IsRelaxedEnvVarName(name)) > 0 {
			e.p.r.lose("Kubernetes takes no variable of that name", append(slices.Clone(e.path), "environment", name)...)
			continue
		}
		value := e.p.r.refs.rewrite(name, *from[name])
		if !e.p.r.secret(value) {
			e.variables = append(e.variables, corev1.EnvVar{Name: name, Value: escape(value)})
			continue
		}
		e.addSecret(name, value)
		if slices.Contains(e.p.r.in.Secrets, value) {
			if _, known := e.holders[value]; !known {
				e.holders[value] = name
			}
		}
	}
}

func (e *environment) addSecret(name, value string) {
	e.variables = append(e.variables, corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{
		SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: e.p.secretName()},
			Key:                  e.p.secretKey(name, value),
		},
	}})
}

// list is the environment, sorted by name.
func (e *environment) list() []corev1.EnvVar {
	return slices.SortedFunc(slices.Values(e.variables), func(a, b corev1.EnvVar) int { return cmp.Compare(a.Name, b.Name) })
}

// holder is a variable of the container whose value is the text.
func (e *environment) holder(text string) string {
	if name, ok := e.holders[text]; ok {
		return name
	}
	name := ""
	for taken := true; taken; e.extra++ {
		name = secretVariable + strconv.Itoa(e.extra)
		taken = slices.ContainsFunc(e.variables, func(v corev1.EnvVar) bool { return v.Name == name })
	}
	e.addSecret(name, text)
	e.holders[text] = name
	return name
}

// arguments are the words of a command; a credential in one becomes a
// reference to a variable, which Kubernetes fills in.
func (e *environment) arguments(words []string) []string {
	var list []string
	for _, word := range e.rewriteAll(words) {
		if !e.p.r.secret(word) {
			list = append(list, escape(word))
			continue
		}
		var b strings.Builder
		for _, piece := range e.p.r.split(word) {
			if slices.Contains(e.p.r.in.Secrets, piece) {
				b.WriteString("$(" + e.holder(piece) + ")")
			} else {
				b.WriteString(strings.ReplaceAll(piece, "$", "$$"))
			}
		}
		list = append(list, b.String())
	}
	return list
}

func (e *environment) rewriteAll(words []string) []string {
	list := make([]string, len(words))
	for i, word := range words {
		list[i] = e.p.r.refs.rewrite("", word)
	}
	return list
}

// shell runs a script in the container. Kubernetes fills no variables into
// probes and hooks, so a script with a credential in it comes from the
// environment as a whole.
func (e *environment) shell(script string) []string {
	if e.p.r.secret(script) {
		script = `eval "$` + e.holder(script) + `"`
	}
	return []string{"/bin/sh", "-c", script}
}

// exec runs a command in the container, through a shell only where it must.
func (e *environment) exec(words []string) []string {
	words = e.rewriteAll(words)
	if slices.ContainsFunc(words, e.p.r.secret) {
		return e.shell("exec " + quoteAll(words))
	}
	return words
}

// split cuts a text at the credentials in it, the longest first.
func (r *renderer) split(text string) []string {
	secrets := slices.DeleteFunc(slices.Clone(r.in.Secrets), func(s string) bool { return s == "" })
	slices.SortFunc(secrets, func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	for _, secret := range secrets {
		before, after, found := strings.Cut(text, secret)
		if !found {
			continue
		}
		return slices.Concat(r.split(before), []string{secret}, r.split(after))
	}
	if text == "" {
		return nil
	}
	return []string{text}
}

// escape keeps Kubernetes from reading a text as its own: in values and
// arguments $(NAME) is a reference and $$ is one dollar.
func escape(text string) string {
	if strings.Contains(text, "$(") || strings.Contains(text, "$$") {
		return strings.ReplaceAll(text, "$", "$$")
	}
	return text
}

// quote makes one word of a shell of any text.
func quote(word string) string {
	if word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func quoteAll(words []string) string {
	list := make([]string, len(words))
	for i, word := range words {
		list[i] = quote(word)
	}
	return strings.Join(list, " ")
}

func pairs(from types.MappingWithEquals) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(from)) {
		if from[name] != nil {
			list = append(list, name+"="+*from[name])
		}
	}
	return list
}

// secretName is what the service's own Secret is called; the dot keeps it
// apart from everything that is named after a service.
func (p *pod) secretName() string { return p.name + ".environment" }

// secretKey puts a value into the service's Secret.
func (p *pod) secretKey(name, value string) string {
	key := name
	if len(validation.IsConfigMapKey(key)) > 0 {
		key = "value-" + hash(name)[:8]
	}
	if there, ok := p.secrets[key]; ok && string(there) != value {
		key += "-" + hash(value)[:8]
	}
	p.secrets[key] = []byte(value)
	return key
}

func (p *pod) secretObject() *corev1.Secret {
	if len(p.secrets) == 0 {
		return nil
	}
	meta := p.meta(p.secretName())
	meta.Annotations = nil
	return &corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}, ObjectMeta: meta, Type: corev1.SecretTypeOpaque, Data: p.secrets,
	}
}
