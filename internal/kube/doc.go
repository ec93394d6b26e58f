// Package kube owns talking to a cluster's API: applying and pruning objects,
// observing their state, logs, exec and port forwards. It is the only package
// that imports client-go and fluxcd's ssa.
//
// Objects are applied server-side under one field owner. What an environment
// owns is what carries its labels and stands in its stack's inventory, a
// ConfigMap that is written before objects are; nothing else is ever deleted.
package kube
