// Package fetch owns the fetching of servers' programs: whole, verified, once.
// The embedded runtime runs real servers on machines that have neither Docker
// nor the servers; what it fetches lies in a cache that all environments of a
// user share.
package fetch
