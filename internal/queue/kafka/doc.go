// Package kafka asks Kafka: it makes samples of topics and of groups of every
// protocol, shows messages without consuming them, and does what a person at a
// screen asks for, on the brokers' own protocol. It keeps what it has learned,
// so that the next sample asks only for what has changed.
package kafka
