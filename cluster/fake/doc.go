// Package fake answers one question: what if a node behaved like this?
//
// A Server listens on loopback and speaks RESP2 like one cluster node, or not
// at all like one: a Hook may delay, replace, cut off or withhold the answer
// to any command. A Cluster is many such servers around one scripted Topology
// that can be changed while they run. It stores no keys and keeps no cluster
// bus: what is real belongs to real servers.
package fake
