//go:build unix

package wire

import (
	"net"
	"syscall"
)

// stale reports whether an idle connection can no longer carry a call: the
// other side closed it, or sent something nobody asked for. A restarted node
// is thus found before a command is sent into the dead connection, where it
// would be unknown whether it arrived.
func stale(conn net.Conn) bool {
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = t.NetConn() // under TLS
	}
	sys, ok := conn.(syscall.Conn)
	if !ok {
		return gone(conn)
	}
	raw, err := sys.SyscallConn()
	if err != nil {
		return true
	}
	waiting := false
	err = raw.Control(func(fd uintptr) {
		var one [1]byte
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		waiting = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
	})
	return err != nil || !waiting
}
