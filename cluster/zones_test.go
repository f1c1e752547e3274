package cluster

import (
	"strings"
	"testing"
)

func zoneNode(id, ip, name string, port int) *Node {
	n := &Node{ID: NodeID(id), Member: Member{Endpoint: Endpoint{IP: ip, Hostname: name, Port: port}}}
	n.Dialled = n.Member.Endpoint.Addr()
	return n
}

func zonesOf(t *testing.T, text string) Zones {
	t.Helper()
	rules, err := ParseZoneRules(text)
	if err != nil {
		t.Fatal(err)
	}
	z, err := NewZones(rules)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestZoneIsGivenByTheClosestRule(t *testing.T) {
	z := zonesOf(t, "# racks\n10.0.0.1 rack-1\n\n10.0.0.1:7002  rack-2\nabcdef12 rack-3\nDB-9.example rack-4\nfd00::1 rack-5\n[fd00::2]:7000 rack-6\n")
	for _, c := range []struct {
		node *Node
		want string
	}{
		{zoneNode("1111111111", "10.0.0.1", "", 7001), "rack-1"},
		{zoneNode("1111111111", "10.0.0.1", "", 7002), "rack-2"},
		{zoneNode("abcdef1234", "10.0.0.1", "", 7002), "rack-3"},
		{zoneNode("1111111111", "10.0.0.9", "db-9.example", 7002), "rack-4"},
		{zoneNode("1111111111", "", "db-9.example", 7002), "rack-4"},
		{zoneNode("1111111111", "fd00:0::1", "", 7002), "rack-5"},
		{zoneNode("1111111111", "fd00::2", "", 7000), "rack-6"},
		{zoneNode("1111111111", "fd00::2", "", 7001), "fd00::2"},
		{zoneNode("1111111111", "10.0.0.2", "db-2", 7001), "10.0.0.2"},
		{zoneNode("1111111111", "", "db-2", 7001), "db-2"},
		{zoneNode("1111111111", "", "", 0), ""},
	} {
		if got := z.Of(c.node); got != c.want {
			t.Errorf("%s %s is in %q, want %q", c.node.ID, c.node.Dialled, got, c.want)
		}
	}
	if got := (Zones{}).Of(zoneNode("abcdef1234", "10.0.0.1", "", 7002)); got != "10.0.0.1" {
		t.Errorf("without a map it is in %q", got)
	}
}

func TestZoneMapThatContradictsItselfIsRefused(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"10.0.0.1", "line 1"},
		{"10.0.0.1 a b", "line 1"},
		{"\n10.0.0.1 a\n10.0.0.1 b", "two zones"},
		{"[fd00::1]:7000 a\n[fd00:0::1]:7000 b", "two zones"},
	} {
		rules, err := ParseZoneRules(c.text)
		if err == nil {
			_, err = NewZones(rules)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
	for _, text := range []string{"a", "=b", "a="} {
		if r, err := ParseZoneRule(text); err == nil {
			t.Errorf("%q was read as %v", text, r)
		}
	}
	if r, err := ParseZoneRule("10.0.0.1:7000 = rack-1"); err != nil || r != (ZoneRule{"10.0.0.1:7000", "rack-1"}) {
		t.Errorf("got %v, %v", r, err)
	}
}

func TestZoneRulesThatFitNobodyAreTold(t *testing.T) {
	z := zonesOf(t, "10.0.0.1 a\n10.0.0.2 b\n10.0.0.1:7009 c\n")
	s := &Snapshot{Nodes: []Node{*zoneNode("1", "10.0.0.1", "", 7001)}}
	unused := z.Unused(s)
	if len(unused) != 2 || unused[0].Of != "10.0.0.2" || unused[1].Zone != "c" {
		t.Errorf("got %v", unused)
	}
}
