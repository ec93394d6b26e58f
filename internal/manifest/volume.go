package manifest

import (
	"fmt"
	"iter"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/go-units"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/diorama-dev/diorama/internal/compose"
)

// defaultSize is the size of a claim whose volume does not say one. The
// clusters that we make do not enforce it.
const defaultSize = "1Gi"

func keys[V any](m map[string]V) iter.Seq[string] {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// claim is a volume that outlives Pods and workloads.
type claim struct {
	name   string
	volume string // the Compose volume, or the path that it stands for
	size   resource.Quantity
}

func (c claim) object(r *renderer) *corev1.PersistentVolumeClaim {
	return &corev1.PersistentVolumeClaim{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"},
		ObjectMeta: metav1.ObjectMeta{Name: c.name, Namespace: r.in.Namespace, Labels: r.labels("")},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: c.size}},
		},
	}
}

// mountAll makes the Pod's volumes and where the container sees them.
func (p *pod) mountAll(spec types.ContainerSpec) []corev1.VolumeMount {
	m := &mounts{p: p, targets: map[string]bool{}}
	for _, volume := range spec.Volumes {
		m.volume(volume, p.item(volume.Target, "volumes"))
	}
	for _, config := range spec.Configs {
		m.config(config, p.item(config.Source, "configs"))
	}
	for _, secret := range spec.Secrets {
		m.secret(secret, p.item(secret.Source, "secrets"))
	}
	for _, entry := range spec.Tmpfs {
		m.tmpfs(entry, p.item(entry, "tmpfs"))
	}
	if spec.ShmSize > 0 {
		m.memory("/dev/shm", int64(spec.ShmSize), p.at("shm_size"))
	}
	return m.list
}

// mounts gathers the volume mounts of one container.
type mounts struct {
	p       *pod
	list    []corev1.VolumeMount
	targets map[string]bool
}

// mount adds a volume, unless something is mounted there already or the target
// is not one.
func (m *mounts) mount(source corev1.VolumeSource, name string, mount corev1.VolumeMount, at []string) bool {
	mount.MountPath = path.Clean("/" + mount.MountPath)
	switch {
	case strings.Contains(mount.MountPath, ":") || mount.MountPath == "/":
		m.p.r.lose("no path that a volume can be mounted at: "+strconv.Quote(mount.MountPath), at...)
		return false
	case m.targets[mount.MountPath]:
		m.p.r.lose("something is mounted at "+mount.MountPath+" already", at...)
		return false
	}
	m.targets[mount.MountPath] = true
	mount.Name = m.p.addVolume(name, source)
	m.list = append(m.list, mount)
	return true
}

// addVolume gives the Pod a volume of a name close to the one wished for; the
// same source is one volume.
func (p *pod) addVolume(name string, source corev1.VolumeSource) string {
	name = label(name)
	for _, volume := range p.volumes {
		if source.PersistentVolumeClaim != nil && volume.PersistentVolumeClaim != nil &&
			volume.PersistentVolumeClaim.ClaimName == source.PersistentVolumeClaim.ClaimName {
			return volume.Name
		}
	}
	unique := name
	for i := 2; slices.ContainsFunc(p.volumes, func(v corev1.Volume) bool { return v.Name == unique }); i++ {
		unique = fmt.Sprintf("%s-%d", name, i)
	}
	p.volumes = append(p.volumes, corev1.Volume{Name: unique, VolumeSource: source})
	return unique
}

func (m *mounts) volume(v types.ServiceVolumeConfig, at []string) {
	switch v.Type {
	case types.VolumeTypeVolume:
		m.named(v, at)
	case types.VolumeTypeBind:
		m.bind(v, at)
	case types.VolumeTypeTmpfs:
		size := int64(0)
		if v.Tmpfs != nil {
			size = int64(v.Tmpfs.Size)
		}
		m.memory(v.Target, size, at)
	default:
		m.p.r.lose("volumes of type "+v.Type+" are not there in a cluster", at...)
	}
}

// named mounts a named volume. A volume without a name lives as long as the
// Pod, except inside a bind mount: there an empty one would hide what the image
// has (node_modules, mostly).
func (m *mounts) named(v types.ServiceVolumeConfig, at []string) {
	if v.Source == "" {
		if m.insideBind(v.Target) {
			m.p.r.lose("it only keeps the bind mount around it from hiding the image's own folder; it is left out", at...)
			return
		}
		if m.mount(corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}, "scratch", corev1.VolumeMount{MountPath: v.Target, ReadOnly: v.ReadOnly}, at) {
			m.p.r.lose("a volume without a name lives as long as the Pod; name it to keep its data", at...)
		}
		return
	}
	c := m.p.r.volumeClaim(v.Source)
	mount := corev1.VolumeMount{MountPath: v.Target, ReadOnly: v.ReadOnly}
	if v.Volume != nil {
		mount.SubPath = strings.TrimPrefix(path.Clean("/"+v.Volume.Subpath), "/")
	}
	m.claim(c, mount, at)
}

func (m *mounts) insideBind(target string) bool {
	return slices.ContainsFunc(m.p.service.Volumes, func(other types.ServiceVolumeConfig) bool {
		return other.Type == types.VolumeTypeBind && strings.HasPrefix(target, strings.TrimSuffix(other.Target, "/")+"/")
	})
}

func (m *mounts) claim(c claim, mount corev1.VolumeMount, at []string) {
	source := corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: c.name}}
	if !m.mount(source, c.volume, mount, at) {
		return
	}
	m.p.r.claims[c.name] = c
	if !slices.Contains(m.p.claims, c.name) {
		m.p.claims = append(m.p.claims, c.name)
	}
}

// volumeClaim is the claim of a top-level volume.
func (r *renderer) volumeClaim(volume string) claim {
	names := distinct(slices.Collect(keys(r.model.Volumes)), func(name string) string { return name })
	c := claim{name: label(r.in.Stack) + "." + names[volume], volume: volume, size: resource.MustParse(defaultSize)}
	config := r.model.Volumes[volume]
	if wanted, ok := config.Labels[LabelSize]; ok {
		size, err := resource.ParseQuantity(wanted)
		if err != nil || size.Sign() <= 0 {
			r.lose("no size: "+strconv.Quote(wanted)+"; a quantity such as 10Gi is one", "volumes", volume, "labels", LabelSize)
			return c
		}
		c.size = *resource.NewQuantity(size.Value(), resource.BinarySI)
	}
	return c
}

// bind carries small files and folders over as they are, and keeps what looks
// like a folder for data in a claim of its own.
func (m *mounts) bind(v types.ServiceVolumeConfig, at []string) {
	content, known := m.p.r.in.Project.Content[v.Source]
	r := m.p.r
	switch {
	case path.Base(filepath.ToSlash(v.Source)) == "docker.sock":
		r.lose("a cluster has no Docker to talk to", at...)
	case isHostPath(v.Source):
		r.lose("it is the host's own; a node's is another", at...)
	case !known || content.State == compose.Denied:
		r.lose("it cannot be read", at...)
	case content.State == compose.Special:
		r.lose("only files and folders can be carried over", at...)
	case content.State == compose.Missing || content.Folder && len(content.Files) == 0 && content.State == compose.Readable:
		r.lose("nothing is there; its data is kept in a volume of the environment instead", at...)
		m.claim(r.pathClaim(v.Source), corev1.VolumeMount{MountPath: v.Target, ReadOnly: v.ReadOnly}, at)
	case content.State == compose.TooLarge:
		r.lose(fmt.Sprintf("more than %s or %d files; build it into the image, or keep it in a named volume", units.BytesSize(compose.MaxContent), compose.MaxFiles), at...)
	default:
		m.files(r.bindFiles(v.Source, content), fileMount{target: v.Target, folder: content.Folder}, at)
		if !v.ReadOnly {
			r.lose("a copy is mounted, for reading only; changes on the host show at the next up", at...)
		}
	}
}

// isHostPath reports whether the path only makes sense on the host itself.
func isHostPath(source string) bool {
	source = filepath.ToSlash(source)
	for _, of := range []string{"/dev", "/proc", "/sys", "/run", "/var/run", "/var/lib/docker", "/etc/localtime", "/etc/timezone", "/tmp/.X11-unix"} {
		if source == of || strings.HasPrefix(source, of+"/") {
			return true
		}
	}
	return source == "/"
}

// relative is a path as seen from the project, the same on every machine.
func (r *renderer) relative(source string) string {
	if rest, err := filepath.Rel(r.model.WorkingDir, source); err == nil {
		return filepath.ToSlash(rest)
	}
	return filepath.ToSlash(source)
}

func (r *renderer) pathClaim(source string) claim {
	relative := r.relative(source)
	name := label(path.Base(relative) + "-" + hash(relative)[:8])
	return claim{name: label(r.in.Stack) + "." + name, volume: path.Base(relative), size: resource.MustParse(defaultSize)}
}

// tmpfs reads "path" or "path:size=64m,mode=1777".
func (m *mounts) tmpfs(entry string, at []string) {
	target, options, _ := strings.Cut(entry, ":")
	size := int64(0)
	for option := range strings.SplitSeq(options, ",") {
		name, value, _ := strings.Cut(option, "=")
		switch name {
		case "", "rw", "noexec", "exec", "nosuid", "suid", "nodev", "dev", "noatime":
		case "mode":
			if value != "1777" && value != "0777" && value != "777" {
				m.p.r.lose("everybody may write", at...)
			}
		case "size":
			if n, err := units.RAMInBytes(value); err == nil {
				size = n
				continue
			}
			m.p.r.lose("no size: "+strconv.Quote(value), at...)
		default:
			m.p.r.lose("the option "+strconv.Quote(name)+" is not there in a cluster", at...)
		}
	}
	m.memory(target, size, at)
}

// memory mounts a folder that is kept in memory.
func (m *mounts) memory(target string, size int64, at []string) {
	source := &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory}
	if size > 0 {
		source.SizeLimit = resource.NewQuantity(size, resource.BinarySI)
	}
	m.mount(corev1.VolumeSource{EmptyDir: source}, "memory-"+path.Base(target), corev1.VolumeMount{MountPath: target}, at)
}
