// Package wire answers one question: how do I talk to this one node?
//
// A Node is one address and the few connections to it. It sends what it is
// told, within a deadline and a bound on what it will read, and says in a
// sentence what went wrong. Everything sent that changes something is kept in
// a Journal. The package does not decide what to send, never repeats a command
// by itself and never follows MOVED or ASK to another node.
package wire
