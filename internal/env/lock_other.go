//go:build !unix

package env

import (
	"context"
	"errors"
	"os"
)

// Acquire is not there on this system yet.
func (f Folder) Acquire(context.Context) (*os.File, error) {
	return nil, errors.New("lock the environment: not supported on this system yet")
}
