package profiles

import (
	"fmt"
	"regexp"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

const (
	// simulatedShape is what is simulated where a profile names no shape.
	simulatedShape = "1xA100"
	// mostShares bounds how many Pods take turns on a device.
	mostShares = 64
)

// shapeForm is a number of devices of a model: 2xA100.
var shapeForm = regexp.MustCompile(`^([1-9]|[1-5][0-9]|6[0-4])x[A-Z][A-Za-z0-9-]{1,31}$`)

// gpuFile is a wish, or {wish, simulate, share}.
type gpuFile struct {
	Wish     GPUWish `yaml:"wish"`
	Simulate string  `yaml:"simulate"`
	Share    int     `yaml:"share"`
}

// DecodeNode reads one of the wishes for GPUs.
func (g *GPUWish) DecodeNode(n *yamlpos.Node, path string) (problems yamlpos.Problems) {
	*g, problems = yamlpos.DecodeWord(n, path, "wish", gpuWishes())
	return problems
}

// DecodeNode reads a wish alone, or with what belongs to it.
func (g *GPU) DecodeNode(n *yamlpos.Node, path string) yamlpos.Problems {
	var file gpuFile
	var problems yamlpos.Problems
	if n.Kind == yamlpos.Mapping {
		problems = yamlpos.Decode(n, &file, path)
	} else {
		problems = file.Wish.DecodeNode(n, path)
	}
	if len(problems) > 0 {
		return problems
	}
	report := func(key, message string) {
		problems = append(problems, n.Get(key).Problem(yamlpos.Join(path, key), message))
	}
	*g = GPU(file)
	if g.Wish == "" {
		g.Wish = GPUAuto
		if g.Simulate != "" {
			g.Wish = GPUSimulate
		}
	}
	switch {
	case g.Simulate != "" && g.Wish != GPUSimulate:
		report("simulate", fmt.Sprintf("found a shape to simulate, and the wish %s: take one of them away", g.Wish))
	case g.Simulate != "" && !shapeForm.MatchString(g.Simulate):
		report("simulate", "found "+yamlpos.Quote(g.Simulate)+", expected a number of devices, 1 to 64, of a model, such as 2xA100")
	case g.Wish == GPUSimulate && g.Simulate == "":
		g.Simulate = simulatedShape
	}
	if g.Share < 0 || g.Share > mostShares {
		report("share", fmt.Sprintf("found %d, expected 1 to %d Pods for each device", g.Share, mostShares))
	}
	return problems
}
