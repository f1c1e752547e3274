// Package lab answers one question: can I have a real cluster, here and now?
//
// It starts real servers on loopback in a temporary folder, joins them into a
// cluster, fills it, sends traffic, and kills, freezes, thaws and restarts
// nodes: for the demo, for lessons, and for tests. It leaves nothing behind,
// even when its own process is killed.
//
// It pretends nothing: every answer comes from a server that was found on this
// machine. It refuses to touch a server that it did not start.
package lab
