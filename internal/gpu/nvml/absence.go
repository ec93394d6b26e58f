package nvml

import "fmt"

// What is said where there are no GPUs to be asked, each with what to do.
const (
	noDriver     = "NVIDIA's driver is not installed: its library libnvidia-ml.so.1 is not found; install the driver that your distribution offers, or use simulated GPUs (--set gpu.simulate=1xA100)"
	notLoaded    = "NVIDIA's driver is installed and its kernel module is not loaded; load it with `sudo modprobe nvidia`, and look at `sudo dmesg | grep -i nvrm` if that fails"
	mismatch     = "NVIDIA's kernel module and its library are of different versions, as after an update of the driver; restart the machine"
	notPermitted = "this user may not ask NVIDIA's driver; look at the rights of /dev/nvidiactl"
	noDevices    = "NVIDIA's driver finds no GPU that it can use; look at `sudo dmesg | grep -i nvrm`"
)

func unknownAnswer(what string) string {
	return fmt.Sprintf("NVIDIA's driver cannot be asked: %s; try: nvidia-smi", what)
}
