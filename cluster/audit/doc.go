// Package audit answers: what was changed, by whom, when, and what came of it?
//
// It is an append-only journal in files, written before a command is sent and
// again with its outcome, so that even the last command of a killed program is
// there. It decides nothing, and it never holds a password: what it is given is
// redacted already.
package audit
