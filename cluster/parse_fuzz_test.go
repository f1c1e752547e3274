package cluster

import (
	"testing"
	"time"
)

func FuzzCheckupReplies(f *testing.F) {
	f.Add([]byte{0x11, 0x23, 0x21, 0x37, 0x47})
	f.Add([]byte{0x10, 0x41, 0x04, 0x20, 0x37, 0x47})
	f.Add([]byte{0x21, 0x04, 0x10, 0x14, 0x41, 0x04, 0x07, 0x17, 0x27})
	f.Fuzz(func(t *testing.T, data []byte) {
		reply := anyOf(&data, 5)
		if _, err := ParseLatencyLatest(reply); err != nil {
			fitToPrint(t, err)
		}
		if n, err := ParseSlowLogged(reply); err != nil {
			fitToPrint(t, err)
		} else if n < -1 {
			t.Errorf("%d entries", n)
		}
		if _, err := ParseDefaultUser(reply); err != nil {
			fitToPrint(t, err)
		}
		if c, err := ParseLargeCall(reply, true); err != nil {
			fitToPrint(t, err)
		} else if c != nil && c.Bytes < 0 {
			t.Errorf("%+v", c)
		}
	})
}

func FuzzZoneRules(f *testing.F) {
	f.Add("10.0.0.11 rack-1\n# no\n\n[::1]:7000 rack-2", "a=b")
	f.Add("10.0.0.11 rack-1\n10.0.0.11 rack-2", "=")
	f.Fuzz(func(t *testing.T, text, one string) {
		if _, err := ParseZoneRule(one); err != nil {
			fitToPrint(t, err)
		}
		rules, err := ParseZoneRules(text)
		if err != nil {
			fitToPrint(t, err)
			return
		}
		zones, err := NewZones(rules)
		if err != nil {
			fitToPrint(t, err)
			return
		}
		n := Node{ID: "07c37dfeb235213a872192d90877d0cd55635b91", Dialled: "10.0.0.11:7000"}
		if zones.Of(&n); zones.Given() != (len(rules) > 0) {
			t.Errorf("%q makes %v", text, rules)
		}
	})
}

func FuzzPictures(f *testing.F) {
	f.Add(string(idA)+" 10.0.0.1:7001@17001 myself,master - 0 0 7 connected 0-8191 [1->-"+string(idB)+"]\n"+string(idB)+" 10.0.0.2:7001@17001 slave "+string(idA)+" 0 0 7 connected\n",
		string(idB)+" 10.0.0.2:7001@17001 myself,slave "+string(idA)+" 0 0 7 connected\n"+string(idA)+" 10.0.0.1:7001@17001 master,fail? - 0 0 8 connected 0-16383\n",
		"cluster_state:ok\r\ncluster_slots_assigned:16384\r\n", "role:master\r\nmaster_repl_offset:5\r\nslave0:ip=10.0.0.2,port=7001,state=online,offset=3,lag=1\r\n")
	f.Fuzz(func(t *testing.T, one, other, state, info string) {
		at := time.Unix(1700000000, 0)
		var last *Snapshot
		for seq, texts := range [][2]string{{one, other}, {other, one}} {
			in := Inputs{At: at.Add(time.Duration(seq) * time.Second), Seq: uint64(seq + 1), Interval: time.Second}
			for i, text := range texts {
				n := Node{Dialled: []string{"10.0.0.1:7001", "10.0.0.2:7001"}[i], Health: Answering, LastSeen: at}
				if view, err := ParseNodes(text); err == nil {
					n.View = n.View.Succeed(view, at)
				}
				if c, err := ParseClusterInfo(state); err == nil {
					n.ClusterInfo = n.ClusterInfo.Succeed(c, at)
				}
				if told, err := ParseInfo(info); err == nil {
					n.Info, n.Stats = n.Info.Succeed(told, at), StatsOf(told)
					CommandUses(told)
					ErrorCounts(told)
				}
				in.Nodes = append(in.Nodes, n)
			}
			next := Merge(last, in)
			if last != nil {
				Diff(last, next)
			}
			_ = next.Agreement().Full()
			for i := range next.Shards {
				if n := next.Shards[i].SlotLen; n < 0 || n > 16384 {
					t.Fatalf("a shard of %d slots", n)
				}
			}
			last = next
		}
	})
}
