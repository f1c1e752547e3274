// Package quorum answers one question: who votes, and who can take over?
//
// It holds the servers' own rules of elections (who is a voter, how many are
// needed, when a replica is too old to stand, how long it all takes), applied
// to one Snapshot. It judges nothing and plans nothing: doctor and plan do. It
// does no input or output and reads no clock.
package quorum
