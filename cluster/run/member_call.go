package run

import (
	"context"
	"time"

	"slotdeck/cluster"
)

// MemberAnswer is what one node made of a command.
type MemberAnswer struct {
	ID      cluster.NodeID
	Addr    string
	Replica bool
	Value   any // string, int64, []any or nil
	Err     error
	Took    time.Duration
}

// Call sends one command to the given nodes of a picture, all at once, and
// returns their answers in the picture's order. A node that does not answer
// within the patience has that as its error.
func (c *MemberCrew) Call(ctx context.Context, s *cluster.Snapshot, wanted func(*cluster.Node) bool, patience time.Duration, args ...any) []MemberAnswer {
	var nodes []*cluster.Node
	for i := range s.Nodes {
		if wanted(&s.Nodes[i]) {
			nodes = append(nodes, &s.Nodes[i])
		}
	}
	out := make([]MemberAnswer, len(nodes))
	inTurns(len(nodes), func(i int) {
		n := nodes[i]
		a := MemberAnswer{ID: n.ID, Addr: n.Dialled, Replica: n.Member.Flags.Has(cluster.Replica)}
		if n.Health != cluster.Answering && n.Health != cluster.Loading {
			a.Err = n.Err // it did not answer a moment ago
		} else {
			began := time.Now()
			got := c.ask(ctx, n.Dialled, patience, args)[0]
			a.Value, a.Err, a.Took = got.Value, got.Err, time.Since(began)
		}
		out[i] = a
	})
	return out
}
