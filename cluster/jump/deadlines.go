package jump

import (
	"io"
	"net"
	"sync/atomic"
)

// limited is a connection through a tunnel, with the deadlines that SSH's own
// channels lack: what stands between is a pipe that has them.
type limited struct {
	net.Conn // our end of the pipe
	through  net.Conn
	gone     *atomic.Bool
}

func withDeadlines(through net.Conn, start func(func())) net.Conn {
	near, far := net.Pipe()
	gone := new(atomic.Bool)
	end := func() {
		gone.Store(true)
		_ = far.Close()
		_ = through.Close()
	}
	start(func() { // each ends when either side is closed
		defer end()
		_, _ = io.Copy(far, through)
	})
	start(func() {
		defer end()
		_, _ = io.Copy(through, far)
	})
	return &limited{Conn: near, through: through, gone: gone}
}

// Gone reports whether the far side has ended the connection.
func (l *limited) Gone() bool { return l.gone.Load() }

// Close closes both ends.
func (l *limited) Close() error {
	_ = l.through.Close()
	return l.Conn.Close()
}

// RemoteAddr is the address at the far end.
func (l *limited) RemoteAddr() net.Addr { return l.through.RemoteAddr() }
