package plan

import (
	"fmt"
	"slices"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// direct is how many earlier nodes each node is told to meet. Gossip does the
// rest; with one only, it takes long, and with all of them a large cluster is
// flooded.
const direct = 8

// steps is what is left to do, without the last look.
func (c *creation) steps() (out []MemberStep) {
	all := c.nodes()
	// A primary that is among a minority calls no cluster ok for a node timeout
	// after, and one that knows of no slots is. So the slots come before all else:
	// the epochs would have it look once more, and that time begin anew.
	if cmds := c.assignments(all); len(cmds) > 0 {
		out = append(out, MemberStep{Act: ActSend, Commands: cmds, Title: "give the slots out"})
	}
	if cmds := c.epochs(all); len(cmds) > 0 {
		out = append(out, MemberStep{Act: ActSend, Commands: cmds,
			Title: "give every node an epoch of its own, so that they need not argue about them"})
	}
	if cmds := c.meetings(all); len(cmds) > 0 {
		out = append(out, MemberStep{Act: ActMeet, Commands: cmds, Among: all,
			Title: fmt.Sprintf("let the nodes meet, until each of %d knows all others", len(all))})
	}
	var following []MemberNode
	for i := range c.Servers {
		p, ok := c.layout.under[i]
		if ok && !c.Servers[i].Stats.LinkUp {
			following = append(following, all[i])
		}
		if !ok || c.Servers[i].self().Flags.Has(cluster.Replica) {
			continue
		}
		out = append(out, MemberStep{Act: ActFollow, About: all[i].ID, Among: []MemberNode{all[i]},
			Wants:    []MemberWant{{ID: all[i].ID, Under: all[p].ID}},
			Commands: []Command{all[i].send("CLUSTER", "REPLICATE", string(all[p].ID))},
			Title:    fmt.Sprintf("make %s a replica of %s", all[i].Addr, all[p].Addr)})
	}
	if len(following) > 0 {
		out = append(joinFollows(out), MemberStep{Act: ActSync, Among: following, Title: "wait until every replica is linked to its primary"})
	}
	return out
}

// joinFollows makes one step of those that make replicas, so that they run at
// once.
func joinFollows(steps []MemberStep) (out []MemberStep) {
	for _, s := range steps {
		if last := len(out) - 1; s.Act == ActFollow && last >= 0 && out[last].Act == ActFollow {
			out[last].Commands = append(out[last].Commands, s.Commands...)
			out[last].Among = append(out[last].Among, s.Among...)
			out[last].Wants = append(out[last].Wants, s.Wants...)
			out[last].Title = fmt.Sprintf("make %d nodes replicas", len(out[last].Commands))
			continue
		}
		out = append(out, s)
	}
	return out
}

// epochs are for nodes that know nobody yet and have none: only there the
// server takes one.
func (c *creation) epochs(all []MemberNode) (cmds []Command) {
	used := map[uint64]bool{}
	for i := range c.Servers {
		used[c.Servers[i].self().Epoch] = true
	}
	next := uint64(1)
	for _, i := range c.order() {
		s := &c.Servers[i]
		if s.self().Epoch != 0 || len(s.acquaintances()) > 0 {
			continue
		}
		for used[next] {
			next++
		}
		used[next] = true
		cmds = append(cmds, all[i].send("CLUSTER", "SET-CONFIG-EPOCH", fmt.Sprint(next)))
	}
	return cmds
}

// order is the primaries in the order of their slots, then the replicas.
func (c *creation) order() []int {
	out := slices.Clone(c.layout.primaries)
	for i := range c.Servers {
		if _, replica := c.layout.under[i]; replica {
			out = append(out, i)
		}
	}
	return out
}

// meetings are none when everybody knows everybody.
func (c *creation) meetings(all []MemberNode) (cmds []Command) {
	missing := false
	for i := range c.Servers {
		for j := range c.Servers {
			missing = missing || i != j && !c.Servers[i].knows(all[j].ID)
		}
	}
	for i := range c.Servers {
		for j := max(0, i-direct); j < i && missing; j++ {
			if !c.Servers[i].knows(all[j].ID) || !c.Servers[j].knows(all[i].ID) {
				cmds = append(cmds, all[i].meet(all[j]))
			}
		}
	}
	if missing && len(cmds) == 0 { // gossip has yet to bring the rest
		cmds = append(cmds, all[1].meet(all[0]))
	}
	return cmds
}

func (c *creation) assignments(all []MemberNode) (cmds []Command) {
	for _, p := range c.layout.primaries {
		left := keyslot.SetOf(c.slots[p]...).Minus(keyslot.SetOf(c.Servers[p].self().Slots...))
		if !left.Empty() {
			cmds = append(cmds, all[p].send(append([]string{"CLUSTER", "ADDSLOTSRANGE"}, slotWords(left.Ranges())...)...))
		}
	}
	return cmds
}
