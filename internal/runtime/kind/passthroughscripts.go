package kind

import (
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/gpu/pass"
)

// repair is something that a node with GPUs must have, how to see it, and how
// to bring it about. The scripts are for a POSIX shell, and are run as root.
type repair struct {
	Name  string // a word
	Title string // what is wrong where the check fails
	// Check ends with 0 where all is well.
	Check string
	// Mend makes it so; empty: nothing in the node can.
	Mend   string
	Remedy string // where mending does not help
}

const (
	recreate  = "make the cluster anew with --recreate"
	nodeState = "restart the node (diorama stop, diorama start), or " + recreate
)

// repairs are those of a node, in the order in which they are needed.
func repairs(node pass.Node) []repair {
	list := []repair{
		{
			Name: "driver", Title: "NVIDIA's driver is not in the node",
			Check:  `[ -e /dev/nvidiactl ] && ldconfig -p | grep -q libnvidia-ml.so.1`,
			Remedy: "see whether Docker itself can do it: docker run --rm -v /dev/null:/var/run/nvidia-container-devices/all ubuntu nvidia-smi -L",
		},
		{
			Name: "runtime", Title: "containerd does not know the runtime nvidia",
			Check:  `containerd config dump | grep -q 'runtimes\.nvidia'`,
			Mend:   `nvidia-ctk runtime configure --runtime=containerd --config-source=file --cdi.enabled && systemctl restart containerd`,
			Remedy: recreate,
		},
		{
			// The driver would make the device files again that are taken away.
			// Toolkits since 1.18 or 1.19 see to it; a restart undoes what was
			// done here. On WSL 2 there are no parameters.
			Name: "params", Title: "the driver makes device files in the node by itself (ModifyDeviceFiles)",
			Check: `! grep -qs '^ModifyDeviceFiles: 1' ` + paramsFile,
			Mend: `umount -R /proc/driver/nvidia
sed 's/^ModifyDeviceFiles: 1$/ModifyDeviceFiles: 0/' ` + paramsFile + ` > /run/nvidia-params &&
mount --bind /run/nvidia-params ` + paramsFile,
			Remedy: nodeState,
		},
	}
	if !node.All {
		list = append(list, assigned(node))
	}
	return append(list, repair{
		// runc looks for devices under /dev/char when systemd reloads, and
		// takes those away that it does not find (nvidia-container-toolkit#48).
		Name: "links", Title: "/dev/char does not lead to the GPUs, which are lost when systemd reloads",
		Check:  eachDevice(`[ -e "/dev/char/$number" ] || exit 1`),
		Mend:   "mkdir -p /dev/char\n" + eachDevice(`ln -sf "$file" "/dev/char/$number"`),
		Remedy: nodeState,
	}, repair{
		Name: "label", Title: "the node does not have the label " + pass.PresentLabel,
		Check: kubectl + ` get node "$(hostname)" -o jsonpath='{.metadata.labels.nvidia\.com/gpu\.present}' | grep -qx true`,
		// The kubelet may label its own node (NodeRestriction).
		Mend:   kubectl + ` label --overwrite node "$(hostname)" ` + pass.PresentLabel + `=true`,
		Remedy: nodeState,
	})
}

const (
	paramsFile = "/proc/driver/nvidia/params"
	kubectl    = "kubectl --kubeconfig /etc/kubernetes/kubelet.conf"
)

// assigned takes the files of devices away that other nodes have: a node is
// privileged and sees all. Files are by minor number, which is not the index.
func assigned(node pass.Node) repair {
	var minors []string
	for _, d := range node.Devices {
		minors = append(minors, strconv.Itoa(d.Minor))
	}
	others := `for file in /dev/nvidia[0-9]*; do
  [ -e "$file" ] || continue
  case " ` + strings.Join(minors, " ") + ` " in *" ${file#/dev/nvidia} "*) continue;; esac
`
	return repair{
		Name: "devices", Title: "the node can reach GPUs that it was not given",
		Check: others + "  exit 1\ndone",
		// What is mounted there may be busy for a moment, and there may be
		// several mounts.
		Mend: others + `  for try in 1 2 3 4 5 6 7 8 9 10; do
    while umount "$file"; do :; done
    rm -f "$file" && break
    sleep 0.2
  done
done`,
		Remedy: nodeState,
	}
}

// eachDevice does something with each device file of NVIDIA's, file, and its
// number, major:minor.
func eachDevice(do string) string {
	return `for file in /dev/nvidia* /dev/nvidia-caps/*; do
  [ -c "$file" ] || continue
  number=$((0x$(stat -c %t "$file"))):$((0x$(stat -c %T "$file")))
  ` + do + `
done`
}
