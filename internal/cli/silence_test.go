package cli

import (
	"io"
	"log"
	"os"
	"testing"
)

// TestLibrariesSayNothing to a person; the keeper's file has it.
func TestLibrariesSayNothing(t *testing.T) {
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	for _, test := range []struct {
		args []string
		want io.Writer
	}{{[]string{"internal", "keeper"}, os.Stderr}, {[]string{"up"}, io.Discard}, {nil, io.Discard}} {
		log.SetOutput(os.Stderr)
		if silence(test.args); log.Writer() != test.want {
			t.Errorf("%v: %v", test.args, log.Writer())
		}
	}
}
