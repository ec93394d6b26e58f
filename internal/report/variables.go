package report

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/env"
)

// Var is an environment variable.
type Var struct {
	Name  string
	Value string
}

// EnvVars are the variables of an environment's endpoints, by name: for each
// its URL, host, port, and user and password where it has them, and
// DATABASE_URL where exactly one stack speaks SQL. Endpoints with a prefix that
// another one has taken use their stack's name, then the endpoint's too.
// The endpoints have to be revealed ones, with passwords.
func EnvVars(endpoints []env.Endpoint) []Var {
	values := make(map[string]string)
	taken := make(map[string]bool)
	for _, e := range endpoints {
		if e.Env == "" {
			continue
		}
		prefix := freePrefix(e, taken)
		taken[prefix] = true
		name := prefix + "_URL"
		if e.Variable != "" && prefix == variableName(e.Env) {
			name = variableName(e.Variable)
		} else if e.Variable != "" {
			name = prefix + "_" + strings.TrimPrefix(variableName(e.Variable), variableName(e.Env)+"_")
		}
		set(values, name, e.URL)
		set(values, prefix+"_HOST", e.Host)
		set(values, prefix+"_PORT", strconv.Itoa(e.Port))
		set(values, prefix+"_USER", e.User)
		set(values, prefix+"_PASSWORD", e.Password)
	}
	if sql, ok := onlySQL(endpoints); ok {
		set(values, "DATABASE_URL", sql.URL)
	}
	vars := make([]Var, 0, len(values))
	for name, value := range values {
		vars = append(vars, Var{name, value})
	}
	slices.SortFunc(vars, func(a, b Var) int { return strings.Compare(a.Name, b.Name) })
	return vars
}

func set(values map[string]string, name, value string) {
	if value != "" {
		values[name] = value
	}
}

func freePrefix(e env.Endpoint, taken map[string]bool) string {
	stack := variableName(e.Stack)
	for _, prefix := range []string{variableName(e.Env), stack, stack + "_" + variableName(e.Name)} {
		if !taken[prefix] {
			return prefix
		}
	}
	prefix := stack + "_" + variableName(e.Name)
	for n := 2; ; n++ {
		if numbered := prefix + "_" + strconv.Itoa(n); !taken[numbered] {
			return numbered
		}
	}
}

// onlySQL is the first SQL endpoint, where only one stack has any.
func onlySQL(endpoints []env.Endpoint) (env.Endpoint, bool) {
	var only env.Endpoint
	for _, e := range endpoints {
		switch {
		case !e.SQL:
		case only.Stack == "":
			only = e
		case only.Stack != e.Stack:
			return env.Endpoint{}, false
		}
	}
	return only, only.Stack != ""
}

// variableName makes a name that every shell takes.
func variableName(s string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
			return r
		}
		return '_'
	}, s)
	if name == "" || (name[0] >= '0' && name[0] <= '9') {
		name = "_" + name
	}
	return name
}

// Format is how variables are written.
type Format string

// The formats of `diorama env`.
const (
	FormatSh         Format = "sh"
	FormatFish       Format = "fish"
	FormatPowerShell Format = "powershell"
	FormatDotenv     Format = "dotenv"
	FormatJSON       Format = "json"
)

// Formats are all formats, the default first.
func Formats() []Format {
	return []Format{FormatSh, FormatFish, FormatPowerShell, FormatDotenv, FormatJSON}
}

var errNUL = errors.New("no environment variable can hold a zero byte")

// WriteVars is the variables as text to be evaluated by the shell, or read by
// the tool, that the format is named after. It fails on a format that is not
// one of [Formats], and on a value that no variable can hold.
func WriteVars(vars []Var, f Format) ([]byte, error) {
	for _, v := range vars {
		if strings.ContainsRune(v.Value, 0) {
			return nil, fmt.Errorf("write variable %s: %w", v.Name, errNUL)
		}
	}
	var line func(Var) string
	switch f {
	case FormatSh:
		line = func(v Var) string { return "export " + v.Name + "=" + quoteSh(v.Value) }
	case FormatFish:
		line = func(v Var) string { return "set -gx " + v.Name + " " + quoteFish(v.Value) }
	case FormatPowerShell:
		line = func(v Var) string { return "$Env:" + v.Name + " = " + quotePowerShell(v.Value) }
	case FormatDotenv:
		line = func(v Var) string { return v.Name + "=" + quoteDotenv(v.Value) }
	case FormatJSON:
		return varsJSON(vars)
	default:
		return nil, fmt.Errorf("no format %q for variables: use sh, fish, powershell, dotenv or json", f)
	}
	var b strings.Builder
	for _, v := range vars {
		b.WriteString(line(v))
		b.WriteByte('\n')
	}
	return []byte(b.String()), nil
}

func quoteSh(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func quoteFish(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// quotePowerShell doubles every character that PowerShell takes for a single
// quote, the typographic ones among them.
func quotePowerShell(s string) string {
	return "'" + strings.NewReplacer("'", "''", "‘", "‘‘", "’", "’’", "‚", "‚‚", "‛", "‛‛").Replace(s) + "'"
}

// quoteDotenv leaves plain values bare, because readers of such files agree on
// nothing else.
func quoteDotenv(s string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+,=?&~"
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune(safe, r) }) < 0 {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "\n", `\n`, "\r", `\r`).Replace(s) + `"`
}

func varsJSON(vars []Var) ([]byte, error) {
	values := make(map[string]string, len(vars))
	for _, v := range vars {
		values[v.Name] = v.Value
	}
	data, err := encode(values, "  ")
	if err != nil {
		return nil, fmt.Errorf("encode variables: %w", err)
	}
	return data, nil
}
