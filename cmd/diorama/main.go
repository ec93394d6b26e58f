// Command diorama brings an AI platform in miniature about on this machine.
package main

import (
	"os"

	"github.com/diorama-dev/diorama/internal/cli"
)

func main() { os.Exit(cli.Main()) }
