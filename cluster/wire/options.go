package wire

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// What holds when Options leaves it open.
const (
	DefaultDialTimeout = 800 * time.Millisecond
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
	Audit   Audit    // who is told of every change before it is sent; nil: nobody

	// ReadOnly refuses, before anything is dialled, every command that may
	// change something, and every command that is not known to be harmless.
	ReadOnly bool

	// Changer logs in for commands that change something, in place of Username
	// and Password; nil: the same user does both.
	Changer *Login
}

// Login is who to log in as.
type Login struct {
	Username string
	Password Secret
}

// ForChanges is who logs in for commands that change something.
func (o Options) ForChanges() Login {
	if o.Changer != nil {
		return *o.Changer
	}
	return Login{o.Username, o.Password}
}

// asChanger are the options of the connections that change something.
func (o Options) asChanger() Options {
	who := o.ForChanges()
	o.Username, o.Password, o.Changer = who.Username, who.Password, nil
	return o
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
