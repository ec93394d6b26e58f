// Package yamlpos owns reading the project's own YAML files: it turns bytes
// into a tree whose every value knows its file, line and column, merges such
// trees, and decodes them into Go values, collecting all problems on the way.
//
// The bytes are untrusted: whatever they are, the outcome is a value or
// [Problems], never a panic, and the work done is bounded.
package yamlpos
