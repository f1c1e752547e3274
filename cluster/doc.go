// Package cluster answers one question: what does the cluster look like?
//
// It holds the values (Snapshot, Shard, Node, View, Event), the parsers of what
// servers answer, and the pure functions that make one picture out of many
// nodes' answers and tell what changed between two pictures. It does no input
// or output, reads no clock and starts no goroutine: every time in it was
// handed in by the caller.
package cluster
