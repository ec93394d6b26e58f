// Package story owns the words of the demo: what is asked of the gateway, the
// event that it publishes, what the consumers make of it, and the trace that
// ties their log lines together. Everything here is a value.
package story
