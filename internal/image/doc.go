// Package image owns container images: references and their substitution, the
// host's Docker cache, pulling with progress, building, and loading into the
// nodes of a kind cluster.
package image
