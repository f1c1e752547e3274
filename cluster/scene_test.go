package cluster

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/keyslot"
)

// scene is a made-up cluster: what is true, what each node says, and who answers.
type scene struct {
	truth   []Member
	views   map[NodeID][]Member // what a node says, when not the truth
	readAt  map[NodeID]time.Time
	silent  map[NodeID]bool
	missing map[NodeID]bool // not dialled at all
}

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func primary(port int, epoch uint64, slots ...keyslot.Range) Member {
	return Member{ID: nodeID(port), Endpoint: endpoint(port), Flags: Primary, Epoch: epoch, Slots: slots, Linked: true}
}

func replica(port, of int, epoch uint64) Member {
	return Member{ID: nodeID(port), Endpoint: endpoint(port), Flags: Replica, Primary: nodeID(of), Epoch: epoch, Linked: true}
}

func endpoint(port int) Endpoint { return Endpoint{IP: "127.0.0.1", Port: port, BusPort: port + 10000} }

// nodeID is not in the order of the ports, as in life.
func nodeID(port int) NodeID {
	return NodeID(strings.Repeat(fmt.Sprintf("%04x", uint16(port*40503)), 10))
}

func slots(first, last keyslot.Slot) keyslot.Range { return keyslot.Range{First: first, Last: last} }

// threePairs is A, B and C at ports 7001 to 7003, their replicas at 7004 to 7006.
func threePairs() *scene {
	return &scene{truth: []Member{
		primary(7001, 1, slots(0, 5460)), primary(7002, 2, slots(5461, 10922)), primary(7003, 3, slots(10923, 16383)),
		replica(7004, 7001, 1), replica(7005, 7002, 2), replica(7006, 7003, 3),
	}}
}

// with changes one line of the truth.
func (s *scene) with(port int, change func(*Member)) *scene {
	change(find(s.truth, port))
	return s
}

func find(members []Member, port int) *Member {
	return &members[slices.IndexFunc(members, func(m Member) bool { return m.ID == nodeID(port) })]
}

// says lets a node tell something else than the truth.
func (s *scene) says(port int, change func([]Member) []Member) *scene {
	if s.views == nil {
		s.views = map[NodeID][]Member{}
	}
	old, ok := s.views[nodeID(port)]
	if !ok {
		old = s.truth
	}
	s.views[nodeID(port)] = change(slices.Clone(old))
	return s
}

// dead makes a node silent; what it said last, it said at the given time.
func (s *scene) dead(port int, at time.Time) *scene {
	if s.silent == nil {
		s.silent, s.readAt = map[NodeID]bool{}, map[NodeID]time.Time{}
	}
	s.silent[nodeID(port)], s.readAt[nodeID(port)] = true, at
	return s
}

func (s *scene) inputs(at time.Time) Inputs {
	in := Inputs{At: at, Interval: time.Second}
	for _, m := range s.truth {
		if s.missing[m.ID] || m.Flags.Has(Handshake) {
			continue
		}
		lines := s.truth
		if own, ok := s.views[m.ID]; ok {
			lines = own
		}
		v := &View{Members: slices.Clone(lines), Myself: m.ID}
		slices.SortFunc(v.Members, func(a, b Member) int { return strings.Compare(string(a.ID), string(b.ID)) })
		for i := range v.Members {
			if v.Members[i].ID == m.ID {
				v.Members[i].Flags |= Myself
				v.Members[i].Flags &^= Fail | PFail
			} else {
				v.Members[i].Open = nil
			}
		}
		n := Node{ID: m.ID, Dialled: m.Endpoint.Addr(), Health: Answering, Since: noon, LastSeen: at}
		n.View = n.View.Succeed(v, at)
		if s.silent[m.ID] {
			n.Health, n.Since, n.LastSeen = NoAnswer, s.readAt[m.ID], s.readAt[m.ID]
			n.View = Reading[*View]{}.Succeed(v, s.readAt[m.ID]).Fail(errors.New("no answer"), at)
		}
		in.Nodes = append(in.Nodes, n)
	}
	return in
}

func (s *scene) merge(prev *Snapshot, at time.Time) *Snapshot { return Merge(prev, s.inputs(at)) }

// recordedInputs are the recorded answers of a scene; nodes that did not answer
// any more come with the answers of an earlier scene.
func recordedInputs(t testing.TB, version, scene, earlier string, at time.Time) Inputs {
	t.Helper()
	in := Inputs{At: at, Interval: time.Second}
	now, before := allIn(t, version, scene), allIn(t, version, earlier)
	for i := 1; i <= 6; i++ {
		if v := now[i]; v != nil {
			n := Node{ID: v.Myself, Health: Answering, Since: noon, LastSeen: at}
			n.View = n.View.Succeed(v, at)
			in.Nodes = append(in.Nodes, n)
		} else if v := before[i]; v != nil {
			n := Node{ID: v.Myself, Health: NoAnswer, Since: at.Add(-2 * time.Second), LastSeen: at.Add(-2 * time.Second)}
			n.View = n.View.Succeed(v, at.Add(-2*time.Second)).Fail(errors.New("no answer"), at)
			in.Nodes = append(in.Nodes, n)
		}
	}
	return in
}

func allIn(t testing.TB, version, scene string) map[int]*View {
	t.Helper()
	out := map[int]*View{}
	for path, text := range allRecorded(t, "nodes") {
		var i int
		if _, err := fmt.Sscanf(strings.TrimPrefix(path, "testdata/"+version+"/"+scene+"/"), "%d.nodes", &i); err != nil {
			continue
		}
		v, err := ParseNodes(text)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = v
	}
	return out
}

// draw writes a snapshot briefly: "A 7001+7004 0-5460; …".
func draw(s *Snapshot) string {
	port := func(id NodeID) string {
		if n, ok := s.Node(id); ok {
			return fmt.Sprint(n.Member.Endpoint.Port)
		}
		return "nobody"
	}
	var out []string
	for _, sh := range s.Shards {
		text := sh.Letter + " " + port(sh.Primary)
		for _, id := range sh.Replicas {
			text += "+" + port(id)
		}
		if sh.SlotLen > 0 {
			text += " " + keyslot.SetOf(sh.Slots...).String()
		}
		out = append(out, text)
	}
	for _, n := range s.Nodes {
		if n.Shard < 0 {
			out = append(out, "no shard: "+port(n.ID))
		}
	}
	return strings.Join(out, "; ")
}

// tellAll writes events briefly: "C 7003: no answer".
func tellAll(events []Event) []string {
	var out []string
	for _, e := range events {
		_, port, _ := strings.Cut(e.Addr, ":")
		out = append(out, strings.TrimSpace(e.Shard+" "+port+": "+e.Text))
	}
	return out
}
