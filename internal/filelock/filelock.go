// Package filelock owns how one process at a time holds a file, and with it
// what the file stands for. A lock ends with the process that holds it, however
// that ends.
package filelock
