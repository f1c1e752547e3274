package quorum

import (
	"slices"

	"slotdeck/cluster"
)

// Voters are the primaries that own slots. Only they agree on failures and
// elect replicas.
type Voters struct {
	IDs       []cluster.NodeID // all of them, dead or alive, by shard
	Answering []cluster.NodeID // those that answer the console
	Size      int              // how many there are in the servers' own count; at least len(IDs)
	Need      int              // how many make a majority; 0 when there are no voters
}

// VotersOf finds the voters of a snapshot.
func VotersOf(s *cluster.Snapshot) Voters {
	var v Voters
	for i := range s.Shards {
		id := s.Shards[i].Primary
		if id == "" || s.Shards[i].SlotLen == 0 {
			continue
		}
		v.IDs = append(v.IDs, id)
		if n, ok := s.Node(id); ok && n.Health == cluster.Answering {
			v.Answering = append(v.Answering, id)
		}
	}
	// A shard without a primary lost a voter, and still counts for the majority
	// in the eyes of the nodes that remember it; the servers' own count decides.
	v.Size = len(v.IDs)
	for i := range s.Nodes {
		if ci := s.Nodes[i].ClusterInfo; s.Nodes[i].Health == cluster.Answering && ci.Known() {
			v.Size = max(v.Size, ci.Value.Size)
		}
	}
	if v.Size > 0 {
		v.Need = v.Size/2 + 1
	}
	return v
}

// Has reports whether a node votes.
func (v Voters) Has(id cluster.NodeID) bool { return slices.Contains(v.IDs, id) }

// Among is how many of the given nodes vote.
func (v Voters) Among(ids []cluster.NodeID) int {
	n := 0
	for _, id := range ids {
		if v.Has(id) {
			n++
		}
	}
	return n
}

// Others is how many voters there are besides one node.
func (v Voters) Others(id cluster.NodeID) int {
	if v.Has(id) {
		return len(v.IDs) - 1
	}
	return len(v.IDs)
}

// Sees is how many voters a node itself can work with: those that its own view
// shows neither failed nor suspected, itself included. ok is false when the
// node's view was never read.
func (v Voters) Sees(s *cluster.Snapshot, node cluster.NodeID) (seen int, ok bool) {
	n, found := s.Node(node)
	if !found || !n.View.Known() {
		return 0, false
	}
	for _, id := range v.IDs {
		m, listed := n.View.Value.Member(id)
		if listed && m.Flags&(cluster.PFail|cluster.Fail|cluster.Handshake|cluster.NoAddr) == 0 {
			seen++
		}
	}
	return seen, true
}

// CanElect reports whether enough voters remain to elect a successor of one
// node: they answer the console, and that node is not counted.
func (v Voters) CanElect(without cluster.NodeID) bool {
	n := len(v.Answering)
	if slices.Contains(v.Answering, without) {
		n--
	}
	return v.Need > 0 && n >= v.Need
}
