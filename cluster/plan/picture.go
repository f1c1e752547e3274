package plan

import (
	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// primary is one primary as a plan sees it.
type primary struct {
	id    cluster.NodeID
	node  *cluster.Node
	shard *cluster.Shard
	own   keyslot.Set
	slots int
}

// picture is a snapshot indexed for planning. It is read-only once made.
type picture struct {
	snap      *cluster.Snapshot
	nodes     map[cluster.NodeID]*cluster.Node
	primaries []primary // by shard
	index     map[cluster.NodeID]int
	owner     [keyslot.Count]int16 // index into primaries, -1: none
	orphans   keyslot.Set          // slots without a primary
	zones     cluster.Zones        // where nodes stand; planners of members set it
}

// look indexes a snapshot. A snapshot that shows nothing yet is refused.
func look(s *cluster.Snapshot) (*picture, error) {
	if s == nil || s.Owner == nil || len(s.Nodes) == 0 {
		return nil, &Refusal{Reason: NotConverged,
			Text: "nothing is known of the cluster yet; wait until a node has answered, then plan again"}
	}
	p := &picture{snap: s,
		nodes: make(map[cluster.NodeID]*cluster.Node, len(s.Nodes)),
		index: make(map[cluster.NodeID]int, len(s.Shards))}
	for i := range s.Nodes {
		p.nodes[s.Nodes[i].ID] = &s.Nodes[i]
	}
	byShard := make([]int16, len(s.Shards))
	for i := range s.Shards {
		byShard[i] = -1
		shard := &s.Shards[i]
		node := p.nodes[shard.Primary]
		if shard.Primary == "" || node == nil {
			continue
		}
		byShard[i] = int16(len(p.primaries))
		p.index[shard.Primary] = len(p.primaries)
		p.primaries = append(p.primaries, primary{id: shard.Primary, node: node, shard: shard})
	}
	for slot := range p.owner {
		at := int16(-1)
		if o := s.Owner[slot]; o >= 0 && int(o) < len(byShard) {
			at = byShard[o]
		}
		p.owner[slot] = at
		if at < 0 {
			p.orphans.Add(keyslot.Slot(slot))
			continue
		}
		p.primaries[at].own.Add(keyslot.Slot(slot))
		p.primaries[at].slots++
	}
	return p, nil
}

// primaryOf is the primary with that id, or a refusal that says what the node is
// instead. as says which part it plays, such as "the target".
func (p *picture) primaryOf(id cluster.NodeID, as string) (*primary, error) {
	node := p.nodes[id]
	if node == nil {
		return nil, &Refusal{Reason: UnknownNode, Nodes: []cluster.NodeID{id},
			Text: as + " " + quote(string(id)) + " is not a node of this cluster; look its id up among the nodes"}
	}
	flags := node.Member.Flags
	refuse := func(text string) (*primary, error) {
		return nil, &Refusal{Reason: NotPrimary, Nodes: []cluster.NodeID{id}, Text: as + " " + p.name(id) + " " + text}
	}
	if i, ok := p.index[id]; ok && !flags.Has(cluster.Replica) && !flags.Has(cluster.Handshake) {
		if !plainID(id) {
			return nil, &Refusal{Reason: StrangeNode, Nodes: []cluster.NodeID{id},
				Text: as + " has the id " + quote(string(id)) + ", which no server gives; find out what answers at " + p.name(id)}
		}
		return &p.primaries[i], nil
	}
	switch {
	case flags.Has(cluster.Handshake):
		return refuse("is still joining the cluster (handshake); wait until the other nodes know it")
	case flags.Has(cluster.Replica) && node.Member.Primary != "":
		return refuse("is a replica; only a primary can hold slots: name its primary, " + p.name(node.Member.Primary))
	}
	return refuse("is not a primary now; only a primary can hold slots")
}

// name is how sentences call a node: "A 10.0.0.11:7001", or a short id where
// letter and address are missing.
func (p *picture) name(id cluster.NodeID) string {
	node := p.nodes[id]
	if node == nil {
		return clean(id.Short())
	}
	addr := address(node)
	if addr == "" {
		addr = clean(id.Short())
	}
	if i, ok := p.index[id]; ok && p.primaries[i].shard.Letter != "" {
		return clean(p.primaries[i].shard.Letter) + " " + addr
	}
	return addr
}

func (p *picture) names(ids []cluster.NodeID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = p.name(id)
	}
	return out
}
