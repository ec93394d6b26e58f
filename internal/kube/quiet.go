package kube

import (
	"sync"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// quiet keeps client-go and controller-runtime from writing to standard
// error, which may be a terminal that somebody else draws on; what matters of
// it comes back as errors. Both have one logger per process, set once.
var quiet = sync.OnceFunc(func() {
	klog.SetLogger(logr.Discard())
	log.SetLogger(logr.Discard())
})
