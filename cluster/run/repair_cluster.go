package run

import (
	"slotdeck/cluster"
	"slotdeck/cluster/wire"
)

// crewCluster lets a job that moves keys use the connections of a crew: the
// nodes of one picture, which the job reads anew by itself.
type crewCluster struct {
	crew *MemberCrew
	snap *cluster.Snapshot
}

// Latest is the picture.
func (c *crewCluster) Latest() *cluster.Snapshot { return c.snap }

// Node is the connection to a node of the picture.
func (c *crewCluster) Node(id cluster.NodeID) (*wire.Node, bool) {
	n, ok := c.snap.Node(id)
	if !ok || n.Dialled == "" {
		return nil, false
	}
	return c.crew.at(n.Dialled), true
}

// Refresh does nothing: nobody else looks at this picture.
func (c *crewCluster) Refresh() {}
