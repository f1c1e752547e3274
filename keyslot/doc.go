// Package keyslot answers one question: which of the 16,384 slots does a key
// live in, and why? It knows nothing of servers: it does no input or output,
// reads no clock and starts no goroutine.
package keyslot
