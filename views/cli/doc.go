// Package cli answers one question: what did the operator ask for on the
// command line? It reads arguments and environment, answers in plain text or
// JSON with what the other rooms know, opens the console, and ends with an exit
// code that tells the truth. It computes nothing about clusters by itself.
package cli
