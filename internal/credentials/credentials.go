// Package credentials owns an environment's secrets: they are made once, kept
// in a file that only the user can read, and shown by no printing of a [Set].
// [Redact] takes them out of what others say that were given them.
package credentials

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/stacks"
)

// hidden stands in for a secret.
const hidden = "•••"

// alphabet needs no escaping in a URL, a shell or a configuration file.
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// Set is the secrets of an environment, by stack instance and name. Its
// printed form, by whatever verb, shows names and no values. The zero value
// has no secrets; a Set is not changed by its methods.
type Set struct {
	values map[string]map[string]string
}

// Of is what the instance's variables are: name to secret. It is a copy.
func (s Set) Of(instance string) map[string]string { return maps.Clone(s.values[instance]) }

// Need is a stack instance and what it wants.
type Need struct {
	Instance    string
	Credentials map[string]stacks.Credential
	// Fixed are those that the profile gives; they win.
	Fixed map[string]string
}

// Fill is the set with everything that is needed: fixed secrets as given, what
// it has already as it is, and what is missing made from random (nil:
// crypto/rand). Nothing is taken away: an instance that has left the profile
// finds its secrets when it comes back, and a database whose profile no longer
// fixes the password goes on with the one that it was made with. Changed
// reports whether there is something new to save.
func (s Set) Fill(needs []Need, random io.Reader) (filled Set, changed bool, err error) {
	values := make(map[string]map[string]string, len(s.values)+len(needs))
	for instance, secrets := range s.values {
		values[instance] = maps.Clone(secrets)
	}
	for _, need := range needs {
		if values[need.Instance] == nil {
			values[need.Instance] = map[string]string{}
		}
		secrets := values[need.Instance]
		for _, name := range slices.Sorted(maps.Keys(need.Fixed)) {
			changed = changed || secrets[name] != need.Fixed[name]
			secrets[name] = need.Fixed[name]
		}
		for _, name := range slices.Sorted(maps.Keys(need.Credentials)) {
			if _, ok := secrets[name]; ok {
				continue
			}
			if secrets[name], err = generate(need.Credentials[name].Generate, random); err != nil {
				return Set{}, false, fmt.Errorf("make the credential %s of %s: %w", name, need.Instance, err)
			}
			changed = true
		}
	}
	return Set{values: values}, changed, nil
}

// generate is n characters of the alphabet, each equally likely.
func generate(n int, random io.Reader) (string, error) {
	if random == nil {
		random = rand.Reader
	}
	size := big.NewInt(int64(len(alphabet)))
	secret := make([]byte, n)
	for i := range secret {
		index, err := rand.Int(random, size)
		if err != nil {
			return "", fmt.Errorf("read random bytes: %w", err)
		}
		secret[i] = alphabet[index.Int64()]
	}
	return string(secret), nil
}

// shortest is the length from which on a secret is replaced wherever it
// stands: replacing a fixed "a" would garble every text and say what it is.
const shortest = 4

// Redact is the text with the secrets replaced, the longest first, so that none
// is left half shown; also where they are quoted, on one line or in base64.
func Redact(text string, secrets []string) string {
	var all []string
	for _, secret := range secrets {
		if len(secret) >= shortest {
			quoted := strconv.Quote(secret)
			all = append(all, secret, quoted[1:len(quoted)-1], strings.Join(strings.Fields(secret), " "), base64.StdEncoding.EncodeToString([]byte(secret)))
		}
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	var pairs []string
	for _, form := range slices.Compact(all) {
		if len(form) >= shortest {
			pairs = append(pairs, form, hidden)
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// String lists the names of what there is.
func (s Set) String() string {
	var b strings.Builder
	b.WriteString("credentials{")
	for i, instance := range slices.Sorted(maps.Keys(s.values)) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(instance + ": " + strings.Join(slices.Sorted(maps.Keys(s.values[instance])), " "))
	}
	return b.String() + "}"
}

// Format prints String for every verb, so that not even %#v shows a secret.
func (s Set) Format(f fmt.State, _ rune) {
	io.WriteString(f, s.String()) //nolint:errcheck // there is nowhere to report it to
}

// LogValue is String.
func (s Set) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON refuses: the file is written by [Save] alone.
func (s Set) MarshalJSON() ([]byte, error) {
	return nil, fmt.Errorf("credentials are not to be written as JSON: save them with credentials.Save")
}

// All are the secrets of all instances, by instance and name. It is a copy.
func (s Set) All() map[string]map[string]string {
	all := make(map[string]map[string]string, len(s.values))
	for instance, secrets := range s.values {
		all[instance] = maps.Clone(secrets)
	}
	return all
}
