package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"slotdeck/cluster/spawn"
)

// lane is one connection to a node, for one call at a time. The client library
// gets a connection that is open already and lives exactly as long as it: so a
// failed dial never meets the library's own retries, and a call can be
// interrupted.
type lane struct {
	client *redis.Client // nil while not connected
	conn   *guard
	auth   bool // there is a password to give
}

func (l *lane) close() {
	if l.client != nil {
		_ = l.client.Close()
		_ = l.conn.Conn.Close()
	}
	l.client, l.conn = nil, nil
}

// errSpent answers the library when it wants to dial again by itself.
var errSpent = errors.New("the connection is gone")

// connect makes the lane ready for a call that has to end by the deadline.
func (l *lane) connect(ctx context.Context, addr string, o *Options, deadline time.Time) error {
	if l.client != nil && l.conn.unusable() == nil && !stale(l.conn.Conn) {
		return nil
	}
	l.close()
	if limit := time.Now().Add(o.DialTimeout); limit.Before(deadline) {
		deadline = limit
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	network, at := "tcp", addr
	if path, local := strings.CutPrefix(addr, "unix://"); local {
		network, at = "unix", path
	}
	conn, err := o.Dial(ctx, network, at)
	if err != nil {
		return &stageError{stage: "connecting to", err: err}
	}
	if o.TLS != nil {
		if conn, err = handshake(ctx, conn, addr, o.TLS); err != nil {
			return &stageError{stage: "the TLS handshake with", err: err, tls: true}
		}
	}
	l.conn, l.auth = &guard{Conn: conn}, !o.Password.Empty()
	l.client = newClient(addr, l.conn, o)
	return nil
}

func handshake(ctx context.Context, conn net.Conn, addr string, base *tls.Config) (net.Conn, error) {
	config := base.Clone()
	if config.ServerName == "" {
		if host, _, err := net.SplitHostPort(addr); err == nil {
			config.ServerName = host
		}
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

// newClient wraps an open connection. RESP2, because its framing is the simpler
// one to keep within bounds, and nothing here needs the other.
func newClient(addr string, conn *guard, o *Options) *redis.Client {
	var taken atomic.Bool
	return redis.NewClient(&redis.Options{
		Addr:     addr,
		Username: o.Username,
		Password: o.Password.Reveal(),
		Protocol: 2,
		Dialer: func(context.Context, string, string) (net.Conn, error) {
			if taken.Swap(true) {
				return nil, errSpent
			}
			return conn, nil
		},
		DialerRetries:            1,
		MaxRetries:               -1,
		ReadTimeout:              -2, // the guard keeps the deadline
		WriteTimeout:             -2,
		ContextTimeoutEnabled:    true,
		PoolSize:                 2, // one is used; at the first failed dial a pool of one would start to probe by itself
		MaxActiveConns:           1,
		PipelinePoolSize:         -1,
		ConnMaxIdleTime:          -1,
		ReadBufferSize:           16 << 10,
		WriteBufferSize:          4 << 10,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

// exchange sends all commands at once and reads all answers; exact ones as
// Node.Exact tells them.
func (l *lane) exchange(ctx context.Context, cmds [][]any, deadline time.Time, exact bool) ([]Answer, error) {
	fresh := !l.conn.heard
	most, bounded := ctx.Value(mostKey{}).(int64)
	if !bounded {
		most = maxReply
	}
	l.conn.begin(deadline, most)
	stop := context.AfterFunc(ctx, spawn.Caught(l.conn.interrupt))
	defer func() {
		if !stop() {
			l.close() // the interruption is under way, and must not meet the next call
		}
	}()

	pipe := l.client.Pipeline()
	sent := make([]redis.Cmder, len(cmds))
	for i, cmd := range cmds {
		if exact {
			sent[i] = redis.NewRawCmd(ctx, revealed(cmd)...)
			_ = pipe.Process(ctx, sent[i]) // it only queues
		} else {
			sent[i] = pipe.Do(ctx, revealed(cmd)...)
		}
	}
	_, err := pipe.Exec(ctx)
	var reply redis.Error
	if err != nil && !errors.As(err, &reply) {
		return nil, l.cause(err)
	}
	// When the handshake is refused no command is sent, and none has an error.
	if err != nil && !slices.ContainsFunc(sent, func(c redis.Cmder) bool { return c.Err() != nil }) {
		l.close()
		return nil, err
	}
	answers := make([]Answer, len(cmds))
	for i, cmd := range sent {
		answers[i] = answerOf(cmd)
	}
	// Bytes beyond the answers would be taken for the next call's.
	if l.conn.frames.replies != len(cmds)+l.greeting(fresh) || !l.conn.frames.whole() {
		l.close()
	}
	return answers, nil
}

// greeting is how many replies a fresh connection's handshake brings: one to
// HELLO, and one to AUTH when HELLO was refused and there is a password.
func (l *lane) greeting(fresh bool) int {
	switch {
	case !fresh:
		return 0
	case l.conn.firstError != "" && l.auth:
		return 2
	}
	return 1
}

// revealed puts passwords in the place of the Secrets among the words.
func revealed(cmd []any) []any {
	out := cmd
	for i, arg := range cmd {
		if s, is := arg.(Secret); is {
			if &out[0] == &cmd[0] {
				out = slices.Clone(cmd)
			}
			out[i] = s.Reveal()
		}
	}
	return out
}

// cause finds why a connection broke, and drops it.
func (l *lane) cause(err error) error {
	defer l.close()
	if errors.Is(l.conn.broken, errRubbish) {
		return l.conn.broken
	}
	if l.conn.firstError != "" && l.conn.frames.whole() && !l.conn.interrupted.Load() {
		if text := refusal(l.conn.firstError); text != "" {
			return replyError(text)
		}
	}
	return err
}
