package recorder

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

var start = time.Date(2025, 3, 4, 12, 0, 0, 0, time.UTC)

func at(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

func id(nick string) cluster.NodeID {
	return cluster.NodeID(strings.ToLower(nick) + strings.Repeat("0", 40-len(nick)))
}

// actor is a node in a film.
type actor struct {
	nick    string
	health  cluster.Health
	seen    time.Time
	primary string // nick of whom it follows; empty: a primary
	linked  bool
	epoch   uint64 // config epoch
	clock   uint64 // current epoch
	state   string
	offset  int64
	suspect []string // who suspects it
	failed  []string // who holds it for failed
	slots   int      // in everybody's view
	addr    string
	gone    bool
	old     bool // its view is of the beginning
}

// film makes snapshots of three shards of a primary and a replica each: A0 and
// A1, and so on. What a scene changes stays until changed again.
type film struct {
	t     *testing.T
	r     Recorder
	cast  []*actor
	leads [3]string
}

func newFilm(t *testing.T) *film {
	f := &film{t: t, leads: [3]string{"A0", "B0", "C0"}}
	for i, letter := range []string{"A", "B", "C"} {
		for k := range 2 {
			a := &actor{nick: fmt.Sprintf("%s%d", letter, k), health: cluster.Answering, linked: k == 1, epoch: uint64(i + 1), clock: 13, state: "ok", offset: 5000,
				addr: fmt.Sprintf("10.0.0.%d", 11+i+3*k)}
			if k == 1 {
				a.primary = letter + "0"
			} else {
				a.slots = 5461
			}
			f.cast = append(f.cast, a)
		}
	}
	return f
}

func (f *film) of(nick string) *actor {
	i := slices.IndexFunc(f.cast, func(a *actor) bool { return a.nick == nick })
	if i < 0 {
		f.t.Fatal("no ", nick)
	}
	return f.cast[i]
}

// shot feeds the recorder with the snapshot after a change.
func (f *film) shot(ms int, change func()) {
	if change != nil {
		change()
	}
	s := &cluster.Snapshot{At: at(ms)}
	for i, lead := range f.leads {
		shard := cluster.Shard{Letter: string(rune('A' + i)), Primary: id(lead), SlotLen: f.of(lead).slots}
		for _, a := range f.cast {
			if !a.gone && a.nick != lead && a.nick[0] == lead[0] {
				shard.Replicas = append(shard.Replicas, id(a.nick))
			}
		}
		s.Shards = append(s.Shards, shard)
	}
	for _, a := range f.cast {
		if !a.gone {
			s.Nodes = append(s.Nodes, f.node(a, s.At))
		}
	}
	f.r.Feed(s)
}

func (f *film) node(a *actor, now time.Time) cluster.Node {
	n := cluster.Node{ID: id(a.nick), Member: f.member(a), Shard: int(a.nick[0] - 'A'), Health: a.health, LastSeen: a.seen}
	n.Member.Endpoint = cluster.Endpoint{IP: a.addr, Port: 7001}
	for _, by := range a.suspect {
		n.PFailBy = append(n.PFailBy, id(by))
	}
	for _, by := range a.failed {
		n.FailBy = append(n.FailBy, id(by))
	}
	read := now
	if a.health != cluster.Answering {
		read = a.seen.Add(-time.Second)
	} else {
		n.LastSeen = now
	}
	n.Info = cluster.Reading[cluster.Info]{At: read}
	n.Stats = cluster.Stats{Role: cluster.Primary, Offset: a.offset}
	if a.primary != "" {
		n.Stats.Role, n.Stats.LinkUp = cluster.Replica, a.linked
	}
	n.ClusterInfo = cluster.Reading[cluster.ClusterInfo]{At: read, Value: cluster.ClusterInfo{State: a.state, Size: 3, CurrentEpoch: a.clock}}
	view := &cluster.View{Myself: n.ID}
	for _, other := range f.cast {
		m := f.member(other)
		if a.old {
			m = f.before(other)
		}
		view.Members = append(view.Members, m)
	}
	n.View = cluster.Reading[*cluster.View]{Value: view, At: read}
	return n
}

func (f *film) member(a *actor) cluster.Member {
	m := cluster.Member{ID: id(a.nick), Flags: cluster.Primary, Epoch: a.epoch}
	if a.primary != "" {
		m.Flags, m.Primary = cluster.Replica, id(a.primary)
	}
	if a.slots > 0 {
		m.Slots = []keyslot.Range{{First: 0, Last: keyslot.Slot(a.slots - 1)}}
	}
	return m
}

// before is a node as everybody knew it at the beginning.
func (f *film) before(a *actor) cluster.Member {
	b := *a
	b.primary, b.slots = "", 5461
	if a.nick[1] == '1' {
		b.primary, b.slots = a.nick[:1]+"0", 0
	}
	return f.member(&b)
}

func (f *film) silence(nick string, seenMs int) {
	a := f.of(nick)
	a.health, a.seen = cluster.NoAnswer, at(seenMs)
}

// promote gives a replica the slots of its primary.
func (f *film) promote(nick string, epoch uint64) {
	a := f.of(nick)
	old := f.of(a.primary)
	f.leads[nick[0]-'A'] = nick
	a.slots, old.slots, a.primary, a.epoch, a.clock = old.slots, 0, "", epoch, epoch
}

// demote makes a former primary follow.
func (f *film) demote(nick, under string) {
	a := f.of(nick)
	a.primary, a.linked, a.health, a.suspect, a.failed = under, true, cluster.Answering, nil, nil
}

func (f *film) only() Failover {
	f.t.Helper()
	all := f.r.Failovers()
	if len(all) != 1 {
		f.t.Fatalf("%d records: %+v", len(all), all)
	}
	return all[0]
}

// stages writes a record's stages as "last answer 400, suspected 3200".
func stages(f Failover) string {
	var out []string
	for _, s := range f.Stages {
		out = append(out, fmt.Sprintf("%s %d", s.Kind, s.At.Sub(start).Milliseconds()))
	}
	return strings.Join(out, ", ")
}
