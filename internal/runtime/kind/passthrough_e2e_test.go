//go:build e2e

package kind

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/gpu/pass"
	"github.com/diorama-dev/diorama/internal/image"
)

// pretend makes a node look as if Docker had passed four GPUs into it: device
// files, one of them a mount, of which two lie over each other; the driver's
// parameters below a mask; a toolkit that configures what a real one would.
const pretend = `set -e
for n in 0 1 3; do mknod /dev/nvidia$n c 195 $n; done
mknod /dev/nvidiactl c 195 255
mkdir -p /dev/nvidia-caps && mknod /dev/nvidia-caps/nvidia-cap1 c 241 1
mknod /dev/other c 195 2; touch /dev/nvidia2; mount --bind /dev/other /dev/nvidia2; mount --bind /dev/other /dev/nvidia2
mount -t tmpfs none /proc/driver; mkdir /proc/driver/nvidia
printf 'ModifyDeviceFiles: 1\nDeviceFileMode: 438\n' > /proc/driver/nvidia/params
mount -t tmpfs none /proc/driver/nvidia; cp /proc/mounts /proc/driver/nvidia/params
printf 'ModifyDeviceFiles: 1\n' > /proc/driver/nvidia/params
touch /usr/lib/libnvidia-ml.so.1
cat > /usr/local/bin/nvidia-ctk <<'END'
#!/bin/sh
printf '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia]\n  runtime_type = "io.containerd.runc.v2"\n' >> /etc/containerd/config.toml
END
cat > /usr/local/bin/ldconfig <<'END'
#!/bin/sh
echo 'libnvidia-ml.so.1 => /usr/lib/libnvidia-ml.so.1'
END
chmod +x /usr/local/bin/*`

// TestMendRealNode runs the repairs in a booted node; only the label is left
// out, which needs a cluster.
func TestMendRealNode(t *testing.T) {
	substitution, err := image.LoadSubstitution(os.Getenv("DIORAMA_IMAGES"))
	if err != nil {
		t.Skip("DIORAMA_IMAGES names no images: ", err)
	}
	node, err := substitution.Apply("docker.io/kindest/node:v1.36.4")
	if err != nil {
		t.Fatal(err)
	}
	engine, err := docker.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	out, err := exec.CommandContext(t.Context(), "docker", "run", "-d", "--rm", "--privileged", "--tmpfs", "/run", "--tmpfs", "/tmp", node).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	id := strings.TrimSpace(string(out))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		_ = exec.CommandContext(ctx, "docker", "rm", "-f", id).Run()
	})
	run := execer(engine, id)
	if _, err := run(t.Context(), `for i in $(seq 300); do systemctl is-active -q containerd && exit 0; sleep 0.1; done; exit 1`); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t.Context(), pretend); err != nil {
		t.Fatal(err)
	}
	given := pass.Node{Devices: []pass.Device{{UUID: "GPU-b", Minor: 1}, {UUID: "GPU-d", Minor: 3}}}
	list := slices.DeleteFunc(repairs(given), func(r repair) bool { return r.Name == "label" })
	mended, err := mendNode(t.Context(), run, list)
	if err != nil || !mended {
		t.Fatalf("mended %v, %v", mended, err)
	}
	said, err := run(t.Context(), `cd /dev; echo $(ls -d nvidia*); cat /proc/driver/nvidia/params; readlink /dev/char/195:3 /dev/char/241:1; systemctl is-active containerd`)
	want := "nvidia-caps nvidia1 nvidia3 nvidiactl\nModifyDeviceFiles: 0\nDeviceFileMode: 438\n/dev/nvidia3\n/dev/nvidia-caps/nvidia-cap1\nactive\n"
	if err != nil || said != want {
		t.Errorf("the node says %q, %v, want %q", said, err, want)
	}
	if mended, err := mendNode(t.Context(), run, list); mended || err != nil {
		t.Errorf("a second time: mended %v, %v", mended, err)
	}
}
