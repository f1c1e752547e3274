package plan

import (
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
	values[id(0, 0)] = "100"
	p, err := PlanSetting(s, "MaxMemory", "1gb", values)
	if err != nil || p.Risk != Lossy || p.Type != "maxmemory" {
		t.Fatalf("%v %v %q", err, p.Risk, p.Type)
	}
}
