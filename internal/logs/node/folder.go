package node

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/logs/wire"
)

// racy is how old a folder's last change must be when it is listed, for the
// list to count as complete: two changes may bear the same time.
const racy = time.Second

// lister returns the names of what is in a folder, in any order.
type lister func(path string) ([]string, error)

func readNames(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}

// folder is one that is listed again only when it has changed.
type folder struct {
	path     string
	names    lister
	modified time.Time
	settled  bool
}

// list returns what is in the folder, and false where that is as it was. A
// folder that is not there has nothing in it.
func (d *folder) list(now time.Time) (names []string, changed bool) {
	info, err := os.Stat(d.path)
	if err != nil {
		changed = !d.modified.IsZero()
		d.modified, d.settled = time.Time{}, true
		return nil, changed && errors.Is(err, fs.ErrNotExist)
	}
	if d.settled && info.ModTime().Equal(d.modified) {
		return nil, false
	}
	if names, err = d.names(d.path); err != nil {
		return nil, false // the next poll sees more
	}
	age := now.Sub(info.ModTime())
	d.modified, d.settled = info.ModTime(), age > racy || age < -racy
	return names, true
}

func (r *reader) folder(parent, name string) folder {
	return folder{path: filepath.Join(parent, name), names: r.root.names}
}

// pod is a Pod's folder.
type pod struct {
	folder
	name, uid  string
	containers map[string]*container // by name
}

// container is a container's folder.
type container struct {
	folder
	source wire.Source // of the container alone
	// files are those that are not over, oldest first; the first of them is
	// the one that is read.
	files []*file
	// over are those that are read to their end and still there.
	over   map[wire.Source]bool
	listed bool
	// unborn: a file has no first line yet by which to know it, or could not be
	// opened.
	unborn bool
	gone   bool
}

// poll looks once at all folders and at how far files have grown.
func (r *reader) poll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.options.Now()
	r.polled = now
	r.findPods(now)
	for _, p := range r.pods {
		r.findContainers(p, now)
	}
	left := r.containers[:0]
	for _, c := range r.containers {
		r.findFiles(c, now)
		r.look(c)
		if c.gone && len(c.files) == 0 {
			continue
		}
		left = append(left, c)
	}
	clear(r.containers[len(left):])
	r.containers = left
}

func (r *reader) findPods(now time.Time) {
	names, changed := r.root.list(now)
	if !changed {
		return
	}
	there := make(map[string]bool, len(names))
	for _, name := range names {
		// The form is <namespace>_<name>_<uid>; none of them has a "_".
		parts := strings.Split(name, "_")
		if len(parts) != 3 || !slices.Contains(r.namespaces, parts[0]) {
			continue
		}
		there[name] = true
		if r.pods[name] == nil {
			r.pods[name] = &pod{
				folder: r.folder(r.root.path, name), name: parts[1], uid: parts[2],
				containers: make(map[string]*container),
			}
		}
	}
	for name, p := range r.pods {
		if !there[name] {
			for _, c := range p.containers {
				c.gone = true
			}
			delete(r.pods, name)
		}
	}
}

func (r *reader) findContainers(p *pod, now time.Time) {
	names, changed := p.list(now)
	if !changed {
		return
	}
	there := make(map[string]bool, len(names))
	for _, name := range names {
		there[name] = true
		if p.containers[name] == nil {
			c := &container{
				folder: r.folder(p.path, name), over: make(map[wire.Source]bool),
				source: wire.Source{Pod: p.name, UID: p.uid, Container: name},
			}
			p.containers[name] = c
			r.containers = append(r.containers, c)
		}
	}
	for name, c := range p.containers {
		if !there[name] {
			c.gone = true
			delete(p.containers, name)
		}
	}
}
