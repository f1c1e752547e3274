package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// importLine is a connection and the database that it stands in.
type importLine struct {
	*wire.Line
	db int
}

func (l *importLine) in(db int) error {
	if l.db == db {
		return nil
	}
	_, err := l.Do("SELECT", db)
	if err == nil {
		l.db = db
	}
	return err
}

// importHand carries batches, one at a time, over connections of its own.
type importHand struct {
	*importing
	source  *importLine
	targets map[string]*importLine
}

func (h *importHand) close() {
	h.drop("")
	for addr := range h.targets {
		h.drop(addr)
	}
}

// drop closes the connection to a target, or to the source.
func (h *importHand) drop(addr string) {
	if l := h.targets[addr]; l != nil {
		l.Close()
		delete(h.targets, addr)
	}
	if addr == "" && h.source != nil {
		h.source.Close()
		h.source = nil
	}
}

func (h *importHand) from(ctx context.Context, db int) (*importLine, error) {
	if h.source == nil {
		line, err := wire.Dial(ctx, h.plan.Source.Addr, h.options.From, importPatience)
		if err != nil {
			return nil, err
		}
		h.source = &importLine{line, 0}
	}
	return h.source, h.source.in(db)
}

func (h *importHand) to(ctx context.Context, addr string, db int) (*importLine, error) {
	if h.targets[addr] == nil {
		line, err := wire.Dial(ctx, addr, h.options.To, importPatience)
		if err != nil {
			return nil, err
		}
		h.targets[addr] = &importLine{line, 0}
	}
	return h.targets[addr], h.targets[addr].in(db)
}

// page carries the keys of a page in batches.
func (h *importHand) page(ctx context.Context, b importBatch) error {
	for len(b.keys) > 0 {
		n := min(h.next(), len(b.keys))
		c := &carrying{db: b.db, keys: b.keys[:n], state: map[string]*carried{}}
		if err := h.batch(ctx, c, 0); err != nil {
			return err
		}
		b.keys = b.keys[n:]
	}
	return nil
}

// carried is what is known of one key of a batch.
type carried struct {
	put   string // the DUMP that this import has put into the cluster; empty: none
	there bool   // the cluster has the value that the source had at the last look
	held  bool   // it was there with the same value before this import
	gone  bool   // the source does not have it
	why   string // why it is left at the source; empty: it is not
}

// carrying is a batch under way. Keys are done when they are there and, unless
// they are copied, no more at the source.
type carrying struct {
	db    int
	keys  []string
	state map[string]*carried
}

// errAgain is why a batch has to be tried again.
var errAgain = errors.New("again")

// batch carries keys until each is settled. Whatever happens between, a key is
// deleted at the source only in a transaction that fails when the key is not
// any more what the cluster has got.
func (h *importHand) batch(ctx context.Context, c *carrying, tries int) error {
	for _, k := range c.keys {
		if c.state[k] == nil {
			c.state[k] = &carried{}
		}
	}
	until := time.Now().Add(importTrouble)
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		owners := h.current()
		err := h.try(ctx, c, owners)
		if errors.Is(err, errChanged) {
			return h.apart(ctx, c, tries)
		}
		if err == nil {
			h.settle(c)
			return nil
		}
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		if !errors.Is(err, errAgain) {
			return err
		}
		if time.Now().After(until) {
			return fmt.Errorf("keys could not be imported within %v: %w", importTrouble, err)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := h.refresh(ctx, owners); err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// errChanged is that a key of the batch changed at the source between reading
// and deleting.
var errChanged = errors.New("a key is being changed at the source")

// importTries is how often a single key is tried that changes all the time.
const importTries = 20

// apart carries the halves of a batch one after the other, so that one key that
// changes all the time holds up no other.
func (h *importHand) apart(ctx context.Context, c *carrying, tries int) error {
	if len(c.keys) == 1 {
		if tries++; tries >= importTries {
			c.state[c.keys[0]].why = "it changes at the source all the time; the cluster has a copy that is out of date"
			h.settle(c)
			return nil
		}
		return h.batch(ctx, c, tries)
	}
	half := len(c.keys) / 2
	for _, keys := range [][]string{c.keys[:half], c.keys[half:]} {
		if err := h.batch(ctx, &carrying{db: c.db, keys: keys, state: c.state}, tries); err != nil {
			return err
		}
	}
	return nil
}

// onceMore marks what passes: a lost connection, a failover, a slot that has moved.
func onceMore(err error) error { return fmt.Errorf("%w: %w", errAgain, err) }

// importPasses reports whether an error can be gone in a moment.
func importPasses(err error) bool {
	switch wire.KindOf(err) {
	case wire.Refused, wire.Timeout, wire.Unreachable, wire.Hangup, wire.Loading, wire.ClusterDown:
		return true
	}
	return saying(err, "MOVED ", "ASK ", "TRYAGAIN", "MASTERDOWN", "READONLY", "CLUSTERDOWN")
}

// try carries the batch once.
func (h *importHand) try(ctx context.Context, c *carrying, owners *importOwners) error {
	source, err := h.from(ctx, c.db)
	if err != nil {
		h.drop("")
		return orAgain(err)
	}
	values, took, err := h.read(source, c)
	if err != nil {
		h.drop("")
		return orAgain(err)
	}
	var bytes int64
	byAddr := map[string][]importItem{}
	for _, v := range values {
		bytes += int64(len(v.dump))
		addr := owners.addr[keyslot.Of(v.key)]
		if addr == "" {
			return onceMore(fmt.Errorf("slot %d has no primary that answers", keyslot.Of(v.key)))
		}
		byAddr[addr] = append(byAddr[addr], v)
	}
	var worst error
	for _, addr := range sortedKeys(byAddr) {
		slower, err := h.restore(ctx, c, addr, byAddr[addr], owners.replicas[addr])
		took = max(took, slower)
		if err != nil {
			h.drop(addr)
			if err = orAgain(err); worst == nil || !errors.Is(err, errAgain) {
				worst = err
			}
		}
	}
	h.learn(len(c.keys), bytes, took)
	h.add(func(r *ImportReport) { r.Bytes += bytes })
	if h.plan.Copy || worst != nil && !errors.Is(worst, errAgain) {
		return worst
	}
	if err := h.remove(source, c); err != nil {
		h.drop("")
		return orAgain(err)
	}
	return worst
}

func orAgain(err error) error {
	if errors.Is(err, errAgain) || !importPasses(err) {
		return err
	}
	return onceMore(err)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// remove deletes at the source what the cluster has now, unless any of the
// batch has changed since it was read.
func (h *importHand) remove(source *importLine, c *carrying) error {
	cmd := []any{h.unlink()}
	for _, k := range c.keys {
		if s := c.state[k]; s.there && !s.gone && s.why == "" {
			cmd = append(cmd, k)
		}
	}
	if len(cmd) == 1 {
		_, err := source.Do("UNWATCH")
		return err
	}
	answers := source.Pipeline([]any{"MULTI"}, cmd, []any{"EXEC"})
	for _, a := range answers {
		if a.Err != nil {
			return a.Err
		}
	}
	if answers[2].Value == nil {
		return errChanged
	}
	for _, k := range cmd[1:] {
		c.state[k.(string)].gone = true
	}
	return nil
}

// settle counts what became of the keys of a batch.
func (h *importHand) settle(c *carrying) {
	h.add(func(r *ImportReport) {
		for _, k := range c.keys {
			switch s := c.state[k]; {
			case s.why != "":
				r.Left++
				if len(r.Trouble) < importShown {
					r.Trouble = append(r.Trouble, ImportLeft{c.db, plain(k), s.why})
				}
			case s.there && s.held:
				r.Present++
			case s.there || s.put != "":
				r.Imported++
			default:
				r.Gone++
			}
		}
	})
}
