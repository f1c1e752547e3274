// Package reach answers: where is a node dialled, given what it announces?
//
// Nodes in containers, behind address translation or at the far end of a tunnel
// announce addresses that are good among themselves and of no use from here.
// Rules turn the one into the other. Only connections from here use them: what
// the nodes tell each other (MIGRATE, MEET, REPLICATE) keeps their own addresses.
package reach
