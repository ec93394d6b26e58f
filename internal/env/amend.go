package env

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/diorama-dev/diorama/internal/filelock"
)

// Amend changes the record, one process after the other: beside an environment's
// keeper a command may note something as well.
func (f Folder) Amend(change func(*Record)) error {
	lock, err := f.lockRecord()
	if err != nil {
		return err
	}
	defer lock.Close()
	r, err := f.ReadRecord()
	if err != nil {
		return err
	}
	change(&r)
	return f.WriteRecord(r)
}

// amendWithin bounds the wait for another process that changes the record: it
// takes a moment.
const amendWithin = 10 * time.Second

func (f Folder) lockRecord() (*os.File, error) {
	file, err := filelock.Open(f.recordFile() + ".lock")
	if err != nil {
		return nil, fmt.Errorf("lock the environment's record: %w", err)
	}
	held, err := await(file, time.After(amendWithin))
	if held {
		return file, nil
	}
	if err == nil {
		err = fmt.Errorf("another process has had %s for %s", file.Name(), amendWithin)
	}
	return nil, errors.Join(fmt.Errorf("lock the environment's record: %w", err), file.Close())
}
