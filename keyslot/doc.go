// Package keyslot answers one question: which of the 16,384 slots does a key
// live in, and why? It holds slots, runs and sets of slots, the part of a key
// that decides (its hash tag), and the search for a tag that lands where it is
// wanted. It knows nothing of servers: it does no input or output, reads no
// clock and starts no goroutine.
package keyslot
