package watch

import "strings"

// driverAdvice says what to do about an error of the driver. The causes are
// those of NVIDIA's "Xid Errors" and of the return codes of NVML.
func driverAdvice(text string) []string {
	text = strings.ToLower(text)
	for _, known := range []struct {
		words  []string
		advice []string
	}{
		{[]string{"does not answer"}, []string{"`sudo dmesg | grep -i nvrm` says what the driver met", "restart the machine, if it stays so"}},
		{[]string{"lost", "fallen off", "xid 79"}, []string{
			"the GPU has fallen off the bus (Xid 79): heat, power or its slot; `dmesg | grep -i xid` says more",
			"restart the machine; it does not come back by itself",
		}},
		{[]string{"xid 48", "xid 63", "xid 64", "xid 94", "xid 95", "ecc"}, []string{
			"its memory has errors (Xid 48, 63, 64, 94, 95): `nvidia-smi -q -d ECC,ROW_REMAPPER`", "end what uses it and reset it: `nvidia-smi --gpu-reset -i N`",
		}},
		{[]string{"xid 31", "xid 13"}, []string{"a program has used the GPU's memory wrongly (Xid 13, 31); look at the program, not the GPU"}},
		{[]string{"unknown error"}, []string{
			"a container loses its devices when systemd reloads (`systemctl daemon-reload`): restart the environment with `diorama stop` and `diorama start`",
		}},
		{[]string{"version mismatch", "lib_rm_version"}, []string{"the driver's library is newer than the kernel's module: restart the machine"}},
		{[]string{"reset required"}, []string{"reset it: `nvidia-smi --gpu-reset -i N`, once nothing uses it"}},
		{[]string{"no permission", "insufficient permissions"}, []string{"only root may ask it on this machine"}},
	} {
		for _, word := range known.words {
			if strings.Contains(text, word) {
				return known.advice
			}
		}
	}
	return []string{"look for Xid in the kernel's log: `dmesg | grep -i xid`", "see what `nvidia-smi` says"}
}
