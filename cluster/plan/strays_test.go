package plan

import (
	"strings"
	"testing"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// TestStrayKeysAreSettledOnlyWhenTheirOwnerIsCertain: by every node's word, its
// own among them.
func TestStrayKeysAreSettledOnlyWhenTheirOwnerIsCertain(t *testing.T) {
	one := keyslot.Range{First: 100, Last: 100}
	for claim, c := range map[string]struct {
		stray     StraySlot
		bend      func(*cluster.Snapshot)
		facts     Facts
		suggested Way
		possible  bool
		says      string
	}{
		"the owner has all of them":      {StraySlot{100, d, 7, 7, 0}, nil, Facts{}, Finish, true, "has 7"},
		"some are nowhere else":          {StraySlot{100, d, 7, 7, 2}, nil, Facts{}, Leave, true, "2 are nowhere else"},
		"not all were looked up":         {StraySlot{100, d, 7, 5, 0}, nil, Facts{}, Leave, true, "of 5 that were looked up"},
		"none was looked up":             {StraySlot{100, d, 7, 0, 0}, nil, Facts{}, Leave, true, "not looked up"},
		"the holder owns the slot":       {StraySlot{100, a, 7, 7, 0}, nil, Facts{}, Leave, false, "look again"},
		"the holder is a replica":        {StraySlot{100, id(3, 1), 7, 7, 0}, nil, Facts{}, Leave, false, "not a primary"},
		"an atomic migration runs there": {StraySlot{100, d, 7, 7, 0}, nil, Facts{Jobs: []Job{{Name: "x", From: b, To: d}}}, Leave, false, "atomic migration"},
		"nodes do not agree": {StraySlot{100, d, 7, 7, 0}, func(s *cluster.Snapshot) {
			s.Disputes = []cluster.Dispute{{Range: one, Says: []cluster.Claim{{Owner: a, Epoch: 1}, {Owner: d, Epoch: 9}}}}
		}, Facts{}, Leave, false, "do not agree"},
		"nobody owns the slot":       {StraySlot{100, d, 7, 7, 0}, func(s *cluster.Snapshot) { s.Owner[100] = cluster.NoShard }, Facts{}, Leave, false, "no owner"},
		"the owner does not answer":  {StraySlot{100, d, 7, 7, 0}, func(s *cluster.Snapshot) { node(s, a).Health = cluster.NoAnswer }, Facts{}, Leave, false, "does not answer"},
		"the owner does not say so":  {StraySlot{100, d, 7, 7, 0}, func(s *cluster.Snapshot) { node(s, a).View.Value = &cluster.View{} }, Facts{}, Leave, false, "does not say itself"},
		"the owner has no replica":   {StraySlot{100, d, 7, 7, 0}, func(s *cluster.Snapshot) { s.Shards[0].Replicas = nil }, Facts{}, Finish, true, "has no replica"},
		"the holder does not answer": {StraySlot{100, d, 7, 7, 0}, func(s *cluster.Snapshot) { node(s, d).Health = cluster.NoAnswer }, Facts{}, Leave, false, "does not answer"},
	} {
		w := three()
		if c.bend != nil {
			w.but(c.bend)
		}
		got, err := TriageStrays(w.snapshot(), []StraySlot{c.stray}, c.facts)
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %v, %v", claim, got, err)
		}
		r := got[0]
		if r.Suggested != c.suggested || r.Option(Finish).Possible != c.possible || r.Option(RollBack).Possible != c.possible || !r.Option(Leave).Possible || r.Holder != c.stray.Holder || !strings.Contains(r.Text, c.says) {
			t.Errorf("%s: %+v", claim, r)
		}
		if risk := r.Option(Finish).Risk; c.possible && (risk == Lossy) != (c.suggested == Leave) {
			t.Errorf("%s: %v", claim, risk)
		}
		if !c.possible {
			continue
		}
		wantCommands(t, r.Option(Finish), "D IMPORTING A", "D GETKEYSINSLOT", "D DEL", "D COUNTKEYSINSLOT", "D STABLE")
		wantCommands(t, r.Option(RollBack), append(append([]string{"D IMPORTING A"}, empty("D", "A")...), "D STABLE")...)
	}
}
