// Package dump answers one question: do two DUMPs hold the same value?
//
// Servers write down the same value in many ways: sets and hashes in the order
// of their tables, which every process chooses anew, and small values differently
// after they were large. So payloads are read, and what is in them is compared.
// The package writes none, and asks no server.
//
// It is code of our own: the library in Go that reads these encodings, too
// (github.com/hdt3213/rdb), takes whole files alone, and makes room for whatever
// length they claim.
package dump
