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

// Line opens a Line to the same node, see Dial.
func (n *Node) Line(ctx context.Context, patience time.Duration) (*Line, error) {
	return Dial(ctx, n.addr, n.options, patience)
}
