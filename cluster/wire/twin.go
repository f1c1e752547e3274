package wire

import (
	"context"
	"time"
)

// Twin prepares the same node once more, with connections of its own: for work
// that has to last, or to log in as somebody else. Tune may change the copy of
// the options; nil leaves them as they are.
func (n *Node) Twin(tune func(*Options)) *Node {
	o := n.options
	if tune != nil {
		tune(&o)
	}
	return Open(n.addr, o)
}

// TwinForChanges is a Twin that logs in as the one who changes something, also for
// what only reads: work that changes something reads what others need not.
func (n *Node) TwinForChanges() *Node { return Open(n.addr, n.options.asChanger()) }

// Line opens a Line to the same node, see Dial, as the one who changes something.
func (n *Node) Line(ctx context.Context, patience time.Duration) (*Line, error) {
	return Dial(ctx, n.addr, n.options.asChanger(), patience)
}
