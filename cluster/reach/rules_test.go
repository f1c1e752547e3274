package reach

import (
	"strings"
	"testing"

	"slotdeck/cluster"
)

func rules(t *testing.T, texts ...string) (all Rules) {
	t.Helper()
	for _, text := range texts {
		r, err := ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func TestTheFirstRuleThatFitsDecides(t *testing.T) {
	for _, c := range []struct {
		rules string
		id    cluster.NodeID
		at    cluster.Endpoint
		want  string
	}{
		{"", "", cluster.Endpoint{IP: "10.0.0.1", Port: 7001}, "10.0.0.1:7001"},
		{"*=127.0.0.1", "", cluster.Endpoint{IP: "10.0.0.1", Port: 7001}, "127.0.0.1:7001"},
		{"10.0.0.1:7001=127.0.0.1:9 *=h:1", "", cluster.Endpoint{IP: "10.0.0.1", Port: 7001}, "127.0.0.1:9"},
		{"10.0.0.1:7001=127.0.0.1:9 *=h:1", "", cluster.Endpoint{IP: "10.0.0.1", Port: 7002}, "h:1"},
		{"10.0.0.0/8=gate", "", cluster.Endpoint{IP: "10.9.0.1", Port: 7001}, "gate:7001"},
		{"10.0.0.0/8=gate", "", cluster.Endpoint{IP: "11.9.0.1", Port: 7001}, "11.9.0.1:7001"},
		{"fd00::/8=[::1]", "", cluster.Endpoint{IP: "fd00::5", Port: 7001}, "[::1]:7001"},
		{"[fd00::5]=[::1]:4", "", cluster.Endpoint{IP: "fd00::5", Port: 7001}, "[::1]:4"},
		{"id:4f2e=127.0.0.1:7", "4f2e99", cluster.Endpoint{IP: "10.0.0.1", Port: 7001}, "127.0.0.1:7"},
		{"id:4f2e=127.0.0.1:7", "4f2e99", cluster.Endpoint{}, "127.0.0.1:7"},
		{"id:4f2e=127.0.0.1:7", "", cluster.Endpoint{}, ""},
		{"*={name}.proxy.example:1{port}", "", cluster.Endpoint{Hostname: "n1.in.example", Port: 7001}, "n1.proxy.example:17001"},
		{"*={hostname}", "", cluster.Endpoint{IP: "10.0.0.1", Hostname: "n1.example", Port: 7001}, "n1.example:7001"},
		{"n1.example=localhost", "", cluster.Endpoint{IP: "10.0.0.1", Hostname: "n1.example", Port: 7001}, "localhost:7001"},
		{"*=127.0.0.1", "", cluster.Endpoint{}, ""},
	} {
		if got := rules(t, strings.Fields(c.rules)...).Of(c.id, c.at); got != c.want {
			t.Errorf("%s: %+v is dialled at %q, not %q", c.rules, c.at, got, c.want)
		}
	}
	if got := rules(t, "10.0.0.1=h").Addr("10.0.0.1:7001"); got != "h:7001" {
		t.Error(got)
	}
	if got := rules(t, "10.0.0.1=h").Addr("no address"); got != "no address" {
		t.Error(got)
	}
}

func TestRulesThatMakeNoAddressAreRefused(t *testing.T) {
	for _, text := range []string{"", "=", "a", "a=", "=b", "10.0.0.0/99=h", "*={nothing}", "*=h:0", "*=h:99999", "*=h:x", "id:4=h", "*=a b"} {
		if r, err := ParseRule(text); err == nil {
			t.Errorf("%q was taken as %v", text, r)
		}
	}
}

func TestARuleIsProposedWhenOnlyTheSeedCanBeReached(t *testing.T) {
	node := func(announced int, dialled string, h cluster.Health) cluster.Node {
		return cluster.Node{Member: cluster.Member{Endpoint: cluster.Endpoint{IP: "172.20.0.2", Port: announced}}, Dialled: dialled, Health: h}
	}
	hidden := &cluster.Snapshot{Nodes: []cluster.Node{
		node(7001, "127.0.0.1:7001", cluster.Answering), node(7002, "172.20.0.2:7002", cluster.NoAnswer), node(7003, "172.20.0.2:7003", cluster.Refused),
	}}
	r, why, ok := Propose(hidden)
	if !ok || r.String() != "*=127.0.0.1" || !strings.Contains(why, "--map '*=127.0.0.1'") {
		t.Error(r, why, ok)
	}
	reached := &cluster.Snapshot{Nodes: append(hidden.Nodes[:2:2], node(7004, "172.20.0.2:7004", cluster.Answering))}
	for _, s := range []*cluster.Snapshot{nil, {}, {Nodes: hidden.Nodes[:1]}, reached, {Nodes: hidden.Nodes[1:]}} {
		if r, _, ok := Propose(s); ok {
			t.Errorf("%v was proposed", r)
		}
	}
}

func FuzzRules(f *testing.F) {
	for _, seed := range []string{"*=h", "10.0.0.0/8=[::1]:4", "id:abcd={name}:{port}", "a:1=b:2"} {
		f.Add(seed, "10.0.0.1:7001")
	}
	f.Fuzz(func(t *testing.T, text, addr string) {
		r, err := ParseRule(text)
		if err != nil {
			return
		}
		again, err := ParseRule(r.String())
		if err != nil || again != r {
			t.Errorf("%q reads back as %v (%v)", text, again, err)
		}
		Rules{r}.Addr(addr)
	})
}
