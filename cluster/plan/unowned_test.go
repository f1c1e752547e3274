package plan

import (
	"slices"
	"strings"
	"testing"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// TestSlotThatNobodyOwnsGoesToWhoHoldsItsKeysOrTookTheTargetsPlace: and to nobody
// while anything about that is not certain.
func TestSlotThatNobodyOwnsGoesToWhoHoldsItsKeysOrTookTheTargetsPlace(t *testing.T) {
	one := []keyslot.Range{{First: 100, Last: 100}}
	toB := &Plan{Moves: []Move{{From: a, To: b, Ranges: one}}, Nodes: []Node{{ID: a}, {ID: b, Replicas: []cluster.NodeID{id(1, 1)}}}}
	gone := &Plan{Moves: []Move{{From: a, To: "gone", Ranges: one}}, Nodes: []Node{{ID: a}, {ID: "gone", Replicas: []cluster.NodeID{b}}}}
	holds := func(id cluster.NodeID, n int64) map[cluster.NodeID]int64 { return map[cluster.NodeID]int64{id: n} }
	for claim, c := range map[string]struct {
		bend    func(*cluster.Snapshot)
		keys    map[cluster.NodeID]int64
		hidden  map[cluster.NodeID]int64
		earlier *Plan
		facts   Facts
		to      cluster.NodeID // empty: nobody
		says    string         // empty: it is left to a repair
	}{
		"one node holds keys of it":             {keys: holds(b, 7), to: b, says: "B 10.0.1.1:7000 alone holds keys of it (7)"},
		"two nodes hold keys of it":             {keys: map[cluster.NodeID]int64{b: 7, c: 1}, says: "several nodes"},
		"a replica alone holds keys of it":      {keys: holds(id(1, 1), 7), earlier: toB, says: "only replicas"},
		"somebody hides keys":                   {keys: holds(b, 7), hidden: holds(c, 3), says: "out of sight"},
		"nobody holds any, and nothing is told": {},
		"nobody holds any, and the plan tells":  {earlier: toB, to: b, says: "gave it to B"},
		"the plan's target was replaced":        {earlier: gone, to: b, says: "took the place of"},
		"another plan is remembered":            {earlier: &Plan{Moves: []Move{{From: a, To: b, Ranges: []keyslot.Range{{First: 5, Last: 5}}}}}},
		"the target does not answer": {earlier: toB, bend: func(s *cluster.Snapshot) { node(s, b).Health = cluster.NoAnswer },
			says: "bring it back"},
		"a third primary does not answer": {keys: holds(b, 7), bend: func(s *cluster.Snapshot) { node(s, c).Health = cluster.NoAnswer },
			says: "C 10.0.2.1:7000 does not answer"},
		"a primary that was replaced does not answer": {keys: holds(b, 7), to: b, says: "alone", bend: func(s *cluster.Snapshot) {
			s.Nodes = append(s.Nodes, cluster.Node{ID: "old", Shard: 1, Health: cluster.Refused, Member: cluster.Member{ID: "old", Flags: cluster.Primary | cluster.Fail}})
		}},
		"a replica does not answer":                    {keys: holds(b, 7), to: b, says: "alone", bend: func(s *cluster.Snapshot) { node(s, id(2, 1)).Health = cluster.NoAnswer }},
		"somebody calls it its own":                    {keys: holds(b, 7), bend: func(s *cluster.Snapshot) { owns(s, c, 100) }},
		"somebody is named who says that it is not so": {keys: holds(b, 7), to: b, says: "alone", bend: func(s *cluster.Snapshot) { names(s, a, c, 100) }},
		"an atomic migration runs there":               {keys: holds(b, 7), facts: Facts{Jobs: []Job{{Name: "x", From: b, To: d}}}, says: "atomic migration"},
		"it is held for failed":                        {keys: holds(b, 7), bend: func(s *cluster.Snapshot) { node(s, b).FailBy = []cluster.NodeID{a} }, says: "held for failed"},
	} {
		t.Run(claim, func(t *testing.T) {
			w := worldOf("0-99 101-5460", "5461-10922", "10923-16383", "")
			if c.bend != nil {
				w.but(c.bend)
			}
			e := Evidence{Keys: KeyCounts{100: c.keys}, Hidden: c.hidden}
			if c.keys == nil {
				e.Keys = KeyCounts{100: {}}
			}
			got, err := TriageUnowned(w.snapshot(), e, c.earlier, c.facts)
			if err != nil || len(got) > 1 || (len(got) == 1) != (c.says != "") {
				t.Fatalf("%v, %+v", err, got)
			}
			if c.says == "" {
				return
			}
			r := got[0]
			if r.To != c.to || !r.Unowned || r.Owner != "" || !strings.Contains(r.Text, c.says) || !printable(r.Text) {
				t.Errorf("%+v", r)
			}
			if r.Option(Finish).Possible != (c.to != "") || r.Option(RollBack).Possible || !r.Option(Leave).Possible || !r.Option(r.Suggested).Possible {
				t.Errorf("%+v", r.Options)
			}
			if c.to != "" {
				wantCommands(t, r.Option(Finish), "B NODE B")
			}
		})
	}
}

// TestMarksOfASlotThatNobodyOwnsAreClearedToo: its source may still show it as
// migrating.
func TestMarksOfASlotThatNobodyOwnsAreClearedToo(t *testing.T) {
	w := withOpen(worldOf("0-99 101-5460", "5461-10922", "10923-16383", ""), opened{100, a, false, b})
	got, err := TriageUnowned(w.snapshot(), Evidence{Keys: KeyCounts{100: {}}}, nil, Facts{})
	if err != nil || len(got) != 1 || got[0].To != b {
		t.Fatalf("%v, %+v", err, got)
	}
	wantCommands(t, got[0].Option(Finish), "B NODE B", "A STABLE")
}

// owns lets a node call a slot its own, names lets it name another as the owner.
func owns(s *cluster.Snapshot, id cluster.NodeID, slot keyslot.Slot) { names(s, id, id, slot) }

func names(s *cluster.Snapshot, by, owner cluster.NodeID, slot keyslot.Slot) {
	n := node(s, by)
	view := *n.View.Value
	view.Members = slices.Clone(view.Members)
	for i := range view.Members {
		if m := &view.Members[i]; m.ID == owner {
			m.Slots = append(slices.Clip(m.Slots), keyslot.Range{First: slot, Last: slot})
		}
	}
	n.View.Value = &view
}
