// Package rocketmq answers for a RocketMQ broker: its topics and groups as a
// sample, messages shown without consuming them, messages written, topics made
// and deleted, groups moved. It speaks the remoting protocol itself, since the
// Go client knows nothing of how far groups are.
//
// A source has two endpoints, "namesrv" and "broker". A name server tells
// addresses of the inside; each stands for the one broker that the endpoint
// leads to. Others are counted, and said not to be asked.
package rocketmq
