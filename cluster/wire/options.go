package wire

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// What holds when Options leaves it open.
const (
	DefaultDialTimeout = time.Second
	DefaultCallTimeout = 1500 * time.Millisecond
)

// Options say how a node is reached. The zero value is a plain connection
// without a password.
type Options struct {
	Username string
	Password Secret
	TLS      *tls.Config // nil: plain; an empty ServerName is filled with the dialled host

	DialTimeout time.Duration // for the connection and the TLS handshake together; 0: DefaultDialTimeout
	CallTimeout time.Duration // for a call whose context has no deadline; 0: DefaultCallTimeout

	// Dial opens the connection, in place of the operating system's: through a
	// jump host, or to another address than the one asked for.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	Journal *Journal // where calls are recorded; nil: nowhere
}

func (o Options) withDefaults() Options {
	if o.DialTimeout <= 0 {
		o.DialTimeout = DefaultDialTimeout
	}
	if o.CallTimeout <= 0 {
		o.CallTimeout = DefaultCallTimeout
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	return o
}
