// Package backup answers one question: how does all data of a cluster get into
// a folder, so that one can tell it is whole?
//
// It asks each primary for a copy as a replica would, writes it beside a listing
// of the nodes and checksums, and calls nothing a backup that was not received
// to its end and checked. It does not bring data back, and does not decide when
// to take a backup.
package backup
