// Package embedded owns the embedded runtime: an environment without Docker,
// whose servers are processes of its keeper. Real servers are programs found
// on this machine or fetched; imitations, and the programs of this module, are
// run by our own binary. A server's folder is locked by the server itself, so
// that no two ever own the same data, whoever was killed before.
package embedded
