// Package watch answers one question: what is true now, and what just changed?
//
// A Watch finds every node of a cluster from any one that answers, asks each of
// them over a connection of its own, and publishes one Snapshot after another.
// A node that is dead, frozen or talks rubbish costs the others nothing. What
// the nodes' answers mean together is decided in package cluster; this package
// only fetches them. It changes nothing on any node.
package watch
