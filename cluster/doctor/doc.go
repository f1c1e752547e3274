// Package doctor answers one question: what is wrong, how do you know, and
// will it heal by itself?
//
// It reads one Snapshot and nothing else: no input or output, no clock. Where a
// fact is missing it says so; it never guesses one, and it changes nothing.
// Every text it makes is plain and clean: no colours, no control bytes.
package doctor
