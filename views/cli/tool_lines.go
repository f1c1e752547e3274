package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// toolView is a cluster as the servers' own tool tells of it, so that scripts
// which look for its lines find them: those of redis-cli, or, of Valkey servers,
// those of valkey-cli, which has other words.
type toolView struct {
	primaries, replicas string // the words
	nodes               []toolNode
	claims              []toolClaim
}

// toolNode is a node that answers.
type toolNode struct {
	id, primary   cluster.NodeID // primary: of a replica
	addr          string
	slots         []keyslot.Range // by its own word
	replicas      int
	moving, taken []string // slots that its own line shows as migrating, and as importing
}

func (n toolNode) total() (slots int) {
	for _, r := range n.slots {
		slots += r.Len()
	}
	return slots
}

// toolClaim is a run of slots that several primaries call their own.
type toolClaim struct {
	slots  keyslot.Range
	owners []string
}

func toolViewOf(s *cluster.Snapshot) toolView {
	v := toolView{primaries: "masters", replicas: "slaves"}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.Health != cluster.Answering {
			continue
		}
		if n.Stats.Flavor == "valkey" {
			v.primaries, v.replicas = "primaries", "replicas"
		}
		t := toolNode{id: n.ID, addr: addressOf(n)}
		if n.Member.Flags.Has(cluster.Replica) {
			t.primary = n.Member.Primary
		} else {
			t.slots = n.Member.Slots
			if n.Shard >= 0 && n.Shard < len(s.Shards) {
				t.replicas = len(s.Shards[n.Shard].Replicas)
			}
		}
		if n.View.Value != nil {
			self, _ := n.View.Value.Member(n.ID)
			for _, open := range self.Open {
				list := &t.moving
				if open.Importing {
					list = &t.taken
				}
				*list = append(*list, fmt.Sprint(open.Slot))
			}
		}
		v.nodes = append(v.nodes, t)
	}
	for _, d := range s.Disputes {
		c := toolClaim{slots: d.Range}
		for _, says := range d.Says {
			if says.Owner != "" && slices.Contains(says.By, says.Owner) {
				c.owners = append(c.owners, addressByID(s, says.Owner))
			}
		}
		if len(c.owners) > 1 {
			v.claims = append(v.claims, c)
		}
	}
	return v
}

// answerPrimaries are the primaries, with and without slots.
func answerPrimaries(s *cluster.Snapshot) []primaryAnswer {
	out := []primaryAnswer{}
	for i := range s.Shards {
		sh := &s.Shards[i]
		p := primaryAnswer{ID: sh.Primary, Addr: addressByID(s, sh.Primary), Keys: -1, Slots: sh.SlotLen, Replicas: len(sh.Replicas)}
		if n, ok := s.Node(sh.Primary); ok && n.Health == cluster.Answering && n.Info.Known() && n.Stats.Keys >= 0 {
			p.Keys = n.Stats.Keys
		}
		out = append(out, p)
	}
	return out
}

// toolSummary are the lines about keys.
func toolSummary(list []primaryAnswer, v toolView) string {
	var b strings.Builder
	known, sum := 0, int64(0)
	for _, p := range list {
		keys := "unknown"
		if p.Keys >= 0 {
			keys, known, sum = fmt.Sprint(p.Keys), known+1, sum+p.Keys
		}
		slots := p.Slots
		if i := slices.IndexFunc(v.nodes, func(n toolNode) bool { return n.id == p.ID }); i >= 0 {
			slots = v.nodes[i].total()
		}
		fmt.Fprintf(&b, "%s (%s...) -> %s keys | %d slots | %d %s.\n", cmp.Or(p.Addr, "no primary"), p.ID.Short(), keys, slots, p.Replicas, v.replicas)
	}
	fmt.Fprintf(&b, "[OK] %d keys in %d %s.\n%.2f keys per slot on average.\n", sum, known, v.primaries, float64(sum)/allSlots)
	return b.String()
}

// members are the nodes, those of which the tool would have heard.
func (v toolView) members() string {
	var b strings.Builder
	for _, n := range v.nodes {
		if n.primary != "" {
			fmt.Fprintf(&b, "S: %s %s\n   slots: (0 slots) slave\n   replicates %s\n", n.id, n.addr, n.primary)
			continue
		}
		var runs []string
		for _, r := range n.slots {
			runs = append(runs, "["+r.String()+"]")
		}
		fmt.Fprintf(&b, "M: %s %s\n   slots:%s (%d slots) master\n", n.id, n.addr, strings.Join(runs, ","), n.total())
		if n.replicas > 0 {
			fmt.Fprintf(&b, "   %d additional replica(s)\n", n.replicas)
		}
	}
	return b.String()
}

// open are the lines about open slots.
func (v toolView) open() string {
	var b strings.Builder
	var all []string
	for _, n := range v.nodes {
		for _, side := range []struct {
			slots []string
			how   string
		}{{n.moving, "migrating"}, {n.taken, "importing"}} {
			if len(side.slots) > 0 {
				fmt.Fprintf(&b, "[WARNING] Node %s has slots in %s state %s.\n", n.addr, side.how, strings.Join(side.slots, ","))
			}
			for _, slot := range side.slots {
				if !slices.Contains(all, slot) {
					all = append(all, slot)
				}
			}
		}
	}
	if len(all) > 0 {
		fmt.Fprintf(&b, "[WARNING] The following slots are open: %s.\n", strings.Join(all, ","))
	}
	return b.String()
}

// owners are the lines about slots with several owners; empty when there are none.
func (v toolView) owners() string {
	var b strings.Builder
	for _, c := range v.claims {
		for slot := int(c.slots.First); slot <= int(c.slots.Last); slot++ {
			fmt.Fprintf(&b, "[WARNING] Slot %d has %d owners:\n", slot, len(c.owners))
			for _, addr := range c.owners {
				fmt.Fprintf(&b, "    %s\n", addr)
			}
		}
	}
	return b.String()
}
