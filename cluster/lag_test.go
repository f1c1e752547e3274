package cluster

import (
	"testing"
)

func TestLagIsTheSmallerOfTheTwoWaysToTell(t *testing.T) {
	for _, c := range []struct {
		primary, replica string
		want             int64
		ok               bool
	}{
		{"role:master\nmaster_repl_offset:1000", "role:slave\nslave_repl_offset:900", 100, true},
		{"role:master\nslave0:ip=127.0.0.1,port=7006,state=online,offset=990,lag=0\nmaster_repl_offset:1000", "role:slave\nslave_repl_offset:900", 10, true},
		{"role:master\nslave0:ip=127.0.0.1,port=9999,state=online,offset=990,lag=0\nmaster_repl_offset:1000", "role:slave\nslave_repl_offset:900", 100, true},
		{"role:master\nslave0:ip=127.0.0.1,port=7006,state=wait_bgsave,offset=0,lag=0\nmaster_repl_offset:1000", "role:slave\nslave_repl_offset:900", 100, true},
		{"role:master\nmaster_repl_offset:1000", "role:slave\nslave_repl_offset:1100", 0, true},
		{"role:slave\nslave_repl_offset:1000", "role:slave\nslave_repl_offset:900", 0, false},
		{"role:master\nmaster_repl_offset:1000", "role:master\nmaster_repl_offset:900", 0, false},
		{"role:master\nmaster_repl_offset:1000", "", 0, false},
		{"", "role:slave\nslave_repl_offset:900", 0, false},
	} {
		in := threePairs().inputs(noon)
		for i := range in.Nodes {
			n := &in.Nodes[i]
			text := map[NodeID]string{nodeID(7003): c.primary, nodeID(7006): c.replica}[n.ID]
			if text == "" {
				continue
			}
			info, err := ParseInfo("# Replication\n" + text)
			if err != nil {
				t.Fatal(err)
			}
			n.Info = n.Info.Succeed(info, noon)
		}
		s := Merge(nil, in)
		if got, ok := s.LagBytes(nodeID(7006)); got != c.want || ok != c.ok {
			t.Errorf("%q, %q: %d, %v; want %d, %v", c.primary, c.replica, got, ok, c.want, c.ok)
		}
		if _, ok := s.LagBytes(nodeID(7003)); ok {
			t.Error("a primary lags")
		}
	}
}

func TestLettersGoOnAfterZ(t *testing.T) {
	for hue, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 27: "AB", 51: "AZ", 52: "BA", 701: "ZZ", 702: "AAA"} {
		if got := letter(hue); got != want {
			t.Errorf("%d: %s, want %s", hue, got, want)
		}
	}
}
