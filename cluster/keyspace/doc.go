// Package keyspace answers one question: what can be said of keys, commands and
// answers without asking anybody?
//
// It follows a command from node to node on paper (a Trace), knows which words
// of a command are keys, says in sentences why a cluster refuses one, and adds
// up what a walk over the keys finds. It holds values; package keys asks servers.
package keyspace
