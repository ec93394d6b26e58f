//go:build !unix && !windows

package filelock

import (
	"errors"
	"os"
)

// Open refuses: nothing can be locked here.
func Open(string) (*os.File, error) { return nil, errors.ErrUnsupported }

// Try refuses.
func Try(*os.File) (bool, error) { return false, errors.ErrUnsupported }
