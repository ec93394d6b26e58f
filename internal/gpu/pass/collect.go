package pass

import (
	"io/fs"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// Collect adds what the machine's files say to what the driver and Docker say.
// Root is the machine's file system. What cannot be read is not there.
func Collect(root fs.FS, inventory gpu.Inventory, engine Engine) Facts {
	f := Facts{Inventory: inventory, Engine: engine, Hardware: hardware(root)}
	_, err := fs.Stat(root, "dev/dxg")
	f.WSL = err == nil
	f.Toolkit = toolkit(root)
	return f
}

// hardware counts NVIDIA's devices (vendor 0x10de) of the classes 0x03, which
// draw or compute.
func hardware(root fs.FS) int {
	const folder, vendor = "sys/bus/pci/devices", "0x10de"
	entries, err := fs.ReadDir(root, folder)
	if err != nil {
		return 0
	}
	n := 0
	for _, entry := range entries {
		id, err := fs.ReadFile(root, path.Join(folder, entry.Name(), "vendor"))
		class, missing := fs.ReadFile(root, path.Join(folder, entry.Name(), "class"))
		if err == nil && missing == nil && strings.TrimSpace(string(id)) == vendor && strings.HasPrefix(string(class), "0x03") {
			n++
		}
	}
	return n
}

func toolkit(root fs.FS) Toolkit {
	var t Toolkit
	for _, file := range []string{"usr/bin/nvidia-container-runtime", "usr/local/bin/nvidia-container-runtime", "usr/local/nvidia/toolkit/nvidia-container-runtime"} {
		if _, err := fs.Stat(root, file); err == nil {
			t.Installed = true
		}
	}
	if !t.Installed {
		_, err := exec.LookPath("nvidia-container-runtime") // as NixOS has it
		t.Installed = err == nil && rooted(root)
	}
	if config, err := fs.ReadFile(root, "etc/nvidia-container-runtime/config.toml"); err == nil {
		t.Mounts = acceptsMounts(string(config))
	}
	for _, folder := range []string{"etc/cdi", "var/run/cdi"} { // a name of the later overrides one of the earlier
		entries, _ := fs.ReadDir(root, folder)
		for _, entry := range entries {
			if ext := path.Ext(entry.Name()); ext != ".yaml" && ext != ".json" {
				continue
			}
			if text, err := fs.ReadFile(root, path.Join(folder, entry.Name())); err == nil {
				names, driver := specification(string(text))
				if len(names) > 0 {
					t.CDI, t.CDIDriver = append(t.CDI, names...), driver
				}
			}
		}
	}
	slices.Sort(t.CDI)
	t.CDI = slices.Compact(t.CDI)
	t.Symlinks = symlinked(root)
	return t
}

// rooted reports whether the file system is this machine's.
func rooted(root fs.FS) bool {
	_, err := fs.Stat(root, "proc/self")
	return err == nil
}

// symlinked reports whether /dev/char leads to a device file of NVIDIA's,
// whose major number is 195 (Linux, Documentation/admin-guide/devices.txt).
func symlinked(root fs.FS) bool {
	found, _ := fs.Glob(root, "dev/char/195:*")
	return len(found) > 0
}

var (
	mountsKey  = regexp.MustCompile(`(?m)^\s*accept-nvidia-visible-devices-as-volume-mounts\s*=\s*(true|false)`)
	cdiKind    = regexp.MustCompile(`(?m)(?:^\s*kind:|"kind":)\s*"?nvidia\.com/gpu\b`)
	cdiName    = regexp.MustCompile(`(?m)(?:^\s*(?:-\s*)?name:|"name":)\s*"?([A-Za-z0-9][A-Za-z0-9_.:-]*)`)
	cdiLibrary = regexp.MustCompile(`libcuda\.so\.(\d+\.\d+(?:\.\d+)?)`)
)

// acceptsMounts reads the toolkit's configuration, where the key stands before
// all tables; it is false where it is not set.
func acceptsMounts(config string) bool {
	m := mountsKey.FindStringSubmatch(config)
	return m != nil && m[1] == "true"
}

// specification reads the names of devices, and the driver's version, out of a
// CDI specification as `nvidia-ctk cdi generate` writes it.
func specification(text string) (names []string, driver string) {
	if !cdiKind.MatchString(text) {
		return nil, ""
	}
	for _, m := range cdiName.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	if m := cdiLibrary.FindStringSubmatch(text); m != nil {
		driver = m[1]
	}
	return names, driver
}
