package cluster

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"slotdeck/keyslot"
)

const idA, idB, idC = NodeID("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), NodeID("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"), NodeID("cccccccccccccccccccccccccccccccccccccccc")

func TestParseNodesReadsEveryField(t *testing.T) {
	v, err := ParseNodes("" +
		string(idC) + " :0@0 master,noaddr - 5 1700000000123 3 disconnected\n" +
		string(idB) + " 2001:db8::7:7002@17002,b.example,tls-port=9,shard-id=x slave,fail?,sparkling,nofailover " + string(idA) + " 1700000000001 0 7 connected\n" +
		string(idA) + " 10.0.0.1:7001@17001 myself,master - 0 0 7 connected 0-99 200 300-301 [100->-" + string(idB) + "] [400-<-" + string(idC) + "] later=1\r\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []Member{{
		ID: idA, Endpoint: Endpoint{IP: "10.0.0.1", Port: 7001, BusPort: 17001},
		Flags: Myself | Primary, Epoch: 7, Linked: true,
		Slots: []keyslot.Range{{First: 0, Last: 99}, {First: 200, Last: 200}, {First: 300, Last: 301}},
		Open:  []OpenSlot{{Slot: 100, Peer: idB}, {Slot: 400, Importing: true, Peer: idC}},
	}, {
		ID:       idB,
		Endpoint: Endpoint{IP: "2001:db8::7", Port: 7002, BusPort: 17002, Hostname: "b.example", Aux: "tls-port=9,shard-id=x"},
		Flags:    Replica | PFail | NoFailover, OtherFlags: []string{"sparkling"},
		Primary: idA, PingSent: time.UnixMilli(1700000000001), Epoch: 7, Linked: true,
	}, {
		ID: idC, Flags: Primary | NoAddr, PingSent: time.UnixMilli(5), PongAt: time.UnixMilli(1700000000123), Epoch: 3,
	}}
	if v.Myself != idA || !reflect.DeepEqual(v.Members, want) {
		t.Errorf("got  %+v\nwant %+v", v.Members, want)
	}
	if m, ok := v.Member(idB); !ok || m.ID != idB {
		t.Errorf("Member(b) = %v, %v", m, ok)
	}
	if _, ok := v.Member("b"); ok {
		t.Error("found a node that is not there")
	}
}

func TestParseNodesSaysWhichLineIsWrong(t *testing.T) {
	good := string(idA) + " 10.0.0.1:7001@17001 myself,master - 0 0 7 connected 0-99\n"
	for line, want := range map[string]string{
		"x": "line 2: address \"\"",
		string(idB) + " 10.0.0.2 master - 0 0 7 connected":               "line 2: address",
		string(idB) + " 10.0.0.2:99999@1 master - 0 0 7 connected":       "line 2: address",
		string(idB) + " 10.0.0.2:1@1 master - z 0 7 connected":           "line 2: ping-sent",
		string(idB) + " 10.0.0.2:1@1 master - 0 0 -7 connected":          "line 2: config epoch \"-7\"",
		string(idB) + " 10.0.0.2:1@1 master - 0 0 7":                     "line 2: link state",
		string(idB) + " 10.0.0.2:1@1 master - 0 0 7 connected 9-3":       "line 2: the range \"9-3\" runs backwards",
		string(idB) + " 10.0.0.2:1@1 master - 0 0 7 connected 16384":     "line 2: \"16384\" is beyond",
		string(idB) + " 10.0.0.2:1@1 master - 0 0 7 connected [1->-":     "line 2: \"[1->-\" is not an open slot",
		string(idB) + " 10.0.0.2:1@1 master - 0 0 7 connected [1->-]":    "is not an open slot",
		string(idB) + " 10.0.0.2:1@1 master - 0 0 7 connected [1-2->-x]": "does not name one slot",
		string(idB) + " 10.0.0.2:1@1 myself - 0 0 7 connected":           "line 2: a second node is marked",
		string(idA) + " 10.0.0.2:1@1 master - 0 0 7 connected":           "stands on two lines",
		"\x1b[2J \x1b[2J" + strings.Repeat("\x00", 9999):                 `line 2: address "\x1b[2J\x00`,
	} {
		_, err := ParseNodes(good + line)
		var malformed *MalformedError
		if !errors.As(err, &malformed) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %s", line, err, want)
		} else {
			fitToPrint(t, err)
		}
	}
	for _, empty := range []string{"", "\n", "\r\n\n"} {
		if _, err := ParseNodes(empty); err == nil {
			t.Errorf("%q is taken for a view", empty)
		}
	}
}

// fitToPrint checks that an error holds no control bytes and is not long.
func fitToPrint(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	if len(text) > 400 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r > 0x7f && r != '…' }) {
		t.Errorf("not fit to print: %q", text)
	}
}

func TestParseNodesReadsWhatServersSaid(t *testing.T) {
	for path, text := range allRecorded(t, "nodes") {
		v, err := ParseNodes(text)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if got, want := len(v.Members), strings.Count(text, "\n"); got != want {
			t.Errorf("%s: %d members of %d lines", path, got, want)
		}
		if me, ok := v.Member(v.Myself); !ok || !me.Flags.Has(Myself) {
			t.Errorf("%s: nobody answered", path)
		}
		var owned keyslot.Set
		for _, m := range v.Members {
			owned = owned.Union(keyslot.SetOf(m.Slots...))
			// A fresh node does not know its own address.
			if len(m.ID) != 40 || (m.Endpoint.Addr() == "") != strings.Contains(path, "fresh") || len(m.OtherFlags) > 0 || m.Endpoint.Aux != "" {
				t.Errorf("%s: odd member %+v", path, m)
			}
		}
		if fresh := strings.Contains(path, "fresh"); fresh != owned.Empty() || !fresh && owned != keyslot.Full() {
			t.Errorf("%s: owned are %s", path, owned)
		}
	}
}

func TestParseNodesReadsTheScenesAsTheyWere(t *testing.T) {
	for _, version := range versions {
		count := func(scene string, is func(Member) bool) int {
			v, err := ParseNodes(recorded(t, version, scene))
			if err != nil {
				t.Fatal(version, scene, err)
			}
			n := 0
			for _, m := range v.Members {
				if is(m) {
					n++
				}
			}
			return n
		}
		for _, c := range []struct {
			scene string
			want  int
			is    func(Member) bool
		}{
			{"healthy/1.nodes", 3, func(m Member) bool { return m.Flags.Has(Primary) && len(m.Slots) == 1 }},
			{"healthy/6.nodes", 3, func(m Member) bool { return m.Flags.Has(Replica) && len(m.Primary) == 40 }},
			{"hostnames/1.nodes", 6, func(m Member) bool { return strings.HasPrefix(m.Endpoint.Hostname, "node-") }},
			{"ipv6/1.nodes", 1, func(m Member) bool { return m.Endpoint.IP == "::1" && strings.HasPrefix(m.Endpoint.Addr(), "[::1]:") }},
			{"nofailover/1.nodes", 1, func(m Member) bool { return m.Flags.Has(NoFailover | Replica) }},
			{"open-slot/1.nodes", 1, func(m Member) bool {
				return len(m.Open) == 2 && !m.Open[0].Importing && m.Open[0].Slot == 100 && m.Open[1].Slot == 101
			}},
			{"open-slot/2.nodes", 1, func(m Member) bool { return len(m.Open) == 1 && m.Open[0].Importing }},
			{"handshake/1.nodes", 1, func(m Member) bool { return m.Flags == Handshake && !m.Linked && m.Epoch == 0 }},
			{"failed-over/1.nodes", 1, func(m Member) bool { return m.Flags.Has(Primary|Fail) && m.Slots == nil }},
			{"returned/1.nodes", 0, func(m Member) bool { return m.Flags&(Fail|PFail) != 0 }},
		} {
			if got := count(c.scene, c.is); got != c.want {
				t.Errorf("%s %s: %d such members, want %d", version, c.scene, got, c.want)
			}
		}
	}
}

func TestDigestIsTheSameForViewsThatDrawTheSamePicture(t *testing.T) {
	for _, version := range versions {
		first, err := ParseNodes(recorded(t, version, "returned/1.nodes"))
		if err != nil {
			t.Fatal(err)
		}
		for i := 2; i <= 6; i++ {
			v, err := ParseNodes(recorded(t, version, fmt.Sprintf("returned/%d.nodes", i)))
			if err != nil {
				t.Fatal(err)
			}
			if v.Topology() != first.Topology() || v.Config() != first.Config() {
				t.Errorf("%s: nodes 1 and %d seem to disagree", version, i)
			}
		}
		other, err := ParseNodes(recorded(t, version, "failed/1.nodes"))
		if err != nil {
			t.Fatal(err)
		}
		if other.Topology() == first.Topology() || other.Config() == first.Config() {
			t.Errorf("%s: before and after a failover seem the same", version)
		}
		byHand := &View{Members: first.Members, Myself: first.Myself}
		if byHand.Topology() != first.Topology() || byHand.Config() != first.Config() {
			t.Errorf("%s: a view made by hand has another digest", version)
		}
	}
}

func FuzzParseNodes(f *testing.F) {
	f.Add("")
	f.Add(string(idA) + " 10.0.0.1:7001@17001,h,k=v myself,master - 0 0 7 connected 0-99 [1->-b] [2-<-c]\n")
	f.Add(string(idA) + " :0@0 noflags - 0 0 7 disconnected\r\n" + string(idB) + " ::1:1@2 slave,fail? a 1 1 1 connected\n")
	for _, text := range allRecorded(f, "nodes") {
		if strings.Contains(text, "[") || strings.Contains(text, "handshake") || strings.Contains(text, "fail") {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := ParseNodes(text)
		if err != nil {
			fitToPrint(t, err)
			return
		}
		for i, m := range v.Members {
			if i > 0 && v.Members[i-1].ID >= m.ID {
				t.Fatalf("members are not sorted: %q", text)
			}
			for _, r := range m.Slots {
				if r.First > r.Last || r.Last >= keyslot.Count {
					t.Fatalf("range %v", r)
				}
			}
		}
		v.Topology()
	})
}

// manyNodes is an answer of n nodes, half of them replicas.
func manyNodes(n int) string {
	var b strings.Builder
	primaries := max(1, n/2)
	for i := range n {
		ip := fmt.Sprintf("10.0.%d.%d", i/250, i%250+1)
		flags, primary, slots := "master", "-", ""
		if i < primaries {
			slots = fmt.Sprintf(" %d-%d", i*keyslot.Count/primaries, (i+1)*keyslot.Count/primaries-1)
		} else {
			flags, primary = "slave", fmt.Sprintf("%040x", (i-primaries)*7919)
		}
		if i == 0 {
			flags = "myself," + flags
		}
		fmt.Fprintf(&b, "%040x %s:6379@16379,node-%d.example %s %s 0 1700000000000 %d connected%s\n", i*7919, ip, i, flags, primary, i%primaries+1, slots)
	}
	return b.String()
}

func TestParseNodesIsQuickEnoughForAThousandNodes(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	text := manyNodes(1000)
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ParseNodes(text); err != nil {
				b.Fatal(err)
			}
		}
	})
	if result.AllocsPerOp() > 40 {
		t.Errorf("%d allocations", result.AllocsPerOp())
	}
	if per := time.Duration(result.NsPerOp()); per > 5*time.Millisecond && !raceEnabled {
		t.Errorf("took %v", per)
	}
}

func BenchmarkParseNodes1000(b *testing.B) {
	text := manyNodes(1000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseNodes(text); err != nil {
			b.Fatal(err)
		}
	}
}
