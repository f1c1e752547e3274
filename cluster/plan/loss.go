package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"slotdeck/cluster"
	"slotdeck/cluster/quorum"
)

// Loss is what the sudden loss of one zone would do.
type Loss struct {
	Zone      string   `json:"zone"`
	Nodes     int      `json:"nodes"`
	Primaries int      `json:"primaries"` // with slots: voters
	Lost      []string `json:"lost"`      // letters of the shards that have no usable node elsewhere
	LostSlots int      `json:"lost_slots"`
	// Interrupted are the shards whose primary is there, with a replica elsewhere
	// that could take over: by itself while there is a majority.
	Interrupted      []string `json:"interrupted"`
	InterruptedSlots int      `json:"interrupted_slots"`
	Bare             []string `json:"bare"`     // shards that keep their primary, and no usable replica
	Majority         bool     `json:"majority"` // too few voters would be left to elect anybody
}

// Text is the loss in a sentence.
func (l Loss) Text() string {
	var parts []string
	if l.LostSlots > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s %s gone with their data", count(l.LostSlots, "slot"), shardsText(l.Lost), isAre(l.LostSlots)))
	}
	switch {
	case l.InterruptedSlots > 0 && l.Majority:
		parts = append(parts, fmt.Sprintf("%s of %s %s not served until somebody orders a takeover", count(l.InterruptedSlots, "slot"), shardsText(l.Interrupted), isAre(l.InterruptedSlots)))
	case l.InterruptedSlots > 0:
		parts = append(parts, fmt.Sprintf("%s of %s %s not served until the replicas have taken over", count(l.InterruptedSlots, "slot"), shardsText(l.Interrupted), isAre(l.InterruptedSlots)))
	}
	if l.Majority {
		parts = append(parts, "the majority of the voting primaries is gone, so that nobody can be elected")
	}
	if len(l.Bare) > 0 {
		parts = append(parts, shardsText(l.Bare)+" "+verb(len(l.Bare), "is", "are")+" left without a replica")
	}
	if len(parts) == 0 {
		return "nothing is interrupted"
	}
	return strings.Join(parts, "; ")
}

// shardsText is "shard A", "shards A, B and C".
func shardsText(letters []string) string {
	return verb(len(letters), "shard ", "shards ") + someAnd(letters)
}

// someAnd lists the first few with an "and".
func someAnd(items []string) string {
	if len(items) > 1 && len(items) <= 8 {
		return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
	}
	return some(items)
}

// usable reports whether a node would be there to serve or to take over after a
// loss elsewhere, as far as is known.
func usable(n *cluster.Node) bool {
	switch {
	case n.Member.Flags&(cluster.Fail|cluster.NoAddr|cluster.Handshake) != 0, len(n.FailBy) > 0:
		return false
	case n.Health != cluster.Answering && n.Health != cluster.Denied && n.Health != cluster.Unknown:
		return false
	}
	return !n.Stats.Syncing && !n.Stats.Loading
}

// noZone is the zone of nodes of whom nobody knows where they live.
const noZone = "not known"

func zoneOf(z cluster.Zones, n *cluster.Node) string {
	if zone := z.Of(n); zone != "" {
		return zone
	}
	return noZone
}

// Losses is what losing each zone would do, by zone.
func Losses(s *cluster.Snapshot, zones cluster.Zones) []Loss {
	return lossesWith(s, zones, func(i int) cluster.NodeID { return s.Shards[i].Primary })
}

// lossesWith is Losses as it would be with other primaries.
func lossesWith(s *cluster.Snapshot, zones cluster.Zones, primaryOf func(shard int) cluster.NodeID) []Loss {
	index, nodes := map[string]int{}, map[cluster.NodeID]*cluster.Node{}
	var out []Loss
	at := func(n *cluster.Node) *Loss { return &out[index[zoneOf(zones, n)]] }
	for i := range s.Nodes {
		n := &s.Nodes[i]
		nodes[n.ID] = n
		zone := zoneOf(zones, n)
		if _, known := index[zone]; !known {
			index[zone] = len(out)
			out = append(out, Loss{Zone: zone, Lost: []string{}, Interrupted: []string{}, Bare: []string{}})
		}
		at(n).Nodes++
	}
	present := 0 // voters that would be there if nothing were lost
	there := make([]int, len(out))
	for i := range s.Shards {
		shard, primary := &s.Shards[i], nodes[primaryOf(i)]
		if shard.SlotLen == 0 || primary == nil {
			continue
		}
		at(primary).Primaries++
		if usable(primary) {
			present++
			there[index[zoneOf(zones, primary)]]++
		}
		loseShard(shard, primary, nodes, zones, at)
	}
	need := quorum.VotersOf(s).Need
	for i := range out {
		out[i].Majority = need > 0 && present-there[i] < need
	}
	slices.SortFunc(out, func(a, b Loss) int { return cmp.Compare(a.Zone, b.Zone) })
	return out
}

// loseShard books what becomes of one shard when each of its zones is lost.
func loseShard(shard *cluster.Shard, primary *cluster.Node, nodes map[cluster.NodeID]*cluster.Node, zones cluster.Zones, at func(*cluster.Node) *Loss) {
	var live []*cluster.Node // besides the primary
	for _, id := range append([]cluster.NodeID{shard.Primary}, shard.Replicas...) {
		if n := nodes[id]; n != nil && n != primary && usable(n) {
			live = append(live, n)
		}
	}
	home := zoneOf(zones, primary)
	elsewhere := slices.ContainsFunc(live, func(n *cluster.Node) bool { return zoneOf(zones, n) != home })
	l, letter := at(primary), clean(shard.Letter)
	if elsewhere {
		l.Interrupted, l.InterruptedSlots = append(l.Interrupted, letter), l.InterruptedSlots+shard.SlotLen
	} else {
		l.Lost, l.LostSlots = append(l.Lost, letter), l.LostSlots+shard.SlotLen
	}
	if len(live) == 0 || !elsewhere {
		return
	}
	if one := zoneOf(zones, live[0]); one != home && !slices.ContainsFunc(live, func(n *cluster.Node) bool { return zoneOf(zones, n) != one }) {
		at(live[0]).Bare = append(at(live[0]).Bare, letter)
	}
}
