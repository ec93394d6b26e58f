package manifest

import (
	"path"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/diorama-dev/diorama/internal/compose"
)

// shared is a ConfigMap, or a Secret, of files that any service may mount.
type shared struct {
	name   string
	secret bool
	items  []item
}

// item is one file.
type item struct {
	key        string
	path       string // in the mounted folder
	data       []byte
	executable bool
}

func (s shared) object(r *renderer) any {
	meta := metav1.ObjectMeta{Name: s.name, Namespace: r.in.Namespace, Labels: r.labels("")}
	if s.secret {
		secret := &corev1.Secret{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}, ObjectMeta: meta,
			Type: corev1.SecretTypeOpaque, Data: map[string][]byte{},
		}
		for _, i := range s.items {
			secret.Data[i.key] = i.data
		}
		return secret
	}
	config := &corev1.ConfigMap{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, ObjectMeta: meta}
	for _, i := range s.items {
		if utf8.Valid(i.data) {
			if config.Data == nil {
				config.Data = map[string]string{}
			}
			config.Data[i.key] = string(i.data)
			continue
		}
		if config.BinaryData == nil {
			config.BinaryData = map[string][]byte{}
		}
		config.BinaryData[i.key] = i.data
	}
	return config
}

// share keeps files under a source's name; whatever has a credential in it is
// a Secret.
func (r *renderer) share(source, name string, items []item, secret bool) shared {
	secret = secret || slices.ContainsFunc(items, func(i item) bool { return r.secret(string(i.data)) })
	s := shared{name: label(r.in.Stack) + "." + name, secret: secret, items: items}
	r.shared[source] = s
	return s
}

func (r *renderer) bindFiles(source string, content compose.Content) shared {
	relative := r.relative(source)
	return r.share("bind:"+relative, label(path.Base(relative)+"-"+hash(relative)[:8]), items(content), false)
}

func items(content compose.Content) []item {
	var list []item
	taken := map[string]bool{}
	for _, file := range content.Files {
		key := path.Base(file.Path)
		if taken[key] || len(validation.IsConfigMapKey(key)) > 0 {
			key = "file-" + hash(file.Path)[:12]
		}
		taken[key] = true
		list = append(list, item{key: key, path: file.Path, data: file.Data, executable: file.Executable})
	}
	return list
}

// fileMount is where and how files are mounted.
type fileMount struct {
	target string
	folder bool
	mode   *int32 // of every file; nil: readable by all, scripts executable
}

// files mounts a folder of files, or the one file by itself.
func (m *mounts) files(s shared, f fileMount, at []string) {
	var projected []corev1.KeyToPath
	for _, i := range s.items {
		mode := int32(0o444)
		if i.executable {
			mode = 0o555
		}
		if f.mode != nil {
			mode = *f.mode
		}
		projected = append(projected, corev1.KeyToPath{Key: i.key, Path: i.path, Mode: &mode})
	}
	source := corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
		LocalObjectReference: corev1.LocalObjectReference{Name: s.name}, Items: projected,
	}}
	if s.secret {
		source = corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: s.name, Items: projected}}
	}
	mount := corev1.VolumeMount{MountPath: f.target, ReadOnly: true}
	if !f.folder && len(s.items) == 1 {
		mount.SubPath = s.items[0].path
	}
	if m.mount(source, s.name, mount, at) {
		m.p.hashes = append(m.p.hashes, s.digest())
	}
}

// digest is a hash of the files' content.
func (s shared) digest() string {
	parts := []string{s.name}
	for _, i := range s.items {
		parts = append(parts, i.path, string(i.data))
	}
	return hash(parts...)
}

func (m *mounts) config(c types.ServiceConfigObjConfig, at []string) {
	target := c.Target
	if target == "" {
		target = "/" + c.Source
	}
	m.object("config", c.Source, types.FileObjectConfig(m.p.r.model.Configs[c.Source]), fileMount{target: target, mode: mode(c.Mode)}, at)
}

// secret mounts a secret; a target without a folder is in /run/secrets.
func (m *mounts) secret(s types.ServiceSecretConfig, at []string) {
	target := s.Target
	if target == "" {
		target = s.Source
	}
	if !path.IsAbs(target) {
		target = "/run/secrets/" + target
	}
	m.object("secret", s.Source, types.FileObjectConfig(m.p.r.model.Secrets[s.Source]), fileMount{target: target, mode: mode(s.Mode)}, at)
}

func mode(m *types.FileMode) *int32 {
	if m == nil || *m < 0 || *m > 0o777 {
		return nil
	}
	n := int32(*m)
	return &n
}

// object mounts a top-level config or secret: a file, a text, or a variable.
func (m *mounts) object(kind, source string, o types.FileObjectConfig, f fileMount, at []string) {
	r := m.p.r
	name := label(kind + "-" + source)
	if len(label(source)) != len(source) {
		name = label(kind + "-" + source + "-" + hash(source)[:8])
	}
	content := r.in.Project.Content[o.File]
	switch {
	case bool(o.External):
		r.lose("it is defined elsewhere; give its file or content here", at...)
	case o.File != "" && content.State != compose.Readable:
		r.lose("the file "+strconv.Quote(r.relative(o.File))+" cannot be carried over: "+string(content.State), at...)
	case o.File != "" && content.Folder:
		f.folder = true
		m.files(r.share(kind+":"+source, name, items(content), kind == "secret"), f, at)
	case o.File != "":
		file := item{key: kind, path: kind, data: content.Files[0].Data, executable: content.Files[0].Executable}
		m.files(r.share(kind+":"+source, name, []item{file}, kind == "secret"), f, at)
	default:
		if o.Environment != "" && o.Content == "" {
			r.lose("the variable "+strconv.Quote(o.Environment)+" is empty or not set; the file is empty", at...)
		}
		file := item{key: kind, path: kind, data: []byte(r.refs.rewrite("", o.Content))}
		m.files(r.share(kind+":"+source, name, []item{file}, kind == "secret"), f, at)
	}
}
