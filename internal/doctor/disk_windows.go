package doctor

import "golang.org/x/sys/windows"

// diskFree is how many bytes this user can still write there; 0 where that
// cannot be told.
func diskFree(path string) int64 {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0
	}
	var free uint64
	if windows.GetDiskFreeSpaceEx(name, &free, nil, nil) != nil {
		return 0
	}
	return int64(free)
}
