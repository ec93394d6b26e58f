package yamlpos

import (
	"fmt"
	"io"
	"io/fs"
)

// ReadFile reads a file of the file system up to one byte more than [Parse]
// takes, so that a huge file costs nothing and is refused there.
func ReadFile(fsys fs.FS, name string) ([]byte, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err // fs.FS's own error names the file and what was done
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read file %s: %w", name, err)
	}
	return data, nil
}
