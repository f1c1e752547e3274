package proof

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// Judge looks at the nodes of one cluster. Its methods may be called from any
// goroutine.
type Judge struct {
	addrs    []string
	password string

	mu      sync.Mutex
	clients map[place]*redis.Client
}

// place is one database of one node.
type place struct {
	addr string
	db   int
}

// Open prepares a judge of the cluster that these nodes make up: all of them,
// since a node that nobody asks can contradict nobody. Nothing is dialled yet.
func Open(addrs []string, password string) *Judge {
	return &Judge{addrs: slices.Clone(addrs), password: password, clients: map[place]*redis.Client{}}
}

// Close drops the connections.
func (j *Judge) Close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range j.clients {
		c.Close()
	}
	clear(j.clients)
}

// client talks to one database of one node, follows nobody and repeats nothing.
func (j *Judge) client(p place) *redis.Client {
	j.mu.Lock()
	defer j.mu.Unlock()
	if c := j.clients[p]; c != nil {
		return c
	}
	c := redis.NewClient(&redis.Options{
		Addr:                     p.addr,
		DB:                       p.db,
		Password:                 j.password,
		Protocol:                 2,
		DisableIdentity:          true,
		MaxRetries:               -1,
		DialTimeout:              time.Second,
		DialerRetries:            1,
		ReadTimeout:              10 * time.Second,
		WriteTimeout:             10 * time.Second,
		PoolSize:                 32,
		ContextTimeoutEnabled:    true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	j.clients[p] = c
	return c
}

// answers reports whether something listens at an address. The client library
// writes each refused connection to standard error, so one knocks first.
func answers(ctx context.Context, addr string) error {
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return conn.Close()
}

// view is what one node says of all nodes.
func (j *Judge) view(ctx context.Context, addr string) (*cluster.View, error) {
	if err := answers(ctx, addr); err != nil {
		return nil, fmt.Errorf("node %s is not there to be asked: %w", addr, err)
	}
	text, err := j.client(place{addr: addr}).ClusterNodes(ctx).Result()
	if err != nil {
		return nil, fmt.Errorf("node %s does not say who owns what: %w", addr, err)
	}
	return cluster.ParseNodes(text)
}

// world is who owns what, as one node says, and how many databases there are.
type world struct {
	owners    [keyslot.Count]string // addresses; empty: nobody
	primaries []string              // addresses, sorted
	databases int
}

// world asks the first node that answers. That all nodes say the same is for
// Agreement to find out, beforehand.
func (j *Judge) world(ctx context.Context) (*world, error) {
	var errs []error
	for _, addr := range j.addrs {
		v, err := j.view(ctx, addr)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		w := &world{databases: j.databases(ctx, addr)}
		for _, m := range v.Members {
			if !m.Flags.Has(cluster.Primary) || m.Flags.Has(cluster.Handshake) {
				continue
			}
			at := m.Endpoint.Addr()
			w.primaries = append(w.primaries, at)
			for slot := range keyslot.SetOf(m.Slots...).All() {
				w.owners[slot] = at
			}
		}
		slices.Sort(w.primaries)
		return w, nil
	}
	return nil, errors.Join(errs...)
}

// databases is how many a node has in cluster mode: one, but for Valkey 9.
func (j *Judge) databases(ctx context.Context, addr string) int {
	setting, err := j.client(place{addr: addr}).ConfigGet(ctx, "cluster-databases").Result()
	if err != nil {
		return 1
	}
	n, err := strconv.Atoi(setting["cluster-databases"])
	if err != nil {
		return 1
	}
	return n
}

// owned is the slots of the primary at an address.
func (w *world) owned(addr string) (s keyslot.Set) {
	for slot, owner := range w.owners {
		if owner == addr {
			s.Add(keyslot.Slot(slot))
		}
	}
	return s
}

// some is the first few of many sentences.
func some(lines []string) string {
	const few = 8
	if len(lines) > few {
		return strings.Join(lines[:few], "; ") + fmt.Sprintf("; and %d more", len(lines)-few)
	}
	return strings.Join(lines, "; ")
}

// Owned is the slots of the primary at an address, as the first node that
// answers tells.
func (j *Judge) Owned(ctx context.Context, addr string) (keyslot.Set, error) {
	w, err := j.world(ctx)
	if err != nil {
		return keyslot.Set{}, err
	}
	return w.owned(addr), nil
}
