package plan

import (
	"fmt"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// ResetRequest asks for servers to forget whom they know.
type ResetRequest struct {
	Servers []MemberServer
	Around  *cluster.Snapshot // the cluster they are in; nil: they know nobody who answers
	Hard    bool              // they take new ids, too
}

// PlanReset plans CLUSTER RESET. A node that others list has to leave their
// cluster first: else it stays among them as a node without slots, or Valkey
// pulls it back within seconds. All nodes of a cluster can be reset together.
// The error is a *Refusal.
func PlanReset(r ResetRequest) (MemberPlan, error) {
	var f findings
	var nodes []MemberNode
	going := map[cluster.NodeID]bool{}
	for i := range r.Servers {
		s := &r.Servers[i]
		if s.Err != nil || s.View == nil || !plainID(s.ID()) {
			s.usable(&f)
			continue
		}
		if going[s.ID()] {
			continue
		}
		going[s.ID()] = true
		nodes = append(nodes, s.node())
	}
	if len(r.Servers) == 0 {
		f.deny(BadRequest, "no server is named")
	}
	if f.refusal == nil {
		outsiders(r, going, &f)
	}
	p := MemberPlan{Kind: MemberReset, Risk: Safe, Why: "it holds no keys and owns no slots"}
	for i := range r.Servers {
		resettable(&r.Servers[i], &p, &f)
	}
	if err := f.err(); err != nil {
		return MemberPlan{}, err
	}
	p.Checks = f.checks
	p.Title = "reset " + nodes[0].Addr
	if len(nodes) > 1 {
		p.Title = fmt.Sprintf("reset %d nodes: their cluster is gone afterwards", len(nodes))
	}
	p.Steps = []MemberStep{resetStep(nodes, r.Hard)}
	return p, nil
}

// outsiders refuses while nodes that are not reset list one that is.
func outsiders(r ResetRequest, going map[cluster.NodeID]bool, f *findings) {
	if r.Around == nil {
		return
	}
	for i := range r.Around.Nodes {
		n := &r.Around.Nodes[i]
		if going[n.ID] || n.Health != cluster.Answering || n.View.Value == nil {
			continue
		}
		for _, m := range n.View.Value.Members {
			if going[m.ID] {
				f.deny(InUse, fmt.Sprintf("%s still lists %s: a node that is reset alone stays among the others, or is pulled back; slotdeck del-node %s %s makes all forget it and then resets it",
					address(n), memberName(m), address(n), clean(string(m.ID))), m.ID)
				return
			}
		}
	}
	f.ok("no node that stays lists one that is reset")
}

// resettable says what is lost with one server.
func resettable(s *MemberServer, p *MemberPlan, f *findings) {
	if s.Err != nil || s.View == nil {
		return
	}
	self, addr := s.self(), clean(s.Addr)
	replica := self.Flags.Has(cluster.Replica)
	switch keys := s.Stats.Keys; {
	case keys > 0 && !replica:
		f.deny(NotEmpty, fmt.Sprintf("%s holds %s, and no server is reset with keys in it; FLUSHALL there first, if they may go", addr, count(int(keys), "key")), self.ID)
		return
	case replica:
		lossy(p, addr, fmt.Sprintf("%s drops its copy of the data", addr))
		f.warn(fmt.Sprintf("%s is a replica: it drops its copy (%s) and its functions", addr, keysText(keys)))
	case len(self.Slots) > 0:
		lossy(p, addr, "the slots lose their owner")
		f.warn(fmt.Sprintf("%s owns %s (%s), which nobody owns afterwards", addr, count(keyslot.SetOf(self.Slots...).Len(), "slot"), rangesText(self.Slots)))
	default:
		f.ok(addr + " holds no keys and owns no slots")
	}
	if known := s.acquaintances(); len(known) > 0 {
		f.ok(fmt.Sprintf("%s forgets %s", addr, count(len(known), "other node")))
	}
}

func keysText(n int64) string {
	if n < 0 {
		return "how many keys is not known"
	}
	return count(int(n), "key")
}

// lossy makes a plan lossy; the first server's address is to be typed.
func lossy(p *MemberPlan, addr, why string) {
	if p.Risk != Lossy {
		p.Risk, p.Why, p.Type = Lossy, why, addr
	}
}
