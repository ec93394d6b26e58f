package image

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/distribution/reference"
	"go.yaml.in/yaml/v3"
)

// Substitution says which image stands in for which, for mirrors, private
// registries and rooms without a network. The zero value substitutes nothing.
type Substitution struct {
	rules map[string]target // by repository or prefix of one, normalised
}

// target is what a rule puts in the prefix's place.
type target struct {
	repository string // normalised
	tag        string // empty: tag and digest of the reference stay
	digest     string
}

// LoadSubstitution reads a substitution file.
func LoadSubstitution(path string) (Substitution, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Substitution{}, fmt.Errorf("read image substitutions: %w; name an existing file with --images or DIORAMA_IMAGES", err)
	}
	return ParseSubstitution(path, data)
}

// ParseSubstitution reads a YAML mapping of repositories to what stands in for
// them. The file's name is for errors, which name line and column too; all
// that is wrong is reported at once.
func ParseSubstitution(file string, data []byte) (Substitution, error) {
	var root yaml.Node
	decoder := yaml.NewDecoder(strings.NewReader(string(data)))
	switch err := decoder.Decode(&root); {
	case errors.Is(err, io.EOF):
		return Substitution{}, nil
	case err != nil:
		return Substitution{}, fmt.Errorf("%s: %w; expected lines such as docker.io/library/redis: registry.example.com/redis", file, err)
	}
	body := &root
	if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
		body = root.Content[0]
	}
	if body.Kind == yaml.ScalarNode && body.Tag == "!!null" {
		return Substitution{}, nil
	}
	if body.Kind != yaml.MappingNode {
		return Substitution{}, at(file, body, errors.New("expected a mapping of repositories to what stands in for them"))
	}
	return rulesOf(file, body)
}

func rulesOf(file string, body *yaml.Node) (Substitution, error) {
	out := Substitution{rules: make(map[string]target, len(body.Content)/2)}
	var problems []error
	for i := 0; i+1 < len(body.Content); i += 2 {
		key, value := body.Content[i], body.Content[i+1]
		from, err := prefix(key)
		if err != nil {
			problems = append(problems, at(file, key, err))
			continue
		}
		if _, taken := out.rules[from]; taken {
			problems = append(problems, at(file, key, fmt.Errorf("%s is there twice; keep one", from)))
			continue
		}
		to, err := replacement(value)
		if err != nil {
			problems = append(problems, at(file, value, err))
			continue
		}
		out.rules[from] = to
		if group, ok := hubGroup(key.Value); ok {
			out.rules[group] = to
		}
	}
	if len(problems) > 0 {
		return Substitution{}, errors.Join(problems...)
	}
	return out, nil
}

func at(file string, node *yaml.Node, err error) error {
	return fmt.Errorf("%s:%d:%d: %w", file, node.Line, node.Column, err)
}

// prefix reads the left side of a rule: a repository, or the first components
// of one. A lone registry such as "quay.io" is a prefix of all it holds.
func prefix(node *yaml.Node) (string, error) {
	text, err := scalar(node)
	if err != nil {
		return "", err
	}
	if name, ok := loneRegistry(text); ok {
		return name, nil
	}
	text = strings.TrimRight(text, "/")
	named, err := reference.ParseNormalizedNamed(text)
	if err != nil {
		return "", fmt.Errorf("%q: %w; expected a repository such as docker.io/library/redis", text, err)
	}
	if !reference.IsNameOnly(named) {
		return "", fmt.Errorf("%q has a tag or a digest; rules are by repository: %s", text, reference.TrimNamed(named))
	}
	return named.Name(), nil
}

// hubGroup is the second meaning of a prefix such as "docker.io/grafana": it
// is the official image of that name, "docker.io/library/grafana", and all
// that the group grafana has.
func hubGroup(text string) (string, bool) {
	group, found := strings.CutPrefix(strings.TrimSpace(text), "docker.io/")
	group = strings.TrimRight(group, "/")
	return "docker.io/" + group, found && group != "" && !strings.Contains(group, "/")
}

// loneRegistry tells a lone registry from a lone repository: "quay.io",
// "localhost:5000" and, with a slash to say so, "mirror:5000/" are registries;
// "redis" and "redis:8.10" are repositories.
func loneRegistry(text string) (string, bool) {
	name := strings.TrimRight(text, "/")
	host, _, _ := strings.Cut(name, ":")
	if strings.Contains(name, "/") {
		return "", false
	}
	if host != "localhost" && !strings.Contains(host, ".") && name == text {
		return "", false
	}
	_, err := reference.ParseNormalizedNamed(name + "/x")
	return name, err == nil && (host == "localhost" || strings.ContainsAny(name, ".:"))
}

func replacement(node *yaml.Node) (target, error) {
	text, err := scalar(node)
	if err != nil {
		return target{}, err
	}
	if name, ok := loneRegistry(text); ok {
		return target{repository: name}, nil
	}
	text = strings.TrimRight(text, "/")
	named, err := reference.ParseNormalizedNamed(text)
	if err != nil {
		return target{}, fmt.Errorf("%q: %w; expected what stands in, such as registry.example.com/redis or lab/redis:dev", text, err)
	}
	out := target{repository: named.Name()}
	if tagged, ok := named.(reference.Tagged); ok {
		out.tag = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		out.digest = digested.Digest().String()
	}
	return out, nil
}

func scalar(node *yaml.Node) (string, error) {
	if node.Kind != yaml.ScalarNode || strings.TrimSpace(node.Value) == "" || node.Tag == "!!null" {
		return "", errors.New("expected an image repository, as text")
	}
	return strings.TrimSpace(node.Value), nil
}

// Apply is the image to use where ref is asked for, normalised. The rule with
// the longest prefix wins, counted in whole path components; what follows the
// prefix is kept. A target with a tag or digest replaces those of ref, one
// without keeps them.
func (s Substitution) Apply(ref string) (string, error) {
	parsed, err := Parse(ref)
	if err != nil {
		return "", err
	}
	repository := parsed.Repository()
	for prefix := repository; prefix != ""; prefix = parent(prefix) {
		to, found := s.rules[prefix]
		if !found {
			continue
		}
		return to.apply(parsed, repository[len(prefix):])
	}
	return parsed.String(), nil
}

func (t target) apply(ref Reference, rest string) (string, error) {
	text := t.repository + rest
	if t.tag == "" && t.digest == "" {
		t.tag, t.digest = ref.Tag, ref.Digest
	}
	if t.tag != "" {
		text += ":" + t.tag
	}
	if t.digest != "" {
		text += "@" + t.digest
	}
	out, err := Normalise(text)
	if err != nil {
		return "", fmt.Errorf("substitute %s: %w", ref, err)
	}
	return out, nil
}

// parent is the prefix without its last path component; empty at the end.
func parent(prefix string) string {
	cut := strings.LastIndexByte(prefix, '/')
	return prefix[:max(cut, 0)]
}
