// Command reader runs inside a cluster's node and streams the log files of its
// containers to the keeper that started it; see [node].
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/diorama-dev/diorama/internal/logs/node"
)

func main() {
	if err := node.Run(context.Background(), node.Options{}, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
