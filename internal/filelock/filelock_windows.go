package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// Open opens a file that is there to be locked, and makes it where it is not.
// Unlike one that [os.OpenFile] opens, it can be deleted meanwhile: whoever
// takes an environment down holds its lock.
func Open(name string) (*os.File, error) {
	path, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	handle, err := windows.CreateFile(path, windows.GENERIC_READ|windows.GENERIC_WRITE,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE,
		nil, windows.OPEN_ALWAYS, windows.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(handle), name), nil
}

// Try locks a file for as long as this process has it open and reports whether
// it did: false where another has it. No other process inherits the lock.
func Try(f *os.File) (bool, error) {
	const reserved, bytes = 0, 1 // locks bar others from reading, so as little as can be
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY,
		reserved, bytes, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return false, nil
	}
	return err == nil, err
}
