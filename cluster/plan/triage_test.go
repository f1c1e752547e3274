package plan

import (
	"slices"
	"strings"
	"testing"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// opened gives nodes the halves that they show of a slot, and pairs them as the
// picture does.
type opened struct {
	slot keyslot.Slot
	by   cluster.NodeID
	in   bool // importing
	peer cluster.NodeID
}

func withOpen(w *world, halves ...opened) *world {
	return w.but(func(s *cluster.Snapshot) {
		moves := map[keyslot.Slot]*cluster.Move{}
		for _, h := range halves {
			n := node(s, h.by)
			view := *n.View.Value
			view.Members = slices.Clone(view.Members)
			for i := range view.Members {
				if m := &view.Members[i]; m.ID == h.by {
					m.Open = append(slices.Clip(m.Open), cluster.OpenSlot{Slot: h.slot, Importing: h.in, Peer: h.peer})
				}
			}
			n.View.Value = &view
			m := moves[h.slot]
			if m == nil {
				m = &cluster.Move{Slot: h.slot}
				moves[h.slot] = m
			}
			primary := !n.Member.Flags.Has(cluster.Replica)
			switch {
			case h.in:
				m.ToSeen = append(m.ToSeen, h.by)
				if primary {
					m.To = h.by
				}
			default:
				m.FromSeen = append(m.FromSeen, h.by)
				if primary {
					m.From = h.by
				}
			}
		}
		for _, m := range moves {
			s.Moves = append(s.Moves, *m)
		}
		slices.SortFunc(s.Moves, func(a, b cluster.Move) int { return int(a.Slot) - int(b.Slot) })
	})
}

var a, b, c, d = id(0, 0), id(1, 0), id(2, 0), id(3, 0)

func triaged(t *testing.T, w *world, keys KeyCounts, facts Facts) Recovery {
	t.Helper()
	got, err := Triage(w.snapshot(), keys, facts)
	if err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	for _, o := range got[0].Options {
		if !o.Possible && (len(o.Commands) > 0 || !strings.HasPrefix(o.Text, "not possible")) || o.Text == "" || !printable(o.Text) {
			t.Errorf("%v: %+v", o.Way, o)
		}
	}
	if ways := []Way{got[0].Options[0].Way, got[0].Options[1].Way, got[0].Options[2].Way}; !slices.Equal(ways, []Way{Finish, RollBack, Leave}) {
		t.Errorf("ways: %v", ways)
	}
	if !got[0].Option(got[0].Suggested).Possible {
		t.Errorf("%v is suggested but not possible", got[0].Suggested)
	}
	return got[0]
}

// sent is an option's commands in short: "A SETSLOT STABLE", "D MIGRATE to A".
func sent(o Option) []string {
	names := map[cluster.NodeID]string{a: "A", b: "B", c: "C", d: "D"}
	var out []string
	for _, cmd := range o.Commands {
		text := names[cmd.Node] + " " + cmd.Args[0]
		switch {
		case cmd.Args[0] == "DEL":
		case cmd.Args[0] == "MIGRATE":
			host := map[string]string{"10.0.0.1": "A", "10.0.1.1": "B", "10.0.2.1": "C", "10.0.3.1": "D"}[cmd.Args[1]]
			text += " to " + host
		case cmd.Args[1] == "SETSLOT":
			text = names[cmd.Node] + " " + cmd.Args[3]
			if len(cmd.Args) > 4 {
				text += " " + names[cluster.NodeID(cmd.Args[4])]
			}
		default:
			text = names[cmd.Node] + " " + cmd.Args[1]
		}
		out = append(out, text)
	}
	return out
}

func wantCommands(t *testing.T, o Option, want ...string) {
	t.Helper()
	if got := sent(o); !o.Possible || !slices.Equal(got, want) {
		t.Errorf("%v (possible: %v):\n  %s\nwant\n  %s", o.Way, o.Possible, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func give(from, to string) []string {
	return []string{from + " GETKEYSINSLOT", from + " MIGRATE to " + to, from + " COUNTKEYSINSLOT", to + " NODE " + to, from + " NODE " + to}
}

func empty(from, to string) []string {
	return []string{from + " GETKEYSINSLOT", from + " MIGRATE to " + to, from + " COUNTKEYSINSLOT"}
}

func TestOpenSlotCanBeFinishedOrRolledBack(t *testing.T) {
	w := withOpen(three(), opened{100, a, false, d}, opened{100, d, true, a})
	r := triaged(t, w, KeyCounts{100: {a: 73, d: 41}}, Facts{})
	if r.Owner != a || r.To != d || r.Suggested != Finish || !strings.Contains(r.Text, "A 10.0.0.1:7000 owns it and holds 73 keys, D 10.0.3.1:7000 holds 41 keys") {
		t.Errorf("%+v", r)
	}
	wantCommands(t, r.Option(Finish), give("A", "D")...)
	wantCommands(t, r.Option(RollBack), append(append([]string{"A STABLE"}, empty("D", "A")...), "D STABLE")...)
	if back := r.Option(RollBack); back.Risk != Disruptive || !strings.Contains(back.Text, "clients do not find those keys") {
		t.Errorf("roll back: %+v", back)
	}
	if finish := r.Option(Finish); finish.Risk != Safe {
		t.Errorf("finish: %+v", finish)
	}
}

func TestRollBackOfAMoveThatBroughtNothingIsSafe(t *testing.T) {
	w := withOpen(three(), opened{100, a, false, d}, opened{100, d, true, a})
	r := triaged(t, w, KeyCounts{100: {a: 73, d: 0}}, Facts{})
	back := r.Option(RollBack)
	wantCommands(t, back, "A STABLE", "D COUNTKEYSINSLOT", "D STABLE")
	if back.Risk != Safe || r.Suggested != Finish { // both sides are in place
		t.Errorf("%v is suggested; %+v", r.Suggested, back)
	}
}

func TestOneHalfThatAFailoverForgotIsOpenedAgain(t *testing.T) {
	r := triaged(t, withOpen(three(), opened{100, d, true, a}), KeyCounts{100: {a: 5, d: 7}}, Facts{})
	wantCommands(t, r.Option(Finish), append([]string{"A MIGRATING D"}, give("A", "D")...)...)
	wantCommands(t, r.Option(RollBack), append(empty("D", "A"), "D STABLE")...)
	if !strings.Contains(r.Option(Leave).Text, "cannot see the keys that D 10.0.3.1:7000 holds (7 keys)") {
		t.Errorf("leave: %s", r.Option(Leave).Text)
	}

	r = triaged(t, withOpen(three(), opened{100, a, false, d}), KeyCounts{100: {a: 5, d: 7}}, Facts{})
	wantCommands(t, r.Option(Finish), append([]string{"D IMPORTING A"}, give("A", "D")...)...)
	// Without importing, D would neither send nor, on Redis 8.4, even count its keys.
	wantCommands(t, r.Option(RollBack), append(append([]string{"A STABLE", "D IMPORTING A"}, empty("D", "A")...), "D STABLE")...)
}

func TestHalfMoveThatMovedNothingIsBestRolledBack(t *testing.T) {
	r := triaged(t, withOpen(three(), opened{100, a, false, d}), KeyCounts{100: {a: 5, d: 0}}, Facts{})
	if r.Suggested != RollBack {
		t.Errorf("suggested: %v", r.Suggested)
	}
}

func TestOpenSlotIsFinishedToTheSuccessorOfAFailedOverTarget(t *testing.T) {
	// A's line names D's former primary, which follows D now.
	w := withOpen(three(), opened{100, a, false, id(3, 1)})
	r := triaged(t, w, KeyCounts{}, Facts{})
	if r.To != d {
		t.Fatalf("to %s", r.To.Short())
	}
	wantCommands(t, r.Option(Finish), append([]string{"D IMPORTING A", "A MIGRATING D"}, give("A", "D")...)...)

	// The same on the other side: D's line names A's former primary.
	r = triaged(t, withOpen(three(), opened{100, a, false, d}, opened{100, d, true, id(0, 1)}), KeyCounts{}, Facts{})
	wantCommands(t, r.Option(Finish), append([]string{"D IMPORTING A"}, give("A", "D")...)...)
}

// TestTargetThatMayComeBackAndTakeItsSlotsIsToldOf: a Valkey that went down while
// it was importing a slot takes it on its return, once its source gave it away.
func TestTargetThatMayComeBackAndTakeItsSlotsIsToldOf(t *testing.T) {
	for flavor, risk := range map[string]Risk{"valkey": Lossy, "redis": Safe} {
		w := withOpen(three(), opened{100, a, false, id(3, 1)}).but(func(s *cluster.Snapshot) {
			node(s, a).Stats.Flavor = flavor
			node(s, id(3, 1)).Health = cluster.NoAnswer
		})
		r := triaged(t, w, KeyCounts{100: {a: 12, d: 3}}, Facts{})
		finish := r.Option(Finish)
		if !finish.Possible || finish.Risk != risk || (r.Suggested == RollBack) != (risk == Lossy) || strings.Contains(finish.Text, "Bring it back first") != (risk == Lossy) {
			t.Errorf("%s: %v is suggested; %+v", flavor, r.Suggested, finish)
		}
	}
}

func TestTwoImportersAreBroughtTogether(t *testing.T) {
	w := withOpen(three(), opened{100, a, false, d}, opened{100, d, true, a}, opened{100, c, true, a})
	r := triaged(t, w, KeyCounts{100: {a: 1, c: 2, d: 3}}, Facts{})
	wantCommands(t, r.Option(Finish), append(append(empty("C", "D"), "C STABLE"), give("A", "D")...)...)
	want := append([]string{"A STABLE"}, append(empty("D", "A"), "D STABLE")...)
	wantCommands(t, r.Option(RollBack), append(want, append(empty("C", "A"), "C STABLE")...)...)

	// Nobody says who shall get it: only home is certain.
	r = triaged(t, withOpen(three(), opened{100, d, true, a}, opened{100, c, true, a}), KeyCounts{100: {a: 1, c: 2, d: 3}}, Facts{})
	if r.Option(Finish).Possible || !r.Option(RollBack).Possible || r.Suggested != RollBack || r.To != "" {
		t.Errorf("%+v", r)
	}
}

func TestDisputedSlotIsLeftAlone(t *testing.T) {
	w := withOpen(three(), opened{100, a, false, d}, opened{100, d, true, a}).but(func(s *cluster.Snapshot) {
		s.Disputes = []cluster.Dispute{{Range: keyslot.Range{First: 100, Last: 100}, Says: []cluster.Claim{{Owner: a, Epoch: 1}, {Owner: d, Epoch: 9}}}}
	})
	r := triaged(t, w, KeyCounts{100: {a: 12, d: 3}}, Facts{})
	if r.Option(Finish).Possible || r.Option(RollBack).Possible || r.Suggested != Leave || r.Owner != "" ||
		!strings.Contains(r.Text, "A 10.0.0.1:7000 (epoch 1, 12 keys) or D 10.0.3.1:7000 (epoch 9, 3 keys)") || !strings.Contains(r.Text, "delete their keys") {
		t.Errorf("%+v", r)
	}
}

func TestOpenSlotWithoutOwnerIsCoveredFirst(t *testing.T) {
	w := withOpen(three(), opened{100, a, false, d}).but(func(s *cluster.Snapshot) { s.Owner[100] = cluster.NoShard })
	r := triaged(t, w, KeyCounts{}, Facts{})
	if r.Option(Finish).Possible || r.Option(RollBack).Possible || !strings.Contains(r.Text, "cover it first") {
		t.Errorf("%+v", r)
	}
}

func TestMarkThatOnlyAReplicaShowsIsClearedByItsPrimary(t *testing.T) {
	r := triaged(t, withOpen(three(), opened{100, id(3, 1), true, a}), KeyCounts{}, Facts{})
	wantCommands(t, r.Option(RollBack), "D STABLE")
	if r.Option(Finish).Possible || r.Suggested != RollBack || !strings.Contains(r.Text, "on 10.0.3.2:7001 only, a replica") {
		t.Errorf("%+v", r)
	}
}

func TestMarkThatAMoveLeftBehindIsTakenAway(t *testing.T) {
	given := func(w *world) *world { return w.but(func(s *cluster.Snapshot) { s.Owner[100] = 3 }) }
	// The source lost the slot by gossip and keeps its mark (Redis).
	r := triaged(t, given(withOpen(three(), opened{100, a, false, d})), KeyCounts{100: {a: 0, d: 9}}, Facts{})
	wantCommands(t, r.Option(Finish), "A STABLE")
	if r.Option(RollBack).Possible || r.Suggested != Finish {
		t.Errorf("%+v", r)
	}
	// It still holds keys: they go to the owner first.
	r = triaged(t, given(withOpen(three(), opened{100, a, false, d}, opened{100, d, true, a})), KeyCounts{100: {a: 4, d: 9}}, Facts{})
	wantCommands(t, r.Option(Finish), append(append([]string{"A IMPORTING D"}, empty("A", "D")...), "A STABLE", "D STABLE")...)
	// A slot that migrates to its own owner, which Redis accepts.
	r = triaged(t, withOpen(three(), opened{100, a, false, a}), KeyCounts{}, Facts{})
	wantCommands(t, r.Option(Finish), "A STABLE")
}

func TestOpenSlotIsLeftWhileANodeIsDownOrAJobRuns(t *testing.T) {
	w := withOpen(three(), opened{100, a, false, d}, opened{100, d, true, a})
	r := triaged(t, w, KeyCounts{}, Facts{Jobs: []Job{{From: d, To: b}}})
	if r.Option(Finish).Possible || !strings.Contains(r.Text, "no slot can be closed there meanwhile") {
		t.Errorf("%+v", r)
	}
	r = triaged(t, w.but(func(s *cluster.Snapshot) { node(s, d).Health = cluster.NoAnswer }), KeyCounts{}, Facts{})
	if r.Option(Finish).Possible || r.Option(RollBack).Possible || r.Owner != a || !strings.Contains(r.Text, "D 10.0.3.1:7000 does not answer") {
		t.Errorf("%+v", r)
	}
	r = triaged(t, withOpen(three(), opened{100, a, false, d}).but(func(s *cluster.Snapshot) { node(s, d).ClusterInfo.Value.State = "fail" }), KeyCounts{}, Facts{})
	if r.Option(Finish).Possible || !strings.Contains(r.Text, "would refuse keys") {
		t.Errorf("%+v", r)
	}
	r = triaged(t, withOpen(three(), opened{100, a, false, "gone"}), KeyCounts{}, Facts{})
	if r.Option(Finish).Possible || !strings.Contains(r.Text, "not known any more") {
		t.Errorf("%+v", r)
	}
}

// TestNoWayGivesASlotAwayUncounted looks at every option of many random states.
func TestNoWayGivesASlotAwayUncounted(t *testing.T) {
	nodes := []cluster.NodeID{a, b, c, d, id(0, 1), id(3, 1)}
	possible := 0
	for n := range 4 * 4096 { // which nodes show which half, naming whom
		var halves []opened
		for i, by := range nodes {
			switch n >> (2 * i) & 3 {
			case 1:
				halves = append(halves, opened{100, by, false, nodes[(n/7+i)%len(nodes)]})
			case 2:
				halves = append(halves, opened{100, by, true, nodes[(n/5+i)%len(nodes)]})
			}
		}
		if len(halves) == 0 || n%11 != 0 {
			continue
		}
		keys := KeyCounts{100: {a: int64(n % 3), d: int64(n % 2)}}
		got, err := Triage(withOpen(three(), halves...).snapshot(), keys, Facts{})
		if err != nil || len(got) != 1 {
			t.Fatal(err)
		}
		for _, o := range got[0].Options {
			for i, step := range sent(o) {
				before := sent(o)[:i]
				if strings.HasSuffix(step, " NODE "+step[:1]) { // the target claims the slot
					possible++
					if !slices.Contains(before, "A COUNTKEYSINSLOT") {
						t.Fatalf("%v: %v claims before the owner was counted: %v", halves, step, sent(o))
					}
				}
				onReplicas := !slices.ContainsFunc(halves, func(h opened) bool { return slices.Contains(nodes[:4], h.by) })
				moved := slices.ContainsFunc(before, func(s string) bool { return strings.HasPrefix(s, "D MIGRATE") })
				if step == "D STABLE" && n%2 == 1 && !onReplicas && !moved {
					t.Fatalf("%v: D is closed while it holds keys: %v", halves, sent(o))
				}
			}
		}
	}
	if possible < 100 {
		t.Errorf("only %d ways gave a slot away", possible)
	}
}

// unheardOf is a slot that A owns and D imports, and of which D, having slept
// through A's failover, knows no owner.
func unheardOf(w *world, slot keyslot.Slot, named cluster.NodeID, bend func(*cluster.View)) *world {
	return withOpen(w, opened{slot, d, true, id(0, 1)}).but(func(s *cluster.Snapshot) {
		n := node(s, d)
		view := *n.View.Value
		view.Members = slices.Clone(view.Members)
		for i := range view.Members {
			m := &view.Members[i]
			if set := keyslot.SetOf(m.Slots...); set.Has(slot) {
				set.Remove(slot)
				m.Slots = set.Ranges()
			}
			if m.ID == named {
				m.Slots = append(slices.Clone(m.Slots), keyslot.Range{First: slot, Last: slot})
			}
		}
		if bend != nil {
			bend(&view)
		}
		n.View.Value = &view
		n.ClusterInfo.Value.State = "fail"
		one := keyslot.Range{First: slot, Last: slot}
		s.Disputes = append(s.Disputes, cluster.Dispute{Range: one, Says: []cluster.Claim{{Owner: a, Epoch: 1, By: []cluster.NodeID{a, b, c}}, {Owner: named, By: []cluster.NodeID{d}}}})
	})
}

func TestTargetThatKnowsNoOwnerIsToldFirst(t *testing.T) {
	for _, named := range []cluster.NodeID{"", id(0, 1)} { // nobody, or the former primary, which follows A now
		r := triaged(t, unheardOf(three(), 100, named, nil), KeyCounts{100: {a: 5, d: 7}}, Facts{})
		if r.Owner != a || r.To != d || r.Suggested != Finish {
			t.Errorf("%+v", r)
		}
		wantCommands(t, r.Option(Finish), append([]string{"D NODE A", "D IMPORTING A", "A MIGRATING D"}, give("A", "D")...)...)
		wantCommands(t, r.Option(RollBack), append(append([]string{"D NODE A", "D IMPORTING A"}, empty("D", "A")...), "D STABLE")...)
		if !strings.Contains(r.Option(Finish).Text, "D 10.0.3.1:7000 is told first that A 10.0.0.1:7000 owns the slot") {
			t.Errorf("%s", r.Option(Finish).Text)
		}
	}
}

func TestTargetThatIsDownForAnotherReasonIsNotTold(t *testing.T) {
	for claim, w := range map[string]*world{
		"it misses a slot that it does not import": unheardOf(three(), 100, "", func(v *cluster.View) {
			for i := range v.Members {
				if v.Members[i].ID == b {
					v.Members[i].Slots = []keyslot.Range{{First: 5462, Last: 10922}}
				}
			}
		}),
		"it names one that claims the slot": unheardOf(three(), 100, b, nil).but(func(s *cluster.Snapshot) {
			view := *node(s, b).View.Value
			view.Members = slices.Clone(view.Members)
			for i := range view.Members {
				switch m := &view.Members[i]; m.ID {
				case a:
					m.Slots = []keyslot.Range{{First: 0, Last: 99}, {First: 101, Last: 5460}}
				case b:
					m.Slots = []keyslot.Range{{First: 100, Last: 100}, {First: 5461, Last: 10922}}
				}
			}
			node(s, b).View.Value = &view
		}),
		"another one disagrees, too": unheardOf(three(), 100, "", nil).but(func(s *cluster.Snapshot) {
			s.Disputes[0].Says[1].By = append(s.Disputes[0].Says[1].By, c)
		}),
	} {
		r := triaged(t, w, KeyCounts{100: {a: 5, d: 7}}, Facts{})
		if r.Option(Finish).Possible || r.Option(RollBack).Possible {
			t.Errorf("%s: %+v", claim, r)
		}
	}
}
