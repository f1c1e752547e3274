// Package plan answers one question: what would have to be done?
//
// A request (move these slots, rebalance, drain a primary) and a picture of the
// cluster become either a Plan (moves, checks, risk, cost, exact commands) or a
// Refusal with a typed reason and a sentence that says what to do. Slots that an
// earlier move left open become Recovery options. A plan can be kept in a file
// and is held against a fresh picture, by Recheck, just before anyone acts on it.
//
// Everything here is a pure function of its arguments: the same picture and the
// same request give the same plan, byte for byte. The package does no input or
// output, reads no clock, draws no random number, sends nothing, and never
// guesses who should own a slot that nobody owns.
package plan
