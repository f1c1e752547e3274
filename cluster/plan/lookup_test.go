package plan

import (
	"testing"

	"slotdeck/cluster"
)

func TestNodeIsFoundByIDAddressOrLetter(t *testing.T) {
	s := three().snapshot()
	s.Nodes[0].ID, s.Shards[0].Primary = "abcdef01", "abcdef01"
	n := node(s, id(1, 1))
	n.Member.Endpoint = cluster.Endpoint{IP: "::1", Port: 7005, Hostname: "db.Example"}
	n.Dialled = "127.0.0.1:17005"
	for text, want := range map[string]cluster.NodeID{
		"abcdef01":        "abcdef01", // whole
		"abc":             "abcdef01", // beginning
		"ABCD":            "abcdef01", // whatever the case
		"a":               "abcdef01", // a beginning goes before a small letter of a shard
		"A":               "abcdef01", // a shard's letter
		"B":               id(1, 0),
		"b":               id(1, 0), // no id begins with b
		"10.0.2.1:7000":   id(2, 0),
		" 10.0.2.1:7000 ": id(2, 0),
		"[::1]:7005":      id(1, 1),
		"::1:7005":        id(1, 1),
		"db.example:7005": id(1, 1), // as announced
		"127.0.0.1:17005": id(1, 1), // as dialled
	} {
		if got, err := FindNode(s, text); err != nil || got != want {
			t.Errorf("%q: %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestNodeThatIsNotFoundNamesCandidates(t *testing.T) {
	s := three().snapshot()
	_, err := FindNode(s, "10.7.7.7:7001")
	r := checkRefusal(t, UnknownNode, err, "")
	if len(r.Nodes) != 4 { // the four replicas have that port
		t.Errorf("candidates: %v", r.Nodes)
	}
	s.Nodes[1].Dialled, s.Nodes[3].Dialled = "127.0.0.1:7", "127.0.0.1:7"
	_, err = FindNode(s, "127.0.0.1:7")
	if r := checkRefusal(t, AmbiguousNode, err, ""); len(r.Nodes) != 2 {
		t.Errorf("candidates: %v", r.Nodes)
	}
}
