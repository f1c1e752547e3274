package cluster

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"slotdeck/keyslot"
)

const peace = "A 7001+7004 0-5460; B 7002+7005 5461-10922; C 7003+7006 10923-16383"

func wantDrawn(t *testing.T, s *Snapshot, want string) {
	t.Helper()
	if got := draw(s); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	soundSnapshot(t, s)
}

// soundSnapshot checks what must hold in every snapshot.
func soundSnapshot(t *testing.T, s *Snapshot) {
	t.Helper()
	seats := map[NodeID]int{}
	for i, sh := range s.Shards {
		if i > 0 && s.Shards[i-1].Hue >= sh.Hue {
			t.Fatalf("shards are not in the order of their letters: %s", draw(s))
		}
		if sh.Primary != "" {
			seats[sh.Primary]++
		}
		for _, id := range sh.Replicas {
			seats[id]++
		}
		for slot := range keyslot.SetOf(sh.Slots...).All() {
			if int(s.Owner[slot]) != i {
				t.Fatalf("slot %d belongs to shard %d, its owner is %d", slot, i, s.Owner[slot])
			}
		}
	}
	last := -1
	for i, n := range s.Nodes {
		want := 0
		if n.Shard >= 0 {
			want = 1
		}
		if seats[n.ID] != want {
			t.Fatalf("node %s stands in %d shards: %s", n.ID.Short(), seats[n.ID], draw(s))
		}
		if n.Shard >= 0 && n.Shard < last || n.Shard >= 0 && last == -2 {
			t.Fatalf("node %d is out of order: %s", i, draw(s))
		}
		if last = n.Shard; last < 0 {
			last = -2
		}
		if n.Member.Flags.Has(Myself) {
			t.Fatal("a merged line is marked as myself")
		}
	}
}

func TestMergeDrawsAClusterInPeace(t *testing.T) {
	s := threePairs().merge(nil, noon)
	wantDrawn(t, s, peace)
	if len(s.Disputes) != 0 || len(s.Moves) != 0 || !s.Agreement().Full() || s.Agreement().Asked != 6 {
		t.Errorf("%+v, %+v, %+v", s.Disputes, s.Moves, s.Agreement())
	}
	if c := CoverageOf(s); c.Served != keyslot.Full() || c.Assigned != keyslot.Full() || !c.Failing.Empty() || !c.Doubtful.Empty() {
		t.Errorf("served %s, doubtful %s", c.Served, c.Doubtful)
	}
}

func TestMergeKeepsTheLetterThroughAFailover(t *testing.T) {
	before := threePairs().merge(nil, noon)
	dead := func(m *Member) { m.Flags |= Fail }
	agreed := threePairs().with(7003, dead).dead(7003, noon).merge(before, noon.Add(4*time.Second))
	wantDrawn(t, agreed, peace)
	if n, _ := agreed.Node(nodeID(7003)); !n.Member.Flags.Has(Fail|Primary) || len(n.FailBy) != 5 {
		t.Errorf("flags %s, failed by %d", n.Member.Flags, len(n.FailBy))
	}
	if c := CoverageOf(agreed); c.Failing != keyslot.SetOf(slots(10923, 16383)) || c.Served.Len() != 10923 {
		t.Errorf("failing %s", c.Failing)
	}

	after := failedOver().merge(agreed, noon.Add(5*time.Second))
	const over = "A 7001+7004 0-5460; B 7002+7005 5461-10922; C 7006+7003 10923-16383"
	wantDrawn(t, after, over)
	if len(after.Disputes) != 0 {
		t.Errorf("the dead primary's old view disputes: %+v", after.Disputes)
	}
	if c := CoverageOf(after); c.Served != keyslot.Full() {
		t.Errorf("served %s", c.Served)
	}
	wantDrawn(t, failedOver().merge(after, noon.Add(60*time.Second)), over)

	back := failedOver().with(7003, func(m *Member) { *m = replica(7003, 7006, 4) })
	back.silent = nil
	wantDrawn(t, back.merge(after, noon.Add(20*time.Second)), over)
}

// failedOver is after 7006 took over from 7003, which died at noon.
func failedOver() *scene {
	old := threePairs().truth
	return threePairs().
		with(7003, func(m *Member) { m.Flags |= Fail; m.Slots = nil }).
		with(7006, func(m *Member) { *m = primary(7006, 4, slots(10923, 16383)) }).
		dead(7003, noon).says(7003, func([]Member) []Member { return old })
}

func TestMergeAtFirstSightOfAFailoverKnowsNoLineageWithoutLastWords(t *testing.T) {
	wantDrawn(t, failedOver().merge(nil, noon.Add(5*time.Second)),
		"A 7001+7004 0-5460; B 7002+7005 5461-10922; C 7006+7003 10923-16383")
	unseen := failedOver()
	unseen.missing = map[NodeID]bool{nodeID(7003): true}
	wantDrawn(t, unseen.merge(nil, noon.Add(5*time.Second)),
		"A 7001+7004 0-5460; B 7002+7005 5461-10922; C 7006 10923-16383; no shard: 7003")
}

func TestMergeBelievesTheHigherEpochOfTwoClaimants(t *testing.T) {
	s := failedOver()
	s.silent = nil // 7003 answers the console, cut off from the others
	snap := s.merge(threePairs().merge(nil, noon), noon.Add(5*time.Second))
	wantDrawn(t, snap, "A 7001+7004 0-5460; B 7002+7005 5461-10922; C 7006+7003 10923-16383")
	if len(snap.Disputes) != 1 || snap.Disputes[0].Range != slots(10923, 16383) {
		t.Fatalf("disputes %+v", snap.Disputes)
	}
	says := snap.Disputes[0].Says
	if says[0].Owner != nodeID(7006) || says[0].Epoch != 4 || len(says[0].By) != 5 ||
		says[1].Owner != nodeID(7003) || !slices.Equal(says[1].By, []NodeID{nodeID(7003)}) {
		t.Errorf("claims %+v", says)
	}
	if a := snap.Agreement(); a.Full() || a.Agree != 5 || a.Asked != 6 || a.Answers != 2 {
		t.Errorf("%+v", a)
	}
}

func TestMergeForgetsStaleViewsWhenNewerExist(t *testing.T) {
	s := threePairs().says(7001, func(m []Member) []Member {
		find(m, 7001).Slots = []keyslot.Range{slots(0, 16383)}
		find(m, 7001).Epoch = 99 // from before the cluster was made anew
		return m
	})
	in := s.inputs(noon.Add(time.Minute))
	for i := range in.Nodes {
		if in.Nodes[i].ID == nodeID(7001) {
			in.Nodes[i].View.At = noon
		}
	}
	wantDrawn(t, Merge(nil, in), peace)
}

func TestMergeKeepsThePictureWhenNobodyAnswers(t *testing.T) {
	s := threePairs()
	for port := 7001; port <= 7006; port++ {
		s.dead(port, noon)
	}
	snap := s.merge(nil, noon.Add(time.Hour))
	wantDrawn(t, snap, peace)
	if c := CoverageOf(snap); c.Doubtful != keyslot.Full() {
		t.Errorf("doubtful %s", c.Doubtful)
	}
	if a := snap.Agreement(); a.Full() || a.Asked != 0 {
		t.Errorf("%+v", a)
	}
}

func TestMergePairsOpenSlotsFromAllNodesOwnLines(t *testing.T) {
	open := func(slot keyslot.Slot, importing bool, peer int) OpenSlot {
		return OpenSlot{Slot: slot, Importing: importing, Peer: nodeID(peer)}
	}
	s := threePairs().
		with(7001, func(m *Member) { m.Open = []OpenSlot{open(100, false, 7002), open(101, false, 7002)} }).
		with(7002, func(m *Member) { m.Open = []OpenSlot{open(100, true, 7001), open(16000, true, 7001)} }).
		with(7004, func(m *Member) { m.Open = []OpenSlot{open(100, false, 7002)} }) // a replica, on Valkey
	want := []Move{
		{Slot: 100, From: nodeID(7001), To: nodeID(7002), FromSeen: sortedIDs(7001, 7004), ToSeen: sortedIDs(7002), Gives: nodeID(7002), Expects: nodeID(7001)},
		{Slot: 101, From: nodeID(7001), FromSeen: sortedIDs(7001), Gives: nodeID(7002)},
		{Slot: 16000, To: nodeID(7002), ToSeen: sortedIDs(7002), Expects: nodeID(7001)},
	}
	if got := s.merge(nil, noon).Moves; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	// One missed answer does not close a slot; a failover of the source does.
	if got := s.dead(7001, noon).merge(nil, noon.Add(2*time.Second)).Moves; !reflect.DeepEqual(got, want) {
		t.Errorf("after a missed answer %+v", got)
	}
}

func sortedIDs(ports ...int) []NodeID {
	var out []NodeID
	for _, p := range ports {
		out = append(out, nodeID(p))
	}
	slices.Sort(out)
	return out
}

func TestMergeFollowsSlotsAndNodes(t *testing.T) {
	prev := threePairs().merge(nil, noon)
	for name, c := range map[string]struct {
		scene *scene
		want  string
	}{
		"slots moved": {threePairs().
			with(7001, func(m *Member) { m.Slots = []keyslot.Range{slots(400, 5460)} }).
			with(7002, func(m *Member) { m.Slots = []keyslot.Range{slots(0, 399), slots(5461, 10922)}; m.Epoch = 5 }),
			"A 7001+7004 400-5460; B 7002+7005 0-399,5461-10922; C 7003+7006 10923-16383"},
		"a primary was emptied and stays": {threePairs().
			with(7001, func(m *Member) { m.Slots = nil }).
			with(7002, func(m *Member) { m.Slots = []keyslot.Range{slots(0, 10922)}; m.Epoch = 5 }),
			"A 7001+7004; B 7002+7005 0-10922; C 7003+7006 10923-16383"},
		"a primary was emptied and follows the receiver": {threePairs().
			with(7001, func(m *Member) { *m = replica(7001, 7002, 5) }).
			with(7004, func(m *Member) { *m = replica(7004, 7002, 5) }).
			with(7002, func(m *Member) { m.Slots = []keyslot.Range{slots(0, 10922)}; m.Epoch = 5 }),
			"B 7002+7001+7004+7005 0-10922; C 7003+7006 10923-16383"},
		"a primary was added": {&scene{truth: append(threePairs().truth, primary(7000, 0))},
			"A 7001+7004 0-5460; B 7002+7005 5461-10922; C 7003+7006 10923-16383; D 7000"},
		"a replica was removed": {&scene{truth: threePairs().truth[:5]},
			"A 7001+7004 0-5460; B 7002+7005 5461-10922; C 7003 10923-16383"},
		"a replica went to another shard": {threePairs().with(7006, func(m *Member) { m.Primary = nodeID(7001) }),
			"A 7001+7004+7006 0-5460; B 7002+7005 5461-10922; C 7003 10923-16383"},
		"a replica follows a replica": {threePairs().with(7006, func(m *Member) { m.Primary = nodeID(7004) }),
			"A 7001+7004+7006 0-5460; B 7002+7005 5461-10922; C 7003 10923-16383"},
		"replicas follow each other": {threePairs().with(7006, func(m *Member) { m.Primary = nodeID(7005) }).with(7005, func(m *Member) { m.Primary = nodeID(7006) }),
			"A 7001+7004 0-5460; B 7002 5461-10922; C 7003 10923-16383; D 7006+7005"},
		"graceful failover": {threePairs().
			with(7003, func(m *Member) { *m = replica(7003, 7006, 4) }).
			with(7006, func(m *Member) { *m = primary(7006, 4, slots(10923, 16383)) }),
			"A 7001+7004 0-5460; B 7002+7005 5461-10922; C 7006+7003 10923-16383"},
		"a replica became an empty primary": {threePairs().with(7006, func(m *Member) { *m = primary(7006, 4) }),
			"A 7001+7004 0-5460; B 7002+7005 5461-10922; C 7003 10923-16383; D 7006"},
		"a node is being met": {&scene{truth: append(threePairs().truth, Member{ID: nodeID(7007), Endpoint: endpoint(7007), Flags: Handshake})},
			peace + "; no shard: 7007"},
		"a forgotten address": {&scene{truth: append(threePairs().truth, Member{ID: nodeID(7008), Flags: Primary | NoAddr})},
			peace + "; no shard: 0"},
		"a primary was forgotten, its replica not": {&scene{truth: slices.DeleteFunc(threePairs().truth, func(m Member) bool { return m.ID == nodeID(7003) })},
			"A 7001+7004 0-5460; B 7002+7005 5461-10922; C nobody+7006"},
		"an unseen replica took over": {&scene{truth: append(slices.Clone(threePairs().truth[:2]), primary(7009, 9, slots(10923, 16383)))},
			"A 7001 0-5460; B 7002 5461-10922; C 7009 10923-16383"},
	} {
		t.Run(name, func(t *testing.T) { wantDrawn(t, c.scene.merge(prev, noon.Add(time.Second)), c.want) })
	}
	wantDrawn(t, threePairs().merge(nil, noon), draw(prev)) // none of it changed the previous one
}

func TestMergeDrawsLoneAndFreshNodes(t *testing.T) {
	wantDrawn(t, (&scene{truth: []Member{primary(7001, 0)}}).merge(nil, noon), "A 7001")
	wantDrawn(t, (&scene{truth: []Member{primary(7002, 0), primary(7001, 0)}}).merge(nil, noon), "A 7001; B 7002")
	wantDrawn(t, Merge(nil, Inputs{At: noon}), "")
	denied := Inputs{At: noon, Nodes: []Node{{ID: nodeID(7001), Health: Denied}, {Health: Refused}}}
	if s := Merge(nil, denied); len(s.Nodes) != 1 || s.Nodes[0].Health != Denied || s.Nodes[0].Shard != -1 {
		t.Errorf("%+v", s.Nodes)
	}
}

func TestMergeTellsWhoSuspectsWhom(t *testing.T) {
	s := threePairs()
	for _, port := range []int{7001, 7005} {
		s.says(port, func(m []Member) []Member { find(m, 7003).Flags |= PFail; return m })
	}
	n, _ := s.merge(nil, noon).Node(nodeID(7003))
	if !slices.Equal(n.PFailBy, sortedIDs(7001, 7005)) || n.FailBy != nil || n.Member.Flags.Has(PFail) {
		t.Errorf("%v, %v, %s", n.PFailBy, n.FailBy, n.Member.Flags)
	}
	s.says(7002, func(m []Member) []Member { find(m, 7003).Flags |= Fail; return m })
	n, _ = s.merge(nil, noon).Node(nodeID(7003))
	if !n.Member.Flags.Has(PFail) || len(n.FailBy) != 1 {
		t.Errorf("%v, %v, %s", n.PFailBy, n.FailBy, n.Member.Flags)
	}
}

func TestMergeDrawsEveryRecordedScene(t *testing.T) {
	for _, version := range versions {
		var prev *Snapshot
		earlier := "healthy"
		for i, name := range []string{"healthy", "hostnames", "ipv6", "nofailover", "open-slot", "handshake", "suspected", "failed", "failed-over", "returned"} {
			at := noon.Add(time.Duration(i) * 3 * time.Second)
			snap := Merge(prev, recordedInputs(t, version, name, earlier, at))
			soundSnapshot(t, snap)
			c := CoverageOf(snap)
			if len(snap.Shards) != 3 || c.Assigned != keyslot.Full() {
				t.Errorf("%s %s: %s", version, name, draw(snap))
			}
			letters := ""
			for _, s := range snap.Shards {
				letters += s.Letter
				if len(s.Replicas) != 1 {
					t.Errorf("%s %s: %s", version, name, draw(snap))
				}
			}
			if letters != "ABC" {
				t.Errorf("%s %s: letters %s", version, name, letters)
			}
			if moved := name == "open-slot"; moved != (len(snap.Moves) == 2) || moved && (snap.Moves[0].To == "" || snap.Moves[1].To != "") {
				t.Errorf("%s %s: moves %+v", version, name, snap.Moves)
			}
			if name != "failed" && !c.Failing.Empty() {
				t.Errorf("%s %s: failing %s", version, name, c.Failing)
			}
			if agreed := snap.Agreement().Full(); !agreed && name != "failed" && name != "suspected" {
				t.Errorf("%s %s: %+v %+v", version, name, snap.Agreement(), snap.Disputes)
			}
			prev = snap
		}
		if prev.Shards[2].Primary != Merge(nil, recordedInputs(t, version, "returned", "returned", noon)).Shards[2].Primary {
			t.Errorf("%s: shard C has another primary than at first sight", version)
		}
	}
}
