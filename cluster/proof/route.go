package proof

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// route finds the owners of slots the way an application's client does: it
// keeps a map, and learns from MOVED and ASK. Unlike most it never repeats a
// command that may have been carried out.
type route struct {
	judge *Judge

	mu      sync.Mutex
	owners  [keyslot.Count]string
	refresh time.Time // of the whole map
}

func newRoute(j *Judge, w *world) *route { return &route{judge: j, owners: w.owners} }

func (r *route) owner(slot keyslot.Slot) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.owners[slot]
}

func (r *route) moved(slot keyslot.Slot, addr string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.owners[slot] = addr
}

// renew reads the map from any node that answers, at most every 50 ms.
func (r *route) renew(ctx context.Context) {
	r.mu.Lock()
	soon := time.Since(r.refresh) < 50*time.Millisecond
	if !soon {
		r.refresh = time.Now()
	}
	r.mu.Unlock()
	if soon {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	addr := r.judge.addrs[rand.IntN(len(r.judge.addrs))]
	view, err := r.judge.view(ctx, addr)
	if err != nil {
		return // another one next time
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range view.Members {
		if m.Flags&(cluster.Fail|cluster.Handshake) != 0 {
			continue
		}
		for slot := range keyslot.SetOf(m.Slots...).All() {
			r.owners[slot] = m.Endpoint.Addr()
		}
	}
}

// result is what a write came to.
type result uint8

const (
	acked   result = iota // answered; the replicas that were waited for have it
	unsafe                // answered; too few replicas confirmed it
	refused               // certainly not carried out
	unsure                // nobody knows
)

// send writes one key, following redirections, until it is answered, may have
// been carried out, or the context ends. It tells the reply, where it came from
// and whether it was asked for.
func (r *route) send(ctx context.Context, c *cell, cmd []any, replicas int) (result, Ack, any) {
	slot := keyslot.Of(c.name.key)
	addr, asking := r.owner(slot), false
	for ctx.Err() == nil {
		began := time.Now()
		result, reply, err := r.once(ctx, place{addr, c.name.db}, cmd, asking, replicas)
		if result != refused {
			return result, Ack{Write: c.tried, Addr: addr, Began: began, At: time.Now(), Asked: asking}, reply
		}
		asking = false
		word, rest, _ := strings.Cut(err.Error(), " ")
		switch _, to, _ := strings.Cut(rest, " "); word {
		case "MOVED":
			addr = to
			r.moved(slot, to)
		case "ASK":
			addr, asking = to, true
		default: // TRYAGAIN, CLUSTERDOWN, LOADING, READONLY, nobody listens …
			r.renew(ctx)
			select {
			case <-ctx.Done():
			case <-time.After(5 * time.Millisecond):
			}
			addr = r.owner(slot)
		}
	}
	return refused, Ack{}, nil
}

// once sends a command to one node, with WAIT behind it when replicas are to
// have it.
func (r *route) once(ctx context.Context, at place, cmd []any, asking bool, replicas int) (result, any, error) {
	pipe := r.judge.client(at).Pipeline() // on one connection, which is what WAIT is about
	if asking {
		pipe.Do(ctx, "ASKING")
	}
	write := pipe.Do(ctx, cmd...)
	var wait *redis.Cmd
	if replicas > 0 {
		wait = pipe.Do(ctx, "WAIT", replicas, 500)
	}
	pipe.Exec(ctx) // each command has its own error
	err := write.Err()
	var said redis.Error
	switch {
	case err == nil:
	case errors.As(err, &said):
		return refused, nil, err
	case notSent(err):
		return refused, nil, err
	default:
		return unsure, nil, err
	}
	if wait != nil {
		if n, err := wait.Int(); err != nil || n < replicas {
			return unsafe, write.Val(), nil
		}
	}
	return acked, write.Val(), nil
}

// notSent reports whether an error means that no connection was to be had.
func notSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}
