package wire

import "net"

// gone asks a connection that is no socket, one through a jump host, whether
// its far side has ended it.
func gone(conn net.Conn) bool {
	c, ok := conn.(interface{ Gone() bool })
	return ok && c.Gone()
}
