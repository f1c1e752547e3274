package run

import (
	"slotdeck/cluster"
	"slotdeck/cluster/wire"
)

// Cluster is where plans are carried out; *watch.Watch is one. A job asks it
// for addresses and connections, and reads the nodes by itself before it acts.
type Cluster interface {
	// Latest is the newest picture, nil before the first.
	Latest() *cluster.Snapshot
	// Node is the connection to a node that is known now.
	Node(id cluster.NodeID) (*wire.Node, bool)
	// Refresh asks for a new picture soon; it does not wait for it.
	Refresh()
}
