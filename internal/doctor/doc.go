// Package doctor owns the checks of the host before anything starts: facts are
// collected, and pure rules turn them into checks, each with its remedy.
package doctor
