package run

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

// taleNow is when the command of a test was sent.
var taleNow = time.Date(2025, 3, 4, 12, 0, 0, 0, time.UTC)

func taleAt(ms int) time.Time { return taleNow.Add(time.Duration(ms) * time.Millisecond) }

// newTale is a failover of shard a from a0 to a1; b0 and c0 vote, too.
func newTale(kind plan.FailoverKind) *failoverTale {
	t := &failoverTale{
		plan: plan.FailoverPlan{Shard: "A", Addr: "a1", From: "a0", Need: 2, Voters: 3, Timeout: 5 * time.Second, Variants: []plan.Failover{{}, {}, {}}},
		kind: kind, options: FailoverOptions{}.withDefaults(), to: "a1", from: "a0", slots: keyslot.SetOf(keyslot.Range{First: 0, Last: 99}),
		rival: 4, clock: 6, order: []cluster.NodeID{"a1", "a0", "b0", "c0"}, nodes: map[cluster.NodeID]*failoverNode{}, sent: taleNow, first: -1, behind: -1, copies: -1,
	}
	for _, id := range t.order {
		t.nodes[id] = &failoverNode{id: id, name: string(id), voter: id != "a1", member: id[0] == 'a'}
	}
	t.reply(nil, taleAt(1))
	return t
}

// look is what a node says: who it takes for the primary of shard A, at which
// epochs, and its own offset.
type look struct {
	ms      int
	node    cluster.NodeID
	primary cluster.NodeID
	epoch   uint64 // of that primary
	current uint64
	offset  int64
	down    bool // its link
	state   string
	err     error
}

func (t *failoverTale) shown(l look) {
	s := failoverSight{node: l.node, asked: taleAt(l.ms - 1), at: taleAt(l.ms), err: l.err}
	if l.err != nil {
		t.see(s)
		return
	}
	other := cluster.NodeID("a0")
	if l.primary == "a0" {
		other = "a1"
	}
	s.view = &cluster.View{Myself: l.node, Members: []cluster.Member{
		{ID: "a0", Flags: cluster.Replica, Primary: l.primary, Epoch: l.epoch},
		{ID: "a1", Flags: cluster.Replica, Primary: l.primary, Epoch: l.epoch},
		{ID: "b0", Flags: cluster.Primary}, {ID: "c0", Flags: cluster.Primary},
	}}
	for i := range s.view.Members {
		if m := &s.view.Members[i]; m.ID == l.primary {
			m.Flags, m.Primary, m.Slots = cluster.Primary, "", []keyslot.Range{{First: 0, Last: 99}}
		}
	}
	s.stats = cluster.Stats{Role: cluster.Primary, Offset: l.offset}
	if l.node == other {
		s.stats.Role, s.stats.LinkUp = cluster.Replica, !l.down
	}
	s.own = cluster.ClusterInfo{State: "ok", CurrentEpoch: max(l.current, 6)}
	if l.state != "" {
		s.own.State = l.state
	}
	t.see(s)
}

func (t *failoverTale) outcome(ms int) string {
	o, over := t.verdict(taleAt(ms))
	if !over {
		return "not over"
	}
	r := t.end(o, taleAt(ms))
	return fmt.Sprintf("%s: %s | %s", r.Outcome, r.Text, strings.Join(append(r.Why, r.Remains...), " | "))
}

func expect(t *testing.T, got string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(got, p) {
			t.Errorf("no %q in %q", p, got)
		}
	}
}

func TestLagThatDoesNotCloseIsTheReason(t *testing.T) {
	f := newTale(plan.Graceful)
	for ms := 100; ms <= 6000; ms += 100 {
		f.shown(look{ms: ms, node: "a0", primary: "a0", epoch: 4, offset: int64(9000 + ms)})
		f.shown(look{ms: ms, node: "a1", primary: "a0", epoch: 4, offset: 5000})
		if ms < 5900 && f.outcome(ms) != "not over" {
			t.Fatalf("after %d ms: %s", ms, f.outcome(ms))
		}
	}
	expect(t, f.outcome(6001), "timed out: it did not happen", "4100 bytes behind at the first look, 10000 at the last")
}

func TestBrokenLinkIsTheReason(t *testing.T) {
	f := newTale(plan.Graceful)
	f.shown(look{ms: 100, node: "a0", primary: "a0", epoch: 4, offset: 10})
	f.shown(look{ms: 5990, node: "a1", primary: "a0", epoch: 4, offset: 10, down: true})
	expect(t, f.outcome(6001), "timed out", "the replica's link to a0 was down")
}

func TestPrimaryThatAnswersTheConsoleButNotTheReplicaIsTheReason(t *testing.T) {
	f := newTale(plan.Graceful)
	f.shown(look{ms: 5980, node: "a0", primary: "a0", epoch: 4, offset: 10})
	f.shown(look{ms: 5990, node: "a1", primary: "a0", epoch: 4, offset: 10})
	expect(t, f.outcome(6001), "timed out", "cluster bus port")
}

func TestVotersThatDidNotHearOfTheElectionAreNamed(t *testing.T) {
	f := newTale(plan.Force)
	f.shown(look{ms: 20, node: "a1", primary: "a0", epoch: 4, current: 7})
	f.shown(look{ms: 5000, node: "a0", primary: "a0", epoch: 4, current: 7})
	f.shown(look{ms: 5000, node: "b0", primary: "a0", epoch: 4, current: 6})
	f.shown(look{ms: 5000, node: "c0", err: errNoSuchNode})
	f.shown(look{ms: 5990, node: "a1", primary: "a0", epoch: 4, current: 7})
	expect(t, f.outcome(6001), "timed out", "the votes of 2 of 3 primaries", "c0 does not answer", "b0 did not hear of the election: its epoch is still 6")
}

// winning is the tale until everybody but the given nodes shows the new primary.
func winning(epoch uint64, but ...cluster.NodeID) *failoverTale {
	f := newTale(plan.Graceful)
	f.shown(look{ms: 20, node: "a1", primary: "a1", epoch: epoch, current: 7})
	for _, id := range []cluster.NodeID{"a0", "b0", "c0"} {
		l := look{ms: 80, node: id, primary: "a1", epoch: epoch, current: 7}
		for _, b := range but {
			if b == id {
				l.primary, l.epoch = "a0", 4
			}
		}
		f.shown(l)
	}
	return f
}

func TestWinIsNoSuccessBeforeItHolds(t *testing.T) {
	f := winning(7)
	if got := f.outcome(500); got != "not over" {
		t.Fatal(got)
	}
	f.shown(look{ms: 700, node: "a1", primary: "a1", epoch: 7})
	expect(t, f.outcome(701), "complete: a1 is the primary of shard A on all 4 nodes, 0.08 s after the command")
}

func TestWinWithoutANewEpochIsNoSuccess(t *testing.T) {
	f := winning(4)
	for ms := 700; ms < 21000; ms += 1000 {
		f.shown(look{ms: ms, node: "a1", primary: "a1", epoch: 4})
	}
	expect(t, f.outcome(21000), "unsettled", "its epoch 4 is not above 4")
	f = winning(4)
	f.shown(look{ms: 700, node: "a1", primary: "a0", epoch: 5})
	expect(t, f.outcome(701), "fell back", "votes of an earlier election")
	f = winning(7)
	f.shown(look{ms: 700, node: "a1", primary: "a0", epoch: 8})
	expect(t, f.outcome(701), "fell back", "it now follows a0")
}

func TestNodeThatStillShowsTheOldPrimaryIsNamed(t *testing.T) {
	f := winning(7, "c0")
	f.shown(look{ms: 700, node: "a1", primary: "a1", epoch: 7})
	if p := f.progress(taleAt(700)); len(p.Missing) != 1 || p.Missing[0] != "c0" || p.Message != "not everyone shows it yet: c0" {
		t.Errorf("got %+v", p)
	}
	f.shown(look{ms: 20500, node: "a1", primary: "a1", epoch: 7})
	expect(t, f.outcome(21000), "unsettled", "these nodes answer and do not show it: c0")
}

func TestNodeThatDoesNotAnswerDoesNotHoldItUp(t *testing.T) {
	f := winning(7, "c0")
	f.shown(look{ms: 900, node: "c0", err: errNoSuchNode})
	f.shown(look{ms: 950, node: "a1", primary: "a1", epoch: 7})
	expect(t, f.outcome(960), "on all")
	if p := f.progress(taleAt(960)); len(p.Silent) != 1 || p.Silent[0] != "c0" {
		t.Errorf("got %+v", p)
	}
}

func TestSlotsBehindAFailingStateAreNotServed(t *testing.T) {
	f := newTale(plan.Takeover)
	for _, id := range f.order {
		f.shown(look{ms: 20, node: id, primary: "a1", epoch: 7, state: "fail"})
	}
	f.shown(look{ms: 20500, node: "a1", primary: "a1", epoch: 7, state: "fail"})
	expect(t, f.outcome(21000), "unsettled", "cluster_state:fail")
}

func TestTakeoverThatOtherShardsKeepFromServingIsNotWaitedForInVain(t *testing.T) {
	f := newTale(plan.Takeover)
	f.shown(look{ms: 20, node: "a1", primary: "a1", epoch: 7, state: "fail"})
	f.shown(look{ms: 30, node: "b0", primary: "a1", epoch: 7, state: "fail"})
	for _, id := range []cluster.NodeID{"a0", "c0"} {
		f.shown(look{ms: 600, node: id, err: errors.New("no answer")})
	}
	f.shown(look{ms: 900, node: "a1", primary: "a1", epoch: 7, state: "fail"})
	if got := f.outcome(2000); got != "not over" {
		t.Fatal(got) // the majority may be on its way back
	}
	f.shown(look{ms: 3900, node: "a1", primary: "a1", epoch: 7, state: "fail"})
	expect(t, f.outcome(4000), "unsettled", "is the primary of shard A on all nodes that answer", "serves no key until other shards are back", "do not answer: c0")
}

func TestReplicaThatCopiesForLongIsToldAndDoesNotSpoilTheSuccess(t *testing.T) {
	f := winning(7)
	f.shown(look{ms: 90, node: "a0", primary: "a1", epoch: 7, down: true})
	f.shown(look{ms: 700, node: "a1", primary: "a1", epoch: 7})
	if got := f.outcome(800); got != "not over" {
		t.Fatal(got)
	}
	f.shown(look{ms: 60900, node: "a1", primary: "a1", epoch: 7})
	expect(t, f.outcome(61000), "taken over", "a0 is not linked yet: its link is down")
}

func TestLostReplyIsNoRefusal(t *testing.T) {
	f := newTale(plan.Graceful)
	f.stages = nil
	f.reply(errNoSuchNode, taleAt(1000))
	if got := f.outcome(1001); got != "not over" {
		t.Error(got)
	}
	expect(t, f.outcome(6001), "lost", "do not repeat the command")
}

func TestServersCannotWriteIntoSentences(t *testing.T) {
	if got := failoverClean("a\x1b[2J\u202e" + string([]byte{0xff}) + strings.Repeat("x", 200)); strings.ContainsAny(got, "\x1b\u202e") || !utf8.ValidString(got) || len([]rune(got)) > 80 {
		t.Errorf("got %q", got)
	}
}
