//go:build linux && cgo

package nvml

import (
	"os"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
)

// elsewhere are where the library is on systems that keep it away from the
// linker's folders: WSL 2, and NixOS.
func elsewhere() []string {
	return []string{"/usr/lib/wsl/lib/libnvidia-ml.so.1", "/run/opengl-driver/lib/libnvidia-ml.so.1"}
}

func open() asker {
	for _, path := range elsewhere() {
		if _, err := os.Stat(path); err == nil {
			return &library{api: nvml.New(nvml.WithLibraryPath(path))}
		}
	}
	return &library{api: nvml.New()}
}
