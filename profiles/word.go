package profiles

import (
	"regexp"
	"strconv"
	"time"

	"github.com/diorama-dev/diorama/internal/yamlpos"
	"github.com/diorama-dev/diorama/stacks"
)

func runtimes() []Runtime {
	return []Runtime{RuntimeAuto, RuntimeKind, RuntimeCluster, RuntimeContainers, RuntimeEmbedded}
}

func gpuWishes() []GPUWish { return []GPUWish{GPUAuto, GPURequire, GPUSimulate, GPUOff} }

// DecodeNode reads one of the runtimes.
func (r *Runtime) DecodeNode(n *yamlpos.Node, path string) (problems yamlpos.Problems) {
	*r, problems = yamlpos.DecodeWord(n, path, "runtime", runtimes())
	return problems
}

// memory is an amount of bytes, written as a quantity.
type memory int64

// DecodeNode reads a quantity such as 6Gi.
func (m *memory) DecodeNode(n *yamlpos.Node, path string) yamlpos.Problems {
	quantity, err := stacks.ParseQuantity(n.Text)
	if err != nil || n.Kind == yamlpos.Null || n.Kind > yamlpos.Float {
		return yamlpos.Problems{n.Mismatch(path, "an amount of memory such as 6Gi")}
	}
	*m = memory(quantity.Value())
	return nil
}

// leastSpace is less than which nothing useful can be kept.
const leastSpace = 1 << 20

// space is an amount of disk, written as a quantity.
type space int64

// DecodeNode reads a quantity such as 1Gi.
func (s *space) DecodeNode(n *yamlpos.Node, path string) yamlpos.Problems {
	quantity, err := stacks.ParseQuantity(n.Text)
	if err != nil || n.Kind == yamlpos.Null || n.Kind > yamlpos.Float || quantity.Value() < leastSpace {
		return yamlpos.Problems{n.Mismatch(path, "an amount of disk such as 1Gi, 1Mi at least")}
	}
	*s = space(quantity.Value())
	return nil
}

// ageForm is how an age is written: days or hours, minutes.
var ageForm = regexp.MustCompile(`^[1-9][0-9]{0,4}[dhm]$`)

// age is a span of time in whole days, hours or minutes.
type age time.Duration

// DecodeNode reads an age such as 7d.
func (a *age) DecodeNode(n *yamlpos.Node, path string) yamlpos.Problems {
	if n.Kind != yamlpos.String || !ageForm.MatchString(n.Text) {
		return yamlpos.Problems{n.Mismatch(path, "days, hours or minutes such as 7d, 12h or 90m")}
	}
	number, unit := n.Text[:len(n.Text)-1], n.Text[len(n.Text)-1]
	count, err := strconv.Atoi(number)
	if err != nil {
		return yamlpos.Problems{n.Mismatch(path, "days, hours or minutes such as 7d, 12h or 90m")}
	}
	*a = age(time.Duration(count) * map[byte]time.Duration{'d': 24 * time.Hour, 'h': time.Hour, 'm': time.Minute}[unit])
	return nil
}

func (b budgetFile) budget() Budget {
	return Budget{Memory: int64(b.Memory), Logs: int64(b.Logs), LogAge: time.Duration(b.LogAge)}
}

// secret is a credential; what is wrong with one is said without showing it.
type secret string

// DecodeNode reads text of characters that a URL takes as they are.
func (s *secret) DecodeNode(n *yamlpos.Node, path string) yamlpos.Problems {
	text, problems := n.DecodeText(path)
	switch {
	case problems != nil && n.Kind < yamlpos.Sequence && n.Kind != yamlpos.Null:
		return yamlpos.Problems{n.Problem(path, "found a number or a truth value, expected text: write it in quotes")}
	case problems != nil:
		return problems
	case !credentialForm.MatchString(text):
		return yamlpos.Problems{n.Problem(path, "expected 1 to 256 of the characters A-Z a-z 0-9 . _ ~ -, which URLs take as they are")}
	}
	*s = secret(text)
	return nil
}
