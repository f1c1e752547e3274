//go:build !unix

package wire

import "net"

// stale cannot be told of a socket without reading on this system: the call
// finds out.
func stale(conn net.Conn) bool { return gone(conn) }
