//go:build linux && cgo

package nvml

// #cgo LDFLAGS: -ldl
import "C" // forward.c
