package image

import (
	"slices"
	"sync"
	"time"
)

// listedFor is how long a list of a node's images counts. Images are looked for
// one after the other, and listing takes a program in the node to be started,
// and another for each image whose ID is not in the list.
const listedFor = 5 * time.Second

// nodeLists are what nodes were last seen to hold. The zero value has seen none.
type nodeLists struct {
	mu    sync.Mutex
	lists map[string]nodeList
}

type nodeList struct {
	images []NodeImage
	at     time.Time
}

// of is what the node holds, by a list that is not old. One look is enough for
// all who ask at the same time.
func (l *nodeLists) of(node string, list func() ([]NodeImage, error)) ([]NodeImage, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known, ok := l.lists[node]; ok && time.Since(known.at) < listedFor {
		return slices.Clone(known.images), nil
	}
	at := time.Now()
	images, err := list()
	if err != nil {
		return nil, err
	}
	if l.lists == nil {
		l.lists = make(map[string]nodeList)
	}
	l.lists[node] = nodeList{images: images, at: at}
	return slices.Clone(images), nil
}

// forget drops the lists of nodes whose images change.
func (l *nodeLists) forget(nodes []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, node := range nodes {
		delete(l.lists, node)
	}
}
