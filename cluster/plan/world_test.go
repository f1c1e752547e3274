package plan

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

var noon = time.Date(2025, 5, 6, 12, 0, 0, 0, time.UTC)

// id is the node id of the n-th node of a shard: 0 is the primary.
func id(shard, n int) cluster.NodeID { return cluster.NodeID(fmt.Sprintf("%036x%04x", shard+1, n)) }

// letters as the real pictures have them: A to Z, AA, AB …
func letter(i int) string {
	if i < 26 {
		return string(rune('A' + i))
	}
	return letter(i/26-1) + letter(i%26)
}

// world is a healthy cluster that tests bend as they need before they take its
// snapshot.
type world struct {
	sets     []keyslot.Set
	replicas int
	bend     []func(*cluster.Snapshot)
}

// worldOf has one shard for each text of slots, "" for an empty primary.
func worldOf(slots ...string) *world {
	w := &world{replicas: 1}
	for _, text := range slots {
		s, err := keyslot.ParseSet(text)
		if err != nil {
			panic(err)
		}
		w.sets = append(w.sets, s)
	}
	return w
}

// three is the cluster that everybody has, with an empty primary D.
func three() *world { return worldOf("0-5460", "5461-10922", "10923-16383", "") }

func (w *world) but(f func(*cluster.Snapshot)) *world {
	w.bend = append(w.bend, f)
	return w
}

func (w *world) snapshot() *cluster.Snapshot {
	s := &cluster.Snapshot{At: noon, Interval: time.Second, Owner: new([keyslot.Count]int16)}
	for i := range s.Owner {
		s.Owner[i] = cluster.NoShard
	}
	view := &cluster.View{}
	for i, set := range w.sets {
		shard := cluster.Shard{Letter: letter(i), Primary: id(i, 0), Slots: set.Ranges(), SlotLen: set.Len()}
		for slot := range set.All() {
			s.Owner[slot] = int16(i)
		}
		for r := range w.replicas + 1 {
			m := cluster.Member{ID: id(i, r), Epoch: uint64(i + 1), Linked: true,
				Endpoint: cluster.Endpoint{IP: fmt.Sprintf("10.0.%d.%d", i, r+1), Port: 7000 + r, BusPort: 17000 + r}}
			m.Flags, m.Slots = cluster.Primary, shard.Slots
			if r > 0 {
				m.Flags, m.Slots, m.Primary = cluster.Replica, nil, shard.Primary
				shard.Replicas = append(shard.Replicas, m.ID)
			}
			view.Members = append(view.Members, m)
			s.Nodes = append(s.Nodes, cluster.Node{ID: m.ID, Member: m, Shard: i, Health: cluster.Answering,
				Dialled:     m.Endpoint.Addr(),
				Info:        cluster.Reading[cluster.Info]{At: noon},
				Stats:       cluster.Stats{Keys: int64(10 * set.Len()), UsedMemory: int64(1000 * set.Len()), LinkUp: r > 0},
				ClusterInfo: cluster.Reading[cluster.ClusterInfo]{At: noon, Value: cluster.ClusterInfo{State: "ok"}}})
		}
		s.Shards = append(s.Shards, shard)
	}
	for i := range s.Nodes {
		s.Nodes[i].View = cluster.Reading[*cluster.View]{Value: view, At: noon}
	}
	for _, f := range w.bend {
		f(s)
	}
	return s
}

// node finds a node for a test to bend.
func node(s *cluster.Snapshot, id cluster.NodeID) *cluster.Node {
	n, ok := s.Node(id)
	if !ok {
		panic(id)
	}
	return n
}

// seeds are those of so many random trials, always the same. Under the race
// detector, which makes pure functions thirty times as slow and finds nothing in
// them, they are fewer, and others every time.
func seeds(n uint64) iter.Seq[uint64] {
	first := uint64(0)
	if raceEnabled {
		first, n = uint64(rand.Uint32()), n/8
	}
	return func(yield func(uint64) bool) {
		for seed := first; seed < first+n && yield(seed); seed++ {
		}
	}
}

// randomWorld spreads all slots over primaries: in long runs, or in small ones.
func randomWorld(r *rand.Rand, most int) *world {
	n := 1 + r.IntN(most)
	w := &world{sets: make([]keyslot.Set, n), replicas: r.IntN(3)}
	longest := []int{1, 3, 100, 1000, keyslot.Count}[r.IntN(5)]
	if n > 50 && longest < 100 {
		longest = 100
	}
	owners := 1 + r.IntN(n) // the rest is empty
	for at := 0; at < keyslot.Count; {
		run := 1 + r.IntN(longest)
		last := min(at+run, keyslot.Count) - 1
		w.sets[r.IntN(owners)].AddRange(keyslot.Range{First: keyslot.Slot(at), Last: keyslot.Slot(last)})
		at = last + 1
	}
	return w
}

func reported(f func(keyslot.Slot) int64) *Measure {
	m := new(Measure)
	for slot := range m {
		m[slot] = Amount{N: f(keyslot.Slot(slot)), How: Reported}
	}
	return m
}

func even(n int64) *Measure { return reported(func(keyslot.Slot) int64 { return n }) }

func mustMake(t testing.TB, r Request, s *cluster.Snapshot, f Facts) Plan {
	t.Helper()
	p, err := Make(r, s, f)
	if err != nil {
		t.Fatalf("%#v was refused: %v", r, err)
	}
	return p
}

// refused makes sure that a request is refused for that reason, in a sentence.
func refused(t *testing.T, want Reason, r Request, s *cluster.Snapshot, f Facts) *Refusal {
	t.Helper()
	p, err := Make(r, s, f)
	return checkRefusal(t, want, err, p.Title)
}

func checkRefusal(t *testing.T, want Reason, err error, got string) *Refusal {
	t.Helper()
	reason, ok := ReasonOf(err)
	if !ok || reason != want {
		t.Fatalf("got %q, %v (%v); want a refusal: %v", got, err, reason, want)
	}
	text := err.Error()
	if len(text) < 20 || !printable(text) || strings.HasSuffix(text, ".") {
		t.Errorf("not a sentence for the operator: %q", text)
	}
	refusal := err.(*Refusal)
	return refusal
}

func set(text string) keyslot.Set {
	s, err := keyslot.ParseSet(text)
	if err != nil {
		panic(err)
	}
	return s
}

func warns(p Plan, text string) bool {
	for _, c := range p.Checks {
		if c.State == Warned && strings.Contains(c.Text, text) {
			return true
		}
	}
	return false
}
