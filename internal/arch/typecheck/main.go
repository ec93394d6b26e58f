// Command typecheck says whether programs compile for other systems, without
// compiling them: it checks the types of all that they are made of, from
// source. That takes seconds where a build takes minutes, since nothing is
// optimised and nothing is written. Only linking is left to trust.
package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() { os.Exit(run(os.Args[1:])) }

// run checks the patterns for each platform; these come first and have a "/"
// between system and architecture.
func run(args []string) int {
	var platforms []string
	for len(args) > 0 && !strings.HasPrefix(args[0], ".") {
		platforms, args = append(platforms, args[0]), args[1:]
	}
	if len(platforms) == 0 || len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: typecheck SYSTEM/ARCHITECTURE… ./FOLDER…")
		return 2
	}
	code := 0
	for _, platform := range platforms {
		checked, failed := check(platform, args)
		for _, err := range failed {
			fmt.Fprintf(os.Stderr, "%s: %v\n", platform, err)
			code = 1
		}
		fmt.Fprintf(os.Stderr, "%s: %d packages checked\n", platform, checked)
	}
	return code
}

// check returns how many packages there are, dependencies included, and what
// is wrong with them.
func check(platform string, patterns []string) (checked int, failed []error) {
	system, architecture, _ := strings.Cut(platform, "/")
	loaded, err := packages.Load(&packages.Config{
		// With types and dependencies, and no export data, all is read from source.
		Mode: packages.NeedName | packages.NeedCompiledGoFiles | packages.NeedImports | packages.NeedDeps | packages.NeedTypes,
		Env:  append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+architecture),
	}, patterns...)
	if err != nil {
		return 0, []error{err}
	}
	packages.Visit(loaded, nil, func(p *packages.Package) {
		checked++
		for _, err := range p.Errors {
			failed = append(failed, err)
		}
	})
	return checked, failed
}
