//go:build linux || darwin

package doctor

import "golang.org/x/sys/unix"

// diskFree is how many bytes unprivileged programs can still write there; 0
// where that cannot be told.
func diskFree(path string) int64 {
	var stat unix.Statfs_t
	if err := unix.Statfs(path, &stat); err != nil {
		return 0
	}
	return int64(stat.Bavail) * int64(stat.Bsize) //nolint:unconvert // its type differs between systems
}
