//go:build !unix

package intake_test

func cpuSeconds() float64 { return 0 }
