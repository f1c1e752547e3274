package plan

import (
	"slices"
	"strings"
	"testing"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// told gives single nodes views of their own: in each, slots go to somebody else
// than in the others', or to nobody.
func told(w *world, slots string, to cluster.NodeID, by ...cluster.NodeID) *world {
	return w.but(func(s *cluster.Snapshot) {
		for i := range s.Nodes {
			n := &s.Nodes[i]
			if len(by) > 0 && !slices.Contains(by, n.ID) {
				continue
			}
			view := cluster.View{Myself: n.ID}
			for _, m := range n.View.Value.Members {
				own := keyslot.SetOf(m.Slots...).Minus(set(slots))
				if m.ID == to {
					own = own.Union(set(slots))
				}
				m.Slots = own.Ranges()
				view.Members = append(view.Members, m)
			}
			n.View.Value = &view
		}
		for slot := range set(slots).All() {
			if len(by) == 0 && to == "" {
				s.Owner[slot] = cluster.NoShard
			}
		}
	})
}

// counted is what every node holds in slots: nothing but what is said.
func counted(s *cluster.Snapshot, slots string, keys map[cluster.NodeID]int64) Evidence {
	e := Evidence{Keys: KeyCounts{}}
	for slot := range set(slots).All() {
		e.Keys[slot] = map[cluster.NodeID]int64{}
		for i := range s.Nodes {
			e.Keys[slot][s.Nodes[i].ID] = keys[s.Nodes[i].ID]
		}
	}
	return e
}

// repairSent is what a repair sends, without SETSLOTs and moves of keys.
func repairSent(p MemberPlan) (out []string) {
	names := map[cluster.NodeID]string{a: "A", b: "B", c: "C", d: "D"}
	for _, s := range p.Steps {
		for _, cmd := range s.Commands {
			if cmd.Args[0] == "CLUSTER" && cmd.Args[1] != "SETSLOT" && !strings.HasSuffix(cmd.Args[1], "KEYSINSLOT") {
				out = append(out, names[cmd.Node]+" "+strings.Join(cmd.Args[1:], " "))
			}
		}
	}
	return out
}

func TestRepairGivesSlotsToTheOnlyHolderOfTheirKeys(t *testing.T) {
	s := told(three(), "10-29", "").snapshot()
	p, err := PlanRepair(s, RepairWish{}, counted(s, "10-29", map[cluster.NodeID]int64{b: 7, id(1, 1): 7}))
	if err != nil {
		t.Fatal(err)
	}
	if got := repairSent(p); !slices.Equal(got, []string{"B ADDSLOTSRANGE 10 29"}) || p.Risk != Safe || len(p.Left) > 0 {
		t.Errorf("%v %v %v", got, p.Risk, p.Left)
	}
}

func TestRepairChoosesNoOwnerByGuess(t *testing.T) {
	for _, c := range []struct {
		name string
		wish RepairWish
		keys map[cluster.NodeID]int64
		hide cluster.NodeID
		want []string // what is sent; nil: nothing
		says string
	}{
		{name: "keys on two", keys: map[cluster.NodeID]int64{a: 3, b: 4}, says: "say --owner 10-29=NODE"},
		{name: "the owner was said", wish: RepairWish{Owners: "10-29=A"}, keys: map[cluster.NodeID]int64{a: 3, b: 4}, want: []string{"B ADDSLOTSRANGE 10 29"}},
		{name: "no keys", says: `--owner balance`},
		{name: "by balance", wish: RepairWish{Owners: Balance}, want: []string{"A ADDSLOTSRANGE 10 29"}},
		{name: "only a replica holds keys", keys: map[cluster.NodeID]int64{id(2, 1): 9}, says: "only replicas hold keys"},
		{name: "one may hide keys", hide: id(2, 0), keys: map[cluster.NodeID]int64{a: 3}, says: "out of sight"},
		{name: "one may hide keys, and an owner was said", wish: RepairWish{Owners: "10-29=A"}, hide: id(2, 0), keys: map[cluster.NodeID]int64{a: 3}, says: "out of sight"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := told(three(), "10-29", "").snapshot()
			e := counted(s, "10-29", c.keys)
			if c.hide != "" {
				e.Hidden = map[cluster.NodeID]int64{c.hide: 12}
				for _, counts := range e.Keys {
					delete(counts, c.hide)
				}
			}
			p, err := PlanRepair(s, c.wish, e)
			if c.want == nil {
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Fatalf("%v, %v", repairSent(p), err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := repairSent(p); !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestRepairLetsTheOtherHolderMoveTheKeysBeforeTheOwnerGetsTheSlots(t *testing.T) {
	s := told(three(), "10-11", "").snapshot()
	p, err := PlanRepair(s, RepairWish{Owners: "10-11=A"}, counted(s, "10-11", map[cluster.NodeID]int64{a: 3, b: 4}))
	if err != nil {
		t.Fatal(err)
	}
	var acts []MemberAct
	for _, step := range p.Steps {
		acts = append(acts, step.Act)
	}
	if want := []MemberAct{ActCover, ActSettle, ActSend, ActOpenSlots, ActSettle}; !slices.Equal(acts, want) {
		t.Fatalf("%v, want %v", acts, want)
	}
	if got := p.Steps[3].Open; !slices.Equal(got, []SlotWay{{10, Finish}, {11, Finish}}) || !p.Steps[3].Replace {
		t.Errorf("%v", got)
	}
	if first := p.Steps[0].Commands; first[0].Args[1] != "ADDSLOTSRANGE" || first[1].Args[3] != "MIGRATING" || first[1].Args[4] != string(a) {
		t.Errorf("%v", first)
	}
}

func TestRepairLeavesClaimantsWhoseKeysAndEpochsDoNotAgree(t *testing.T) {
	w := told(three(), "10-29", b, b) // A owns them, and B with the higher epoch says that it does
	s := w.snapshot()
	for _, c := range []struct {
		wish RepairWish
		keys map[cluster.NodeID]int64
		want []string
	}{
		{RepairWish{}, map[cluster.NodeID]int64{b: 5}, nil},
		{RepairWish{Claimants: true}, map[cluster.NodeID]int64{a: 5}, nil},
		{RepairWish{Claimants: true}, map[cluster.NodeID]int64{b: 5, a: 1}, []string{"A DELSLOTSRANGE 10 29", "B BUMPEPOCH"}},
		{RepairWish{Owners: "10-29=A"}, map[cluster.NodeID]int64{a: 5}, []string{"B DELSLOTSRANGE 10 29", "A BUMPEPOCH"}},
	} {
		p, err := PlanRepair(s, c.wish, counted(s, "10-29", c.keys))
		if c.want == nil {
			if err == nil || !strings.Contains(err.Error(), "claimed by") {
				t.Errorf("%+v: %v, %v", c.wish, repairSent(p), err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := repairSent(p); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v, want %v", c.wish, got, c.want)
		}
	}
}

func TestRepairTellsWhatIsLostWithADeadPrimary(t *testing.T) {
	dead := three().but(func(s *cluster.Snapshot) {
		n := node(s, a)
		n.Health, n.FailBy = cluster.Refused, []cluster.NodeID{b, c}
		n.Member.Flags |= cluster.Fail
	})
	dead.replicas = 0
	s := dead.snapshot()
	e := counted(s, "0-5460", nil)
	e.LastKeys = map[cluster.NodeID]int64{a: 1234}
	if _, err := PlanRepair(s, RepairWish{}, e); err == nil || !strings.Contains(err.Error(), "--fix-with-unreachable-masters") || !strings.Contains(err.Error(), "1234 when it was last asked") {
		t.Errorf("without a word: %v", err)
	}
	p, err := PlanRepair(s, RepairWish{Unreachable: true}, e)
	if err != nil || p.Risk != Lossy || p.Type == "" || !strings.Contains(p.Why, "5461 slots of A 10.0.0.1:7000 become empty: its keys (1234") {
		t.Fatalf("%v %v %v", p.Risk, p.Why, err)
	}
	if got := repairSent(p); !slices.Contains(got, "B BUMPEPOCH") {
		t.Errorf("%v", got)
	}
	with := three().but(func(s *cluster.Snapshot) { // its replica lives
		n := node(s, a)
		n.Health, n.FailBy = cluster.Refused, []cluster.NodeID{b, c}
		n.Member.Flags |= cluster.Fail
	}).snapshot()
	if _, err := PlanRepair(with, RepairWish{Unreachable: true}, e); err == nil || !strings.Contains(err.Error(), "fail over to it") {
		t.Errorf("slots are given away though a replica has their keys: %v", err)
	}
}

func TestRepairOfAHealthyClusterHasNothingToDo(t *testing.T) {
	_, err := PlanRepair(three().snapshot(), RepairWish{Unreachable: true, Claimants: true, Strays: MergeStrays}, Evidence{})
	if reason, _ := ReasonOf(err); reason != NothingToMove {
		t.Error(err)
	}
}

func TestStrayKeysComeBackOnlyWhenThatIsSaid(t *testing.T) {
	s := three().snapshot()
	e := Evidence{Strays: map[cluster.NodeID]Stray{b: {In: set("10-29"), Keys: 40}}}
	if _, err := PlanRepair(s, RepairWish{}, e); err == nil || !strings.Contains(err.Error(), "--strays merge") {
		t.Error(err)
	}
	p, err := PlanRepair(s, RepairWish{Strays: MergeStrays}, e)
	if err != nil || p.Steps[0].Act != ActHome || p.Risk != Disruptive {
		t.Fatalf("%+v %v", p.Steps, err)
	}
	if m := p.Steps[0].Gives[0]; m.From != b || m.To != a || m.Set() != set("10-29") {
		t.Errorf("%+v", m)
	}
	p, err = PlanRepair(s, RepairWish{Strays: DeleteStrays}, e)
	if err != nil || p.Steps[0].Act != ActRemove || p.Risk != Lossy || p.Type == "" || !strings.Contains(p.Why, "40 keys are removed") || len(p.Left) > 0 {
		t.Fatalf("%+v %v", p, err)
	}
	var sent []string
	for _, c := range p.Steps[0].Commands {
		sent = append(sent, c.Args[0]+" "+c.Args[1])
	}
	if want := []string{"CLUSTER SETSLOT", "CLUSTER GETKEYSINSLOT", "DEL <key>", "CLUSTER COUNTKEYSINSLOT", "CLUSTER SETSLOT"}; !slices.Equal(sent, want) {
		t.Errorf("%q", sent)
	}
}

// Where TLS is for clients alone the others are reached at the plain port,
// though it is not the one that is announced.
func TestRepairShowsThePortThatKeysAreSentTo(t *testing.T) {
	s := three().snapshot()
	e := Evidence{Strays: map[cluster.NodeID]Stray{b: {In: set("10-29"), Keys: 40}}, Inside: map[cluster.NodeID]Inside{a: {Plain: 6379, Secure: 7000}}}
	stray, err := PlanRepair(s, RepairWish{Strays: MergeStrays}, e)
	if err != nil {
		t.Fatal(err)
	}
	open := withOpen(three(), opened{10, a, false, b}, opened{10, b, true, a}).snapshot()
	back, err := PlanRepair(open, RepairWish{}, Evidence{Keys: KeyCounts{10: {a: 9, b: 3}}, Inside: map[cluster.NodeID]Inside{b: {Plain: 6380, Secure: 7000}}})
	if err != nil {
		t.Fatal(err)
	}
	for want, p := range map[string]MemberPlan{"10.0.0.1 6379": stray, "10.0.1.1 6380": back} {
		var sent []string
		for _, step := range p.Steps {
			for _, c := range step.Commands {
				if c.Args[0] == "MIGRATE" {
					sent = append(sent, c.Args[1]+" "+c.Args[2])
				}
			}
		}
		if !slices.Equal(sent, []string{want}) {
			t.Errorf("sent to %q, not to %s", sent, want)
		}
	}
}

// Where a key lies on both, the named owner has the slots first, and its values
// stay; the others' keys are with it at the end all the same.
func TestRepairLetsTheNamedOwnersValuesWinWhereAKeyLiesTwice(t *testing.T) {
	s := told(three(), "10-12", "").snapshot()
	e := counted(s, "10-12", map[cluster.NodeID]int64{a: 3, b: 4, c: 1})
	e.Twice = set("11")
	p, err := PlanRepair(s, RepairWish{Owners: "10-12=A"}, e)
	if err != nil {
		t.Fatal(err)
	}
	if got := repairSent(p); !slices.Equal(got, []string{"A ADDSLOTSRANGE 11 11", "B ADDSLOTSRANGE 10 10 12 12"}) {
		t.Errorf("%q", got)
	}
	var acts []MemberAct
	var open [][]SlotWay
	for _, step := range p.Steps {
		if acts = append(acts, step.Act); step.Act == ActOpenSlots {
			open = append(open, step.Open)
		}
	}
	if want := []MemberAct{ActCover, ActSettle, ActSend, ActOpenSlots, ActSettle, ActSend, ActOpenSlots, ActSettle, ActHome, ActHome, ActSettle}; !slices.Equal(acts, want) {
		t.Errorf("%v, want %v", acts, want)
	}
	if len(open) != 2 || len(open[0]) != 3 || !slices.Equal(open[1], []SlotWay{{11, Finish}}) {
		t.Errorf("%v", open)
	}
	if text := strings.Join(p.Picture, "\n"); !strings.Contains(text, "A 10.0.0.1:7000  slots  5458 ->  5461") {
		t.Errorf("%s", text)
	}
	e.Twice = keyslot.Set{}
	if p, err = PlanRepair(s, RepairWish{Owners: "10-12=A"}, e); err != nil || !slices.Equal(repairSent(p), []string{"B ADDSLOTSRANGE 10 12"}) {
		t.Errorf("%q %v", repairSent(p), err)
	}
}

// Fifty slots that wait for one node are told in one sentence.
func TestRepairTellsWhatOpenSlotsWaitForOnce(t *testing.T) {
	var open []opened
	for slot := keyslot.Slot(100); slot < 150; slot++ {
		open = append(open, opened{slot, a, false, b}, opened{slot, b, true, a})
	}
	s := withOpen(three(), open...).but(func(s *cluster.Snapshot) { node(s, b).ClusterInfo.Value.State = "fail" }).snapshot()
	_, err := PlanRepair(s, RepairWish{}, counted(s, "100-149", map[cluster.NodeID]int64{a: 1, b: 1}))
	if err == nil || strings.Count(err.Error(), "cannot be settled without it") != 1 || !strings.Contains(err.Error(), "50 open slots (100-149)") {
		t.Errorf("%v", err)
	}
}

// Of three claimants the one of the newest epoch wins when it has the most keys,
// and the others' keys follow, those of the newer epoch first.
func TestRepairSettlesThreeClaimants(t *testing.T) {
	w := told(told(three(), "10-29", b, b), "10-29", c, c)
	s := w.snapshot()
	clear, err := PlanRepair(s, RepairWish{Claimants: true}, counted(s, "10-29", map[cluster.NodeID]int64{a: 2, b: 3, c: 5}))
	if err != nil {
		t.Fatal(err)
	}
	if got := repairSent(clear); !slices.Equal(got, []string{"A DELSLOTSRANGE 10 29", "B DELSLOTSRANGE 10 29", "C BUMPEPOCH"}) {
		t.Errorf("%q", got)
	}
	var from []cluster.NodeID
	for _, step := range clear.Steps {
		if step.Act == ActHome {
			from = append(from, step.Gives[0].From)
		}
	}
	if !slices.Equal(from, []cluster.NodeID{b, a}) {
		t.Errorf("keys come home from %v", from)
	}
	if _, err = PlanRepair(s, RepairWish{Claimants: true}, counted(s, "10-29", map[cluster.NodeID]int64{a: 2, b: 6, c: 5})); err == nil || !strings.Contains(err.Error(), "say --owner 10-29=NODE") {
		t.Errorf("a winner is guessed: %v", err)
	}
}
