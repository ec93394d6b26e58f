//go:build !unix

package logs

import (
	"errors"
	"os"
)

// lockFile has nothing to lock with here.
func lockFile(*os.File) (bool, error) {
	return false, errors.New("not supported on this system")
}
