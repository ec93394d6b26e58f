// Package diagnose owns the answer to "why is this not well": it turns the
// observed state of a cluster into services and findings.
//
// It is pure: values in, values out, no clock and no I/O. Each kind of trouble
// is a small rule in a list; every rule documents itself, and the
// troubleshooting page is made from the same list. What a cluster says is
// untrusted: no message, however odd, makes a rule panic, and control
// characters never leave this package.
package diagnose
