// Package tui owns the terminal UI: the frame around its screens, the overlays,
// and turning what a person presses into requests to an environment. It draws
// snapshots and reads log lines; it does not know where either comes from.
//
// A key becomes an intent, an intent a method; what takes time happens in
// commands, whose results come back as messages; drawing changes nothing.
package tui
