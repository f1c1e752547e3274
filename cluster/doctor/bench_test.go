package doctor

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

var noon = time.Date(2025, 3, 4, 12, 0, 0, 0, time.UTC)

// bench builds snapshots. Primaries are called A, B, C; their replicas A1, A2 …
// All is well at first; the tests break it.
type bench struct {
	s     *cluster.Snapshot
	ids   map[string]cluster.NodeID
	says  map[[2]cluster.NodeID]cluster.Flags // [who, of whom]
	blind map[[2]cluster.NodeID]bool          // [who, does not list whom]
	state map[cluster.NodeID]string
	size  int

	meeting cluster.Member // in A's view; none without an id
}

// build makes a cluster of so many primaries with so many replicas each. The
// first primary is 10.0.0.11:7001, then on; the replicas follow the primaries.
func build(primaries, replicas int) *bench {
	b := &bench{
		s:     &cluster.Snapshot{At: noon, Seq: 1, Interval: time.Second, Owner: new([keyslot.Count]int16)},
		ids:   map[string]cluster.NodeID{},
		says:  map[[2]cluster.NodeID]cluster.Flags{},
		blind: map[[2]cluster.NodeID]bool{},
		state: map[cluster.NodeID]string{},
		size:  primaries,
	}
	for p := range primaries {
		first, last := p*keyslot.Count/primaries, (p+1)*keyslot.Count/primaries-1
		letter := string(rune('A' + p))
		shard := cluster.Shard{Letter: letter, Slots: []keyslot.Range{{First: keyslot.Slot(first), Last: keyslot.Slot(last)}}, SlotLen: last - first + 1}
		for slot := first; slot <= last; slot++ {
			b.s.Owner[slot] = int16(p)
		}
		b.s.Shards = append(b.s.Shards, shard)
	}
	for p := range primaries {
		n := b.join(string(rune('A'+p)), p, p+1)
		n.Member.Flags = cluster.Primary
		n.Member.Epoch = uint64(p + 1)
		n.Member.Slots = b.s.Shards[p].Slots
		n.Stats.Role = cluster.Primary
		n.Stats.ConnectedReplicas = int64(replicas)
		b.s.Shards[p].Primary = n.ID
	}
	for r := range replicas {
		for p := range primaries {
			n := b.join(fmt.Sprintf("%c%d", 'A'+p, r+1), p, primaries*(r+1)+p+1)
			n.Member.Flags = cluster.Replica
			n.Member.Primary = b.s.Shards[p].Primary
			n.Stats.Role, n.Stats.LinkUp = cluster.Replica, true
			n.Stats.LinkIdle = time.Second
			b.s.Shards[p].Replicas = append(b.s.Shards[p].Replicas, n.ID)
		}
	}
	return b
}

func (b *bench) join(nick string, shard, number int) *cluster.Node {
	id := cluster.NodeID(fmt.Sprintf("%040x", number))
	b.ids[nick] = id
	endpoint := cluster.Endpoint{IP: fmt.Sprintf("10.0.0.%d", 10+number), Port: 7000 + number, BusPort: 17000 + number}
	b.s.Nodes = append(b.s.Nodes, cluster.Node{
		ID: id, Member: cluster.Member{ID: id, Endpoint: endpoint, Linked: true},
		Dialled: fmt.Sprintf("%s:%d", endpoint.IP, endpoint.Port),
		Shard:   shard, Health: cluster.Answering, Since: noon.Add(-time.Hour), LastSeen: noon.Add(-100 * time.Millisecond),
		Info: cluster.Reading[cluster.Info]{At: noon},
		Stats: cluster.Stats{
			Version: "7.0.15", Flavor: "redis", Offset: 1000, Uptime: time.Hour, LinkIdle: -1,
			UsedMemory: 40 << 20, MaxMemory: 100 << 20, RSS: 44 << 20, Fragmentation: 1.1,
		},
		Config: cluster.Reading[map[string]string]{At: noon, Value: map[string]string{
			"cluster-node-timeout": "3000", "cluster-replica-validity-factor": "10", "repl-ping-replica-period": "10",
			"cluster-require-full-coverage": "yes", "cluster-replica-no-failover": "no",
		}},
	})
	return &b.s.Nodes[len(b.s.Nodes)-1]
}

func (b *bench) node(nick string) *cluster.Node {
	n, ok := b.s.Node(b.ids[nick])
	if !ok {
		panic("no node " + nick)
	}
	return n
}

// silent makes nodes stop answering so long ago.
func (b *bench) silent(ago time.Duration, nicks ...string) *bench {
	return b.health(cluster.NoAnswer, ago, nicks...)
}

func (b *bench) health(h cluster.Health, ago time.Duration, nicks ...string) *bench {
	for _, nick := range nicks {
		n := b.node(nick)
		n.Health, n.Since, n.LastSeen = h, noon.Add(-ago), noon.Add(-ago)
		if h == cluster.Loading {
			n.LastSeen = noon
		} else {
			n.Err = errors.New("no answer")
		}
	}
	return b
}

// say lets nodes flag another one.
func (b *bench) say(flag cluster.Flags, of string, who ...string) *bench {
	for _, w := range who {
		b.says[[2]cluster.NodeID{b.ids[w], b.ids[of]}] |= flag
	}
	return b
}

// ignore takes a node out of others' views.
func (b *bench) ignore(whom string, who ...string) *bench {
	for _, w := range who {
		b.blind[[2]cluster.NodeID{b.ids[w], b.ids[whom]}] = true
	}
	return b
}

// fails lets nodes say that the cluster fails.
func (b *bench) fails(nicks ...string) *bench {
	for _, nick := range nicks {
		b.state[b.ids[nick]] = "fail"
	}
	return b
}

func (b *bench) allFail() *bench {
	for nick := range b.ids {
		b.fails(nick)
	}
	return b
}

func (b *bench) set(name, value string) *bench {
	for i := range b.s.Nodes {
		b.s.Nodes[i].Config.Value[name] = value
	}
	return b
}

// forgetSettings makes every setting unknown, as under a managed service.
func (b *bench) forgetSettings() *bench {
	for i := range b.s.Nodes {
		b.s.Nodes[i].Config = cluster.Reading[map[string]string]{Err: errors.New("unknown command"), Tried: noon}
	}
	return b
}

func (b *bench) linkDown(nick string, seconds int) *bench {
	n := b.node(nick)
	n.Stats.LinkUp, n.Stats.LinkIdle = false, -1
	return b.info(nick, "master_link_down_since_seconds", fmt.Sprint(seconds))
}

func (b *bench) info(nick, field, value string) *bench {
	n := b.node(nick)
	n.Info.Value.Sections = append(n.Info.Value.Sections, cluster.InfoSection{Fields: []cluster.InfoField{{Name: field, Value: value}}})
	return b
}

func (b *bench) event(kind cluster.EventKind, ago time.Duration, nick, text string) *bench {
	b.s.Events = append(b.s.Events, cluster.Event{Seq: uint64(len(b.s.Events) + 1), At: noon.Add(-ago), Kind: kind, Node: b.ids[nick], Gravity: cluster.Good, Text: text})
	return b
}

// disown takes the owner from slots.
func (b *bench) disown(first, last keyslot.Slot) *bench {
	for slot := first; slot <= last; slot++ {
		b.s.Owner[slot] = cluster.NoShard
	}
	for i := range b.s.Shards {
		var left keyslot.Set
		for slot, owner := range b.s.Owner {
			if int(owner) == i {
				left.Add(keyslot.Slot(slot))
			}
		}
		b.s.Shards[i].Slots, b.s.Shards[i].SlotLen = left.Ranges(), left.Len()
		if n, ok := b.s.Node(b.s.Shards[i].Primary); ok {
			n.Member.Slots = b.s.Shards[i].Slots
		}
	}
	return b
}

// done fills in what the answering nodes say of one another.
func (b *bench) done(t testing.TB) *cluster.Snapshot {
	t.Helper()
	for i := range b.s.Nodes {
		n := &b.s.Nodes[i]
		if n.Health != cluster.Answering {
			continue
		}
		view := &cluster.View{Myself: n.ID}
		for j := range b.s.Nodes {
			m := b.s.Nodes[j].Member
			if b.blind[[2]cluster.NodeID{n.ID, m.ID}] {
				continue
			}
			m.Flags |= b.says[[2]cluster.NodeID{n.ID, m.ID}]
			if m.Flags.Has(cluster.Fail) {
				b.s.Nodes[j].FailBy = append(b.s.Nodes[j].FailBy, n.ID)
			} else if m.Flags.Has(cluster.PFail) {
				b.s.Nodes[j].PFailBy = append(b.s.Nodes[j].PFailBy, n.ID)
			}
			if i == j {
				m.Flags |= cluster.Myself
			}
			view.Members = append(view.Members, m)
		}
		if b.meeting.ID != "" && n.ID == b.ids["A"] {
			view.Members = append(view.Members, b.meeting)
		}
		slices.SortFunc(view.Members, func(x, y cluster.Member) int { return cmp.Compare(x.ID, y.ID) })
		n.View = cluster.Reading[*cluster.View]{Value: view, At: noon}
		n.ClusterInfo = cluster.Reading[cluster.ClusterInfo]{At: noon, Value: cluster.ClusterInfo{
			State: cmp.Or(b.state[n.ID], "ok"), Size: b.size, KnownNodes: len(view.Members),
		}}
	}
	return b.s
}
