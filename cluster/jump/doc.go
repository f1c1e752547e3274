// Package jump answers: how does a connection get through a jump host?
//
// It opens connections to nodes through a chain of SSH servers, with the keys of
// the agent or of files, and with every server's key checked against known_hosts.
// It never accepts an unknown key, never asks for anything, and runs no command
// on the servers.
package jump
