package diorama

import (
	"context"
	"os"

	"github.com/diorama-dev/diorama/internal/gpu/pass"
	"github.com/diorama-dev/diorama/profiles"
)

// wantsOwnGPUs reports whether the wish is for the machine's own GPUs.
func wantsOwnGPUs(wish profiles.GPUWish) bool {
	return wish == profiles.GPUAuto || wish == profiles.GPURequire
}

// gpuFacts are what passing the machine's GPUs into nodes depends on; empty
// where nobody wishes for them: a driver that has lost a device is slow to say
// so.
func gpuFacts(ctx context.Context, wish profiles.GPUWish, engine pass.Engine) pass.Facts {
	if !wantsOwnGPUs(wish) {
		return pass.Facts{}
	}
	return pass.Collect(os.DirFS("/"), gpuInventory(ctx), engine)
}
