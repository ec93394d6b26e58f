// Package env owns what is known of an environment: events, the snapshot that
// they fold into, the store that hands the newest snapshot to whoever watches,
// and the record of environments on disk.
//
// Everything here is a value. Runtimes, log sources and samplers emit events;
// the terminal UI, the reports and the API read snapshots.
package env
