package run

import (
	"context"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/wire"
)

// roundTrip is commands to one node in one go, each in a database of its own: the
// connection is in the first before and after.
type roundTrip struct {
	cmds [][]any
	ours []int // which of them were added, the others select databases
	db   int
}

func (r *roundTrip) in(db int) {
	if r.db != db {
		r.cmds, r.db = append(r.cmds, []any{"SELECT", db}), db
	}
}

func (r *roundTrip) add(db int, words ...any) {
	r.in(db)
	r.ours = append(r.ours, len(r.cmds))
	r.cmds = append(r.cmds, words)
}

// send returns the answers to the commands that were added. The error is one of
// the way there and back, or of a SELECT.
func (r *roundTrip) send(ctx context.Context, c *crew, id cluster.NodeID, timeout time.Duration) ([]wire.Answer, error) {
	r.in(0)
	answers, err := c.call(ctx, id, timeout, r.cmds...)
	if err != nil {
		return nil, err
	}
	out := make([]wire.Answer, 0, len(r.ours))
	for i, a := range answers {
		if n := len(out); n < len(r.ours) && r.ours[n] == i {
			out = append(out, a)
		} else if a.Err != nil {
			return nil, a.Err
		}
	}
	return out, nil
}
