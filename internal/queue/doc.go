// Package queue owns the sample vocabulary of brokers and the sampler: what a
// broker reports at an instant, how samples become rates, trends and times to
// drain, and how one broker's trouble is kept from another's. What is not known
// is a value of its own, never zero. The adapters, a package per system below
// this one, turn a broker's own answers into a [Sample].
package queue
