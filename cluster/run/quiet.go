package run

import (
	"context"
	"fmt"
	"time"

	"slotdeck/cluster"
)

// idleLink is the most bytes that an idle bus link reports as waiting.
const idleLink = 1024

// quiet waits until a node has sent what it had to tell the others over the bus.
//
// A node that was given slots broadcasts once for each of them, and every
// broadcast but the last lacks some. A Valkey node that imports a slot takes it
// for its own as soon as it hears from the source without that slot, and the
// source then deletes its keys (seen on Valkey 8.1: slots moved back within
// 40 ms of having come). So a slot is not imported from a node whose older words
// may still be under way.
func (j *Job) quiet(ctx context.Context, id cluster.NodeID) error {
	for deadline := time.Now().Add(5 * time.Second); ; {
		v, err := j.crew.do(ctx, id, "CLUSTER", "LINKS")
		if err != nil {
			if unknownCommand(err) {
				return pause(ctx, time.Second) // cannot be asked: long enough for any broadcast
			}
			return err
		}
		waiting := waitingIn(v)
		if waiting <= idleLink {
			return nil
		}
		if time.Now().After(deadline) {
			return refuse(id, nil, "%s still has %d bytes to tell the other nodes; wait until its bus links are free", j.crew.name(id), waiting)
		}
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
}

// waitingIn is the most bytes that wait on one link, in an answer to CLUSTER LINKS.
func waitingIn(reply any) (most int64) {
	list, _ := reply.([]any)
	for _, e := range list {
		if f := fieldsOf(e); words(f, "direction") == "to" {
			most = max(most, number(f, "send-buffer-used"))
		}
	}
	return most
}

// settleWords waits until what sources have told is not only sent but heard by
// the targets: what has left a node arrives within a round trip, and is read as a
// whole before the next command.
func (j *Job) settleWords(ctx context.Context, from, to []cluster.NodeID) error {
	for _, id := range from {
		if err := j.quiet(ctx, id); err != nil {
			return fmt.Errorf("slots cannot be opened yet: %w", err)
		}
	}
	if err := pause(ctx, 100*time.Millisecond); err != nil {
		return err
	}
	for range 2 {
		for _, id := range to {
			if _, err := j.crew.do(ctx, id, "PING"); err != nil {
				return err
			}
		}
	}
	return nil
}
