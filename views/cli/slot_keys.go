package cli

import (
	"context"
	"fmt"

	"slotdeck/cluster"
	"slotdeck/cluster/keys"
	"slotdeck/cluster/watch"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// slotKeys reads slots for the screens, over the connections of the watch.
type slotKeys struct {
	watch  *watch.Watch
	reader keys.Reader
	loads  slotLoads
}

// CountKeys counts the keys that a node holds in slots.
func (s *slotKeys) CountKeys(ctx context.Context, id cluster.NodeID, slots []keyslot.Slot) ([]int64, error) {
	n, err := s.node(id)
	if err != nil {
		return nil, err
	}
	return s.reader.Count(ctx, n, slots)
}

// SampleKeys names some of the keys that a node holds in a slot.
func (s *slotKeys) SampleKeys(ctx context.Context, id cluster.NodeID, slot keyslot.Slot, most int) ([]string, error) {
	n, err := s.node(id)
	if err != nil {
		return nil, err
	}
	return s.reader.Sample(ctx, n, slot, most)
}

func (s *slotKeys) node(id cluster.NodeID) (*wire.Node, error) {
	n, ok := s.watch.Node(id)
	if !ok {
		return nil, fmt.Errorf("node %s is not connected", id.Short())
	}
	return n, nil
}
