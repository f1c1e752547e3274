package wire

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// A TLS server answers what is not TLS with an alert record.
const tlsAlert = 0x15

var errTLSNeeded = errors.New("the port speaks TLS")

// guard is a connection that serves one call at a time and keeps it within its
// bounds: the deadline is the call's, whatever the client library asks for;
// an interrupted connection stays interrupted; and replies are checked while
// they stream by.
type guard struct {
	net.Conn
	frames      frames
	firstError  string        // the first error line the node ever sent here, bounded
	heard       bool          // whether anything ever came
	sent        time.Time     // the first write since anything came; zero: none yet
	firstByte   time.Duration // from then to the first byte back; 0: none yet
	broken      error
	interrupted atomic.Bool

	mu       sync.Mutex // orders interrupt and begin, so that no deadline outlives an interruption
	deadline time.Time
}

func (g *guard) begin(deadline time.Time, most int64) {
	g.frames.grant(most)
	g.sent, g.firstByte = time.Time{}, 0
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.interrupted.Load() || g.deadline.Equal(deadline) {
		return
	}
	g.deadline = deadline
	_ = g.Conn.SetDeadline(deadline)
}

// interrupt ends the call in progress, and the connection with it.
func (g *guard) interrupt() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.interrupted.Store(true)
	_ = g.Conn.SetDeadline(time.Unix(1, 0))
}

func (g *guard) Read(p []byte) (int, error) {
	if err := g.unusable(); err != nil {
		return 0, err
	}
	n, err := g.Conn.Read(p)
	if n > 0 {
		if g.firstByte == 0 {
			g.firstByte = max(1, time.Since(g.sent))
		}
		if !g.heard && p[0] == tlsAlert {
			g.broken = errTLSNeeded
			return 0, g.broken
		}
		g.remember(p[:n])
		if bad := g.frames.pass(p[:n]); bad != nil {
			g.broken = bad
			return 0, bad
		}
	}
	if err != nil {
		g.broken = err
	}
	return n, err
}

// remember keeps the node's first line if it is an error: a node that refuses
// a connection says why only once, and then closes it.
func (g *guard) remember(p []byte) {
	if !g.heard && p[0] == '-' {
		g.firstError = string(p[1:min(len(p), 1024)])
	}
	g.heard = true
}

func (g *guard) Write(p []byte) (int, error) {
	if err := g.unusable(); err != nil {
		return 0, err
	}
	if g.sent.IsZero() || g.firstByte != 0 { // a long pipeline goes out in several writes
		g.sent, g.firstByte = time.Now(), 0
	}
	n, err := g.Conn.Write(p)
	if err != nil {
		g.lastWords()
		g.broken = err
	}
	return n, err
}

// lastWords reads what a node said before it closed the connection in the face
// of the first write.
func (g *guard) lastWords() {
	if g.heard {
		return
	}
	var words [512]byte
	if n, _ := g.Conn.Read(words[:]); n > 0 && g.frames.pass(words[:n]) == nil {
		g.remember(words[:n])
	}
}

func (g *guard) Close() error {
	if g.broken == nil {
		g.broken = net.ErrClosed
	}
	return g.Conn.Close()
}

func (g *guard) unusable() error {
	if g.interrupted.Load() {
		return os.ErrDeadlineExceeded
	}
	return g.broken
}

// The client library sets deadlines of its own before each read and write.

func (g *guard) SetDeadline(time.Time) error      { return nil }
func (g *guard) SetReadDeadline(time.Time) error  { return nil }
func (g *guard) SetWriteDeadline(time.Time) error { return nil }
