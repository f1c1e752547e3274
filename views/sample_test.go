package views

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// sampleNow is the moment of all samples; nothing in a test reads the clock.
var sampleNow = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// change turns a healthy sample into another one.
type change func(*cluster.Snapshot)

// sampleSnapshot is six healthy nodes: primaries A, B, C at 10.0.0.11:7001 and
// so on, with one replica each (7004, 7005, 7006), after the given changes.
func sampleSnapshot(changes ...change) *cluster.Snapshot { return sampleShards(3, changes...) }

// sampleShards is n shards with equal parts of the slots, one replica each.
func sampleShards(n int, changes ...change) *cluster.Snapshot {
	s := &cluster.Snapshot{
		At: sampleNow, Seq: 1, Interval: time.Second,
		Owner: new([keyslot.Count]int16),
		Seeds: []cluster.SeedState{{Addr: sampleAddr(1), ID: sampleID(1)}},
	}
	for i := range n {
		s.Shards = append(s.Shards, cluster.Shard{
			Letter: sampleLetter(i), Hue: i,
			Primary: sampleID(i + 1), Replicas: []cluster.NodeID{sampleID(n + i + 1)},
		})
		s.Nodes = append(s.Nodes, sampleNode(i+1, i, cluster.Primary), sampleNode(n+i+1, i, cluster.Replica))
	}
	for slot := range s.Owner {
		s.Owner[slot] = int16(slot * n / keyslot.Count)
	}
	for _, c := range changes {
		c(s)
	}
	settle(s)
	return s
}

// sampleID is the id of the node numbered from 1.
func sampleID(i int) cluster.NodeID {
	sum := sha1.Sum(fmt.Appendf(nil, "node %d", i))
	return cluster.NodeID(hex.EncodeToString(sum[:]))
}

func sampleAddr(i int) string { return fmt.Sprintf("10.0.0.%d:%d", 10+i, 7000+i) }

func sampleLetter(i int) string {
	if i < 26 {
		return string(rune('A' + i))
	}
	return string(rune('A'+i/26-1)) + string(rune('A'+i%26))
}

// sampleInfo is what every node of a sample answers to INFO, for the details.
var sampleInfo = cluster.Info{Sections: []cluster.InfoSection{
	{Name: "Server", Fields: []cluster.InfoField{{Name: "redis_version", Value: "8.0.3"}, {Name: "uptime_in_seconds", Value: "144000"}}},
	{Name: "Memory", Fields: []cluster.InfoField{{Name: "used_memory", Value: "1073741824"}, {Name: "maxmemory_policy", Value: "noeviction"}}},
}}

func sampleNode(i, shard int, role cluster.Flags) cluster.Node {
	const gib = 1 << 30
	return cluster.Node{
		ID: sampleID(i), Dialled: sampleAddr(i), Shard: shard,
		Health: cluster.Answering, Since: sampleNow.Add(-time.Hour), LastSeen: sampleNow.Add(-300 * time.Millisecond),
		Member: cluster.Member{
			ID: sampleID(i), Flags: role, Epoch: uint64(shard + 1), Linked: true,
			Endpoint: cluster.Endpoint{IP: fmt.Sprintf("10.0.0.%d", 10+i), Port: 7000 + i, BusPort: 17000 + i},
		},
		Latency:     cluster.Reading[time.Duration]{}.Succeed(400*time.Microsecond, sampleNow),
		Info:        cluster.Reading[cluster.Info]{}.Succeed(sampleInfo, sampleNow),
		ClusterInfo: cluster.Reading[cluster.ClusterInfo]{}.Succeed(cluster.ClusterInfo{State: "ok", SlotsAssigned: keyslot.Count, SlotsOK: keyslot.Count}, sampleNow),
		Stats: cluster.Stats{
			Version: "8.0.3", Flavor: "redis", Role: role, Keys: 413_000 + int64(shard)*1000, Expires: 1200,
			UsedMemory: gib + int64(shard)*gib/10, MaxMemory: 4 * gib, RSS: gib + gib/5, Fragmentation: 1.2,
			OpsPerSec: 9100 + int64(shard)*100, InputKbps: 310, OutputKbps: 1220, Clients: 42,
			Hits: 9_000_000, Misses: 1_000_000, Uptime: 40 * time.Hour, Offset: 5_000_000,
			LinkUp: role == cluster.Replica, LinkIdle: time.Second, ConnectedReplicas: 1,
		},
	}
}

// settle makes the parts of a sample agree: slots of shards and members out of
// Owner, replicas' primaries, and every answering node's view of all.
func settle(s *cluster.Snapshot) {
	sets := make([]keyslot.Set, len(s.Shards))
	for slot, owner := range s.Owner {
		if owner >= 0 {
			sets[owner].Add(keyslot.Slot(slot))
		}
	}
	for i := range s.Shards {
		s.Shards[i].Slots, s.Shards[i].SlotLen = sets[i].Ranges(), sets[i].Len()
	}
	members := make([]cluster.Member, len(s.Nodes))
	for i := range s.Nodes {
		n := &s.Nodes[i]
		sh := s.Shards[n.Shard]
		if n.ID == sh.Primary {
			n.Member.Slots = sh.Slots
		} else {
			n.Member.Primary = sh.Primary
		}
		members[i] = n.Member
	}
	sortMembers(members)
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.Health != cluster.Answering {
			continue
		}
		view := &cluster.View{Myself: n.ID, Members: append([]cluster.Member(nil), members...)}
		for j := range view.Members {
			if view.Members[j].ID == n.ID {
				view.Members[j].Flags |= cluster.Myself
			}
		}
		n.View = cluster.Reading[*cluster.View]{}.Succeed(view, sampleNow)
	}
}

func sortMembers(m []cluster.Member) {
	for i := range m {
		for j := i; j > 0 && m[j].ID < m[j-1].ID; j-- {
			m[j], m[j-1] = m[j-1], m[j]
		}
	}
}

// shardAt is the index of the shard with a letter.
func shardAt(s *cluster.Snapshot, letter string) int {
	for i := range s.Shards {
		if s.Shards[i].Letter == letter {
			return i
		}
	}
	panic("no shard " + letter)
}

// addShard brings one more shard without slots.
func addShard() change {
	return func(s *cluster.Snapshot) {
		i, n := len(s.Shards), len(s.Nodes)+1
		s.Shards = append(s.Shards, cluster.Shard{Letter: sampleLetter(i), Hue: i, Primary: sampleID(n)})
		s.Nodes = append(s.Nodes, sampleNode(n, i, cluster.Primary))
	}
}

// giveSlots makes a shard the owner of a range; the letter "" takes it from all.
func giveSlots(letter string, first, last keyslot.Slot) change {
	return func(s *cluster.Snapshot) {
		owner := cluster.NoShard
		if letter != "" {
			owner = int16(shardAt(s, letter))
		}
		for slot := first; slot <= last; slot++ {
			s.Owner[slot] = owner
		}
	}
}

// failPrimary lets a shard's primary fall silent; all others agree that it failed.
func failPrimary(letter string) change {
	return func(s *cluster.Snapshot) {
		id := s.Shards[shardAt(s, letter)].Primary
		var by []cluster.NodeID
		for i := range s.Nodes {
			if s.Nodes[i].ID != id {
				by = append(by, s.Nodes[i].ID)
			}
		}
		n, _ := s.Node(id)
		n.Health, n.Since = cluster.NoAnswer, sampleNow.Add(-12*time.Second)
		n.LastSeen, n.Err = n.Since, fmt.Errorf("no answer from %s within 1s", n.Dialled)
		n.Member.Flags |= cluster.Fail
		n.FailBy = by
		n.Latency = n.Latency.Fail(n.Err, sampleNow)
	}
}

// suspectPrimary lets a shard's primary fall silent; one other suspects it, no more.
func suspectPrimary(letter string) change {
	return func(s *cluster.Snapshot) {
		n, _ := s.Node(s.Shards[shardAt(s, letter)].Primary)
		n.Health, n.Since = cluster.NoAnswer, sampleNow.Add(-4*time.Second)
		n.LastSeen, n.Err = n.Since, fmt.Errorf("no answer from %s within 1s", n.Dialled)
		n.Member.Flags |= cluster.PFail
		for i := range s.Nodes {
			if s.Nodes[i].ID != n.ID {
				n.PFailBy = []cluster.NodeID{s.Nodes[i].ID}
				break
			}
		}
	}
}

// openSlots opens a range of slots for a move; the letter "" is a side that
// does not know of it.
func openSlots(from, to string, first, last keyslot.Slot) change {
	return func(s *cluster.Snapshot) {
		side := func(letter string) cluster.NodeID {
			if letter == "" {
				return ""
			}
			return s.Shards[shardAt(s, letter)].Primary
		}
		a, b := side(from), side(to)
		for slot := first; slot <= last; slot++ {
			m := cluster.Move{Slot: slot, From: a, To: b}
			if n, ok := s.Node(a); ok {
				m.FromSeen = []cluster.NodeID{a}
				n.Member.Open = append(n.Member.Open, cluster.OpenSlot{Slot: slot, Peer: b})
			}
			if n, ok := s.Node(b); ok {
				m.ToSeen = []cluster.NodeID{b}
				n.Member.Open = append(n.Member.Open, cluster.OpenSlot{Slot: slot, Importing: true, Peer: a})
			}
			s.Moves = append(s.Moves, m)
		}
	}
}

// dispute lets one shard's primary claim a range that the others ascribe to another.
func dispute(most, one string, first, last keyslot.Slot) change {
	return func(s *cluster.Snapshot) {
		a, b := s.Shards[shardAt(s, most)].Primary, s.Shards[shardAt(s, one)].Primary
		says := []cluster.Claim{{Owner: a, Epoch: 9}, {Owner: b, Epoch: 7, By: []cluster.NodeID{b}}}
		for i := range s.Nodes {
			if s.Nodes[i].ID != b {
				says[0].By = append(says[0].By, s.Nodes[i].ID)
			}
		}
		s.Disputes = append(s.Disputes, cluster.Dispute{Range: keyslot.Range{First: first, Last: last}, Says: says})
	}
}

// sampleLook is the usual terminal: 256 colours on a dark background.
var sampleLook = ui.Look{Depth: ui.Colours256}

// sampleScene is a body of w by h cells (a screen of h+4 rows).
func sampleScene(s *cluster.Snapshot, look ui.Look, w, h int) *Scene {
	said := judge(s, doctor.Standards{})
	return &Scene{Snap: s, Verdict: said.verdict, Findings: said.findings, Now: sampleNow, W: w, H: h, Theme: ui.NewTheme(look)}
}
