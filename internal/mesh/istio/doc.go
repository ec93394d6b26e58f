// Package istio owns how Istio says what a mesh is and does, and how a wish of a
// person's becomes objects of its. It reads the objects that configure Istio,
// the answers of Envoy's admin interface and of istiod, and folds them into a
// [mesh.State].
//
// It is pure: values in, values out, no clock and no I/O. What a cluster or a
// proxy says is untrusted: no answer, however odd, makes a reader panic.
package istio
