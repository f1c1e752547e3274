package run_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
	"slotdeck/keyslot"
)

func slotOf(key string) keyslot.Slot { return keyslot.Of(key) }

func try(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func TestGracefulFailoverUnderLoadLosesNothingAndIsVerifiedEverywhereInTime(t *testing.T) {
	failoverVersions(t, func(t *testing.T, server lab.Server) {
		b := newFailoverBench(t, server, 2*time.Second)
		nodes := b.lab.Nodes()
		w := b.write(nodes[0].ID)
		r := b.failover(nodes[3].ID, plan.Graceful)
		wants(t, r, run.FailoverComplete, run.FailoverAccepted, run.FailoverElection, run.FailoverWon, run.FailoverHeld,
			run.FailoverServed, run.FailoverAgreed, run.FailoverFollowed, run.FailoverLinked)
		if !r.OK() || r.Epoch == 0 || r.To != nodes[3].Addr || r.From != nodes[0].Addr || len(r.Missing)+len(r.Silent)+len(r.Remains) != 0 {
			t.Errorf("got %+v", r)
		}
		before := w.total()
		labtest.Until(t, 10*time.Second, "writes go on", func() bool { return w.total() > before+200 })
		if lost := w.lost(t); lost != 0 {
			t.Errorf("%d acknowledged writes were lost", lost)
		}
		t.Logf("%d writes, %d unsure, the longest pause %v", w.total(), w.unsure, w.longest)
		agreesWithLog(t, r, run.FailoverWon, nodes[3], "election won")
		agreesWithLog(t, r, run.FailoverAccepted, nodes[3], "anual failover user request accepted")
		for _, n := range nodes {
			view, err := cluster.ParseNodes(n.Do(t.Context(), "CLUSTER", "NODES").String()[len("CLUSTER NODES: "):])
			if err != nil {
				t.Fatal(err)
			}
			if m, _ := view.Member(nodes[3].ID); !m.Flags.Has(cluster.Primary) || keyslot.SetOf(m.Slots...).Len() < 5461 {
				t.Errorf("%s shows %v %v", n.Addr, m.Flags, m.Slots)
			}
		}
	})
}

func TestForceAndTakeoverUnderLoadAreVerifiedAndLoseLittle(t *testing.T) {
	failoverVersions(t, func(t *testing.T, server lab.Server) {
		b := newFailoverBench(t, server, 2*time.Second)
		nodes := b.lab.Nodes()
		for _, c := range []struct {
			kind     plan.FailoverKind
			from, to *lab.Node
		}{{plan.Force, nodes[1], nodes[4]}, {plan.Takeover, nodes[2], nodes[5]}} {
			w := b.write(c.from.ID)
			r := b.failover(c.to.ID, c.kind)
			wants(t, r, run.FailoverComplete, run.FailoverAccepted, run.FailoverWon, run.FailoverHeld,
				run.FailoverServed, run.FailoverAgreed, run.FailoverFollowed, run.FailoverLinked)
			before := w.total()
			labtest.Until(t, 10*time.Second, "writes go on", func() bool { return w.total() > before+200 })
			// Nothing is waited for, so what the replica had not got yet goes, and what
			// the old primary took until it heard of the new one: a moment's writes.
			lost := w.lost(t)
			if lost > w.total()/2 {
				t.Errorf("%v: %d of %d acknowledged writes were lost", c.kind, lost, w.total())
			}
			t.Logf("%v: %d writes, %d lost, %d unsure, the longest pause %v", c.kind, w.total(), lost, w.unsure, w.longest)
		}
	})
}

func TestForceTakesOverFromAFrozenAndFromADeadPrimary(t *testing.T) {
	failoverVersions(t, func(t *testing.T, server lab.Server) {
		b := newFailoverBench(t, server, 15*time.Second)
		nodes := b.lab.Nodes()
		try(t, nodes[0].Freeze())
		b.until("the frozen primary is missed", func(s *cluster.Snapshot) bool {
			n, _ := s.Node(nodes[0].ID)
			return n.Health == cluster.NoAnswer
		})
		if p := b.plan(nodes[3].ID); p.Advised == nil || *p.Advised != plan.Force {
			t.Errorf("advised %v: %s", p.Advised, p.Why)
		}
		r := b.failover(nodes[3].ID, plan.Force)
		wants(t, r, run.FailoverTaken, run.FailoverWon, run.FailoverHeld, run.FailoverServed, run.FailoverAgreed)
		if _, ok := r.Stage(run.FailoverFollowed); ok || len(r.Silent) != 1 || r.Silent[0] != nodes[0].Addr {
			t.Errorf("silent %v, %s", r.Silent, stagesText(r))
		}
		says(t, r.Remains, nodes[0].Addr+" does not answer; it becomes a replica by itself")
		try(t, nodes[0].Thaw())
		b.until("the old primary follows, as was said", func(s *cluster.Snapshot) bool {
			n, _ := s.Node(nodes[0].ID)
			return n.Member.Primary == nodes[3].ID && n.Stats.LinkUp
		})

		try(t, nodes[1].Kill())
		b.until("the dead primary is missed", func(s *cluster.Snapshot) bool {
			n, _ := s.Node(nodes[1].ID)
			return n.Health == cluster.Refused
		})
		r = b.failover(nodes[4].ID, plan.Force)
		wants(t, r, run.FailoverTaken, run.FailoverWon, run.FailoverHeld, run.FailoverServed, run.FailoverAgreed)
	})
}

func TestTakeoverNeedsNoMajorityAndForceSaysWhoseVotesItLacksInTime(t *testing.T) {
	failoverVersions(t, func(t *testing.T, server lab.Server) {
		b := newFailoverBench(t, server, 15*time.Second, "cluster-require-full-coverage no")
		nodes := b.lab.Nodes()
		b.atSend(func() { // the plan still counts on their votes
			try(t, nodes[1].Freeze())
			try(t, nodes[2].Freeze())
		})
		r := b.failover(nodes[5].ID, plan.Force)
		wants(t, r, run.FailoverTimedOut, run.FailoverAccepted, run.FailoverElection)
		says(t, r.Why, "the votes of 2 of 3 primaries", nodes[1].Addr, nodes[2].Addr, "which do not answer; there is only "+nodes[0].Addr)
		if took := r.Took; took < 5*time.Second || took > 8*time.Second {
			t.Errorf("it waited %v for a server that gives up after 5 s", took)
		}
		b.until("the majority is missed", func(s *cluster.Snapshot) bool {
			p := b.plan(nodes[5].ID)
			return p.Present < p.Need
		})
		p := b.plan(nodes[5].ID)
		var stale *run.FailoverStale
		if _, err := run.StartFailover(t.Context(), forgetful{b.eyes}, p, plan.Force, run.FailoverOptions{}); !errors.As(err, &stale) {
			t.Errorf("FORCE without a majority was sent: %v", err)
		}
		r = b.failover(nodes[5].ID, plan.Takeover)
		wants(t, r, run.FailoverTaken, run.FailoverAccepted, run.FailoverWon, run.FailoverHeld, run.FailoverServed, run.FailoverAgreed)
		if len(r.Silent) != 2 {
			t.Errorf("silent %v", r.Silent)
		}
	})
}

func TestGracefulFailoverHappensWhenTheFrozenPrimaryThawsInTime(t *testing.T) {
	failoverVersions(t, func(t *testing.T, server lab.Server) {
		b := newFailoverBench(t, server, 15*time.Second)
		nodes := b.lab.Nodes()
		b.atSend(func() { try(t, nodes[0].Freeze()) })
		j := b.start(nodes[3].ID, plan.Graceful)
		for p := range j.Updates() {
			if p.Elapsed > 1500*time.Millisecond {
				if len(p.Stages) != 1 || p.Stages[0].Step != run.FailoverAccepted || p.Report != nil {
					t.Errorf("after 1.5 s with a frozen primary: %+v", p.Stages)
				}
				break
			}
		}
		try(t, nodes[0].Thaw())
		r := j.Wait()
		wants(t, r, run.FailoverComplete, run.FailoverWon, run.FailoverHeld, run.FailoverAgreed, run.FailoverLinked)
		if won, _ := r.Stage(run.FailoverWon); won.Took < 1500*time.Millisecond {
			t.Errorf("won before the primary thawed: %v", won.Took)
		}
	})
}

func TestTrap10GracefulFailoverOfAPrimaryThatStaysFrozenIsNoSuccess(t *testing.T) {
	failoverVersions(t, func(t *testing.T, server lab.Server) {
		b := newFailoverBench(t, server, 20*time.Second)
		nodes := b.lab.Nodes()
		b.atSend(func() { try(t, nodes[0].Freeze()) })
		r := b.failover(nodes[3].ID, plan.Graceful)
		wants(t, r, run.FailoverTimedOut, run.FailoverAccepted)
		if r.OK() {
			t.Error("an OK was taken for a success")
		}
		says(t, []string{r.Text}, "it did not happen", "is still a replica", "5 s")
		says(t, r.Why, nodes[0].Addr+" did not answer", "of the 2 other voters that answer, 0 hold it for failed")
		try(t, nodes[0].Thaw())
		b.until("the primary is back", func(s *cluster.Snapshot) bool {
			n, _ := s.Node(nodes[0].ID)
			return n.Health == cluster.Answering && n.Stats.Role == cluster.Primary
		})
		if log := nodes[3].LogTail(200); countOf(log, "anual failover user request accepted") != 1 {
			t.Error("the command was sent more than once, or never")
		}
	})
}

// Redis counts the votes of an earlier election again: the winner has no new
// epoch and loses its place.
// Trap: for some seconds after a node won an election, Redis counts its votes for
// the node's next forced one: it is primary without a new epoch, and falls back.
func TestTrap6FailoverWonWithStaleVotesIsNoSuccess(t *testing.T) {
	for _, name := range []string{"redis-7.0", "redis-8.6"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newFailoverBench(t, labtest.Only(t, name), 5*time.Second)
			nodes := b.lab.Nodes()
			force := func(n *lab.Node) {
				t.Helper()
				try(t, n.Do(t.Context(), "CLUSTER", "FAILOVER", "FORCE").Err())
				labtest.Until(t, 5*time.Second, "it is primary everywhere", func() bool {
					s := b.eyes.Latest()
					for _, id := range []cluster.NodeID{nodes[0].ID, nodes[3].ID} {
						x, _ := s.Node(id)
						if (id == n.ID) != (x.Stats.Role == cluster.Primary) || id != n.ID && !x.Stats.LinkUp {
							return false
						}
						for i := range s.Nodes { // a voter that takes a node for a primary still gives it no vote
							if m, _ := s.Nodes[i].View.Value.Member(id); m.Flags.Has(cluster.Primary) != (id == n.ID) {
								return false
							}
						}
					}
					return s.Shards[0].Primary == n.ID
				})
			}
			force(nodes[3])
			force(nodes[0])
			r := b.failover(nodes[3].ID, plan.Force)
			wants(t, r, run.FailoverFellBack) // mostly seen as primary for a moment, but it can be between two looks
			if _, held := r.Stage(run.FailoverHeld); held || r.OK() {
				t.Errorf("it counts as held:\n%s", stagesText(r))
			}
			says(t, r.Why, "votes of an earlier election")
			says(t, r.Remains, "wait 20 s")
		})
	}
}

func TestPlanThatDoesNotFitAnyMoreIsNotCarriedOut(t *testing.T) {
	b := newFailoverBench(t, labtest.Any(t), 2*time.Second)
	nodes := b.lab.Nodes()
	old := b.plan(nodes[3].ID)
	other := b.plan(nodes[4].ID)
	wants(t, b.failover(nodes[3].ID, plan.Graceful), run.FailoverComplete)
	if _, err := run.StartFailover(t.Context(), forgetful{b.eyes}, old, plan.Graceful, run.FailoverOptions{}); err == nil {
		t.Error("a failover to what is the primary already was started")
	}
	other.Primary = nodes[0].ID
	var stale *run.FailoverStale
	if _, err := run.StartFailover(t.Context(), forgetful{b.eyes}, other, plan.Graceful, run.FailoverOptions{}); !errors.As(err, &stale) || stale.Fresh.Primary != nodes[1].ID {
		t.Errorf("got %v", err)
	}
	busy := run.FailoverOptions{Facts: plan.FailoverFacts{Busy: "a reshard"}}
	if _, err := run.StartFailover(t.Context(), forgetful{b.eyes}, b.plan(nodes[5].ID), plan.Graceful, busy); !errors.As(err, &stale) {
		t.Errorf("got %v", err)
	}
	for _, n := range nodes[4:] {
		if log := n.LogTail(200); countOf(log, "anual failover user request") != 0 {
			t.Errorf("%s was sent a command", n.Addr)
		}
	}
}

func TestWatchingCanBeLeftAndSaysThatNothingIsKnown(t *testing.T) {
	b := newFailoverBench(t, labtest.Any(t), 15*time.Second)
	nodes := b.lab.Nodes()
	b.atSend(func() { try(t, nodes[0].Freeze()) })
	ctx, leave := context.WithCancel(t.Context())
	j, err := run.StartFailover(ctx, forgetful{b.eyes}, b.plan(nodes[3].ID), plan.Graceful, run.FailoverOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for p := range j.Updates() {
		if len(p.Stages) == 1 {
			break
		}
	}
	leave()
	if r := j.Wait(); r.Outcome != run.FailoverLeft || r.OK() {
		t.Errorf("got %+v", r)
	}
	try(t, nodes[0].Thaw())
}

func TestReplicaThatFallsSilentIsNotTakenForASuccess(t *testing.T) {
	b := newFailoverBench(t, labtest.Any(t), 15*time.Second)
	nodes := b.lab.Nodes()
	b.atSend(func() { try(t, nodes[3].Freeze()) })
	r := b.failover(nodes[3].ID, plan.Graceful)
	wants(t, r, run.FailoverLost)
	says(t, r.Remains, "do not repeat")
	try(t, nodes[3].Thaw())
}

// agreesWithLog holds a stage against the moment at which the server itself
// wrote it down: within one look and 100 ms.
func agreesWithLog(t *testing.T, r run.FailoverReport, step run.FailoverStep, n *lab.Node, words string) {
	t.Helper()
	const form = "02 Jan 2006 15:04:05.000"
	for line := range strings.Lines(n.LogTail(500)) {
		fields := strings.Fields(line)
		if !strings.Contains(line, words) || len(fields) < 5 {
			continue
		}
		at, err := time.ParseInLocation(form, strings.Join(fields[1:5], " "), time.Local)
		if err != nil {
			t.Fatal(err)
		}
		seen, _ := r.Stage(step)
		if late := seen.At.Sub(at); late < -2*time.Millisecond || late > run.DefaultFailoverPoll+100*time.Millisecond {
			t.Errorf("%q was seen %v after the server's own log", step, late)
		}
		return
	}
	t.Errorf("the log of %s does not tell %q", n.Addr, words)
}

func countOf(text, part string) (n int) {
	for i := 0; i+len(part) <= len(text); i++ {
		if text[i:i+len(part)] == part {
			n++
		}
	}
	return n
}
