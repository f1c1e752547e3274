package jump

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"slotdeck/cluster/spawn"
)

// How long the login to a hop may take, how often a quiet chain is asked
// whether it is still there, and how long the answer may take.
const (
	loginTime  = 10 * time.Second
	aliveEvery = 15 * time.Second
	aliveTime  = 10 * time.Second
)

// Tunnel is a chain of hops, logged in to when first needed, and again when it
// broke. It may be used by several goroutines.
type Tunnel struct {
	hops  []Hop
	agent string

	mu     sync.Mutex
	chain  *chain
	trial  *trial // the login under way; nil: none is
	closed bool
	ended  spawn.Group
}

// trial is one login, for all who wait for it.
type trial struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

// chain is a login to all hops.
type chain struct{ clients []*ssh.Client }

func (c *chain) last() *ssh.Client { return c.clients[len(c.clients)-1] }

func (c *chain) close() {
	for i := len(c.clients) - 1; i >= 0; i-- {
		_ = c.clients[i].Close()
	}
}

// Open prepares a tunnel; nothing is dialled yet. AgentSocket is what
// SSH_AUTH_SOCK says, or empty.
func Open(hops []Hop, agentSocket string) *Tunnel {
	return &Tunnel{hops: hops, agent: agentSocket}
}

// Close ends the tunnel and every connection through it.
func (t *Tunnel) Close() {
	t.mu.Lock()
	t.closed = true
	if t.chain != nil {
		t.chain.close()
	}
	if t.trial != nil {
		t.trial.cancel()
	}
	t.mu.Unlock()
	t.ended.Wait()
}

var errClosed = errors.New("the tunnel was closed here")

// DialContext opens a connection from the last hop to an address.
func (t *Tunnel) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	for try := 0; ; try++ {
		c, err := t.login(ctx)
		if err != nil {
			return nil, err
		}
		conn, err := c.last().DialContext(ctx, network, addr)
		if err == nil {
			return t.carry(conn)
		}
		var refused *ssh.OpenChannelError
		if errors.As(err, &refused) {
			return nil, fmt.Errorf("%s cannot connect to it: %s", t.hops[len(t.hops)-1], refused.Message)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if try > 0 {
			return nil, fmt.Errorf("the connection through %s broke: %w", t.hops[len(t.hops)-1], err)
		}
		t.drop(c) // it broke unnoticed: once more with a new one
	}
}

// carry starts what a connection through the tunnel needs; Close waits for it.
func (t *Tunnel) carry(conn net.Conn) (net.Conn, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		_ = conn.Close()
		return nil, errClosed
	}
	return withDeadlines(conn, t.ended.Go), nil
}

func (t *Tunnel) drop(c *chain) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.chain == c {
		t.chain = nil
	}
	c.close()
}

// login returns the chain, with one login at a time. A caller that gives up
// does not end the login, which may take longer than one call has time.
func (t *Tunnel) login(ctx context.Context) (*chain, error) {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil, errClosed
	}
	if c := t.chain; c != nil {
		t.mu.Unlock()
		return c, nil
	}
	if t.trial == nil {
		long, cancel := context.WithTimeout(context.WithoutCancel(ctx), loginTime)
		one := &trial{cancel: cancel, done: make(chan struct{})}
		t.trial = one
		t.ended.Go(func() { t.connect(long, one) })
	}
	one := t.trial
	t.mu.Unlock()
	select {
	case <-one.done:
	case <-ctx.Done():
		return nil, fmt.Errorf("the login to %s takes too long: %w", t.hops[0], ctx.Err())
	}
	if one.err != nil {
		return nil, one.err
	}
	return t.login(ctx)
}

// connect logs in to every hop in turn.
func (t *Tunnel) connect(ctx context.Context, one *trial) {
	defer one.cancel()
	c := new(chain)
	var err error
	for _, h := range t.hops {
		if err = c.extend(ctx, h, t.agent); err != nil {
			break
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	defer close(one.done)
	t.trial, one.err = nil, err
	switch {
	case err != nil:
		c.close()
	case t.closed:
		c.close()
		one.err = errClosed
	default:
		t.chain = c
		t.ended.Go(func() { t.stayAlive(c) })
	}
}

// extend logs in to one more hop, from the last one.
func (c *chain) extend(ctx context.Context, h Hop, agentSocket string) error {
	known, err := trustOf(h)
	if err != nil {
		return err
	}
	conn, err := c.dial(ctx, h)
	if err != nil {
		return fmt.Errorf("the jump host %s cannot be reached: %w", h, err)
	}
	keys := keysOf(h, agentSocket)
	defer keys.close()
	if len(keys.signers) == 0 {
		_ = conn.Close()
		return fmt.Errorf("there is no key to log in to %s with: start an agent (ssh-add), or name a file as IdentityFile in ssh_config%s", h, keys.note())
	}
	stop := context.AfterFunc(ctx, spawn.Caught(func() { _ = conn.Close() }))
	defer stop()
	link, channels, requests, err := ssh.NewClientConn(conn, h.Addr, &ssh.ClientConfig{
		User:              h.User,
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(keys.signers...)},
		HostKeyCallback:   known.check,
		HostKeyAlgorithms: known.kinds,
	})
	if err != nil {
		_ = conn.Close()
		if ctx.Err() != nil {
			return fmt.Errorf("the login to %s took more than %v", h, loginTime)
		}
		return fmt.Errorf("the login to %s failed: %w%s", h, err, keys.note())
	}
	c.clients = append(c.clients, ssh.NewClient(link, channels, requests))
	return nil
}

func (c *chain) dial(ctx context.Context, h Hop) (net.Conn, error) {
	if len(c.clients) == 0 {
		return new(net.Dialer).DialContext(ctx, "tcp", h.Addr)
	}
	return c.last().DialContext(ctx, "tcp", h.Addr)
}

// stayAlive drops a chain whose last hop does not answer any more, so that
// calls through it fail and the next one logs in anew.
func (t *Tunnel) stayAlive(c *chain) {
	ended := make(chan struct{})
	t.ended.Go(func() {
		_ = c.last().Wait()
		close(ended)
	})
	tick := time.NewTicker(aliveEvery)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			t.drop(c)
			return
		case <-tick.C:
			late := time.AfterFunc(aliveTime, spawn.Caught(c.close))
			_, _, err := c.last().SendRequest("keepalive@openssh.com", true, nil)
			late.Stop()
			if err != nil {
				t.drop(c)
			}
		}
	}
}
