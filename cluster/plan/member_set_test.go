package plan

import (
	"slices"
	"testing"

	"slotdeck/cluster"
)

func TestSettingIsRefusedWhereItWouldShowASecretOrMakeAllNodesAlike(t *testing.T) {
	s := three().snapshot()
	for _, name := range []string{"requirepass", "masterauth", "cluster-announce-ip", "port", "dir", "", "max*"} {
		if _, err := PlanSetting(s, name, "x", nil); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
	if _, err := PlanSetting(s, NodeTimeout, "99", nil); err == nil {
		t.Error("a node timeout of 99 ms was taken")
	}
	values := map[cluster.NodeID]string{}
	if _, err := PlanSetting(s, "no-such-thing", "1", values); err == nil {
		t.Error("a setting that no node has was taken")
	}
	alike := map[cluster.NodeID]string{}
	for i := range s.Nodes {
		alike[s.Nodes[i].ID] = "yes"
	}
	kept, err := PlanSetting(s, "lazyfree-lazy-user-del", "yes", alike)
	if err != nil || kept.Risk != Safe || len(kept.Steps[0].Commands) != len(s.Nodes) || kept.Title != "keep lazyfree-lazy-user-del at yes on 8 nodes" {
		t.Errorf("where all have it: %q %v %v", kept.Title, kept.Risk, err)
	}
	alike[b], alike[c] = "no", "no"
	some, err := PlanSetting(s, "lazyfree-lazy-user-del", "yes", alike)
	var sets []cluster.NodeID
	for _, cmd := range some.Steps[0].Commands {
		if cmd.Args[1] == "SET" {
			sets = append(sets, cmd.Node)
		}
	}
	if err != nil || !slices.Equal(sets, []cluster.NodeID{b, c}) || some.Title != "set lazyfree-lazy-user-del to yes on 2 of 8 nodes" || some.Risk != Disruptive {
		t.Errorf("where two differ: %q, set on %v, %v", some.Title, sets, err)
	}
	values[id(0, 0)] = "100"
	p, err := PlanSetting(s, "MaxMemory", "1gb", values)
	if err != nil || p.Risk != Lossy || p.Type != "maxmemory" {
		t.Fatalf("%v %v %q", err, p.Risk, p.Type)
	}
}
