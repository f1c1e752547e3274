package wire

import "context"

type rehearsalKey struct{}

// Rehearse sends commands that look as if they changed something and are written
// so that the server has to refuse them, as whoever changes something: for
// learning who may and what is known there. They are counted among what reads,
// and no audit is told.
func (n *Node) Rehearse(ctx context.Context, cmds ...[]any) []Answer {
	return n.Pipeline(context.WithValue(ctx, rehearsalKey{}, true), cmds...)
}

func rehearsing(ctx context.Context) bool { return ctx.Value(rehearsalKey{}) != nil }
