package run_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
	"slotdeck/cluster/wire"
)

// memberSpares are empty servers that nobody has met, and a crew for them.
func memberSpares(t *testing.T, config lab.Config, n int) (*run.MemberCrew, []*lab.Node, []string) {
	t.Helper()
	config.Primaries = 1 // no part of what is tested: the lab needs one
	c := labtest.Start(t, config)
	var nodes []*lab.Node
	var addrs []string
	for range n {
		s, err := c.AddSpare(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		nodes, addrs = append(nodes, s), append(addrs, s.Addr)
	}
	crew := run.NewMemberCrew(wire.Options{Password: wire.NewSecret(config.Password)})
	t.Cleanup(crew.Close)
	return crew, nodes, addrs
}

// stopAt carries a plan out and ends it as soon as a step is at work: whatever
// was sent by then has been sent. It reports whether the plan came that far.
func stopAt(t *testing.T, crew *run.MemberCrew, p plan.MemberPlan, step int) bool {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	j := run.StartMember(ctx, crew, p, run.MemberOptions{Absent: -1, Poll: 10 * time.Millisecond})
	for u := range j.Updates() {
		if u.Step >= step {
			cancel()
		}
	}
	r := j.Wait()
	if r.Outcome == run.MemberFailed {
		t.Fatalf("stopped at step %d: %s", step, r.Text)
	}
	return r.Outcome == run.MemberInterrupted
}

func finish(t *testing.T, crew *run.MemberCrew, p plan.MemberPlan, err error) run.MemberReport {
	t.Helper()
	if err != nil {
		t.Fatalf("no plan: %v", err)
	}
	r := run.StartMember(t.Context(), crew, p, run.MemberOptions{Absent: -1}).Wait()
	if r.Outcome != run.MemberDone {
		t.Fatalf("%s: %s\n%s", p.Title, r.Text, strings.Join(r.Matrix, "\n"))
	}
	return r
}

// isOne makes sure that a picture is a whole cluster of so many nodes.
func isOne(t *testing.T, crew *run.MemberCrew, addrs []string, replicas int) *cluster.Snapshot {
	t.Helper()
	s, err := crew.Look(t.Context(), addrs...)
	if err != nil {
		t.Fatal(err)
	}
	c := cluster.CoverageOf(s)
	following := 0
	for i := range s.Nodes {
		if s.Nodes[i].Member.Flags.Has(cluster.Replica) {
			following++
		}
	}
	if len(s.Nodes) != len(addrs) || !s.Agreement().Full() || c.Served.Len() != 16384 || following != replicas {
		t.Errorf("%d of %d nodes, %d slots, %d replicas, agreement %+v", len(s.Nodes), len(addrs), c.Served.Len(), following, s.Agreement())
	}
	return s
}

func TestMemberCreateIsFinishedWhereverItWasInterrupted(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			crew, _, addrs := memberSpares(t, lab.Config{Binary: labtest.Only(t, version).Path}, 6)
			make := func() (plan.MemberPlan, error) {
				return plan.PlanCreate(plan.CreateRequest{Servers: crew.LookAt(t.Context(), addrs...), Replicas: 1})
			}
			for step := 0; ; step++ {
				p, err := make()
				if err != nil {
					t.Fatal(err)
				}
				if step >= len(p.Steps) {
					break
				}
				stopAt(t, crew, p, step)
				p, err = make()
				if reason, _ := plan.ReasonOf(err); reason != plan.NothingToMove { // it may have been done all the same
					finish(t, crew, p, err)
				}
				isOne(t, crew, addrs, 3)
				around, err := crew.Look(t.Context(), addrs...)
				if err != nil {
					t.Fatal(err)
				}
				p, err = plan.PlanReset(plan.ResetRequest{Servers: crew.LookAt(t.Context(), addrs...), Around: around, Hard: true})
				finish(t, crew, p, err)
			}
		})
	}
}

func TestMemberAddAndRemoveAreFinishedWhereverTheyWereInterrupted(t *testing.T) {
	t.Parallel()
	crew, nodes, addrs := memberSpares(t, lab.Config{Binary: labtest.Only(t, "redis-8.6").Path}, 4)
	p, err := plan.PlanCreate(plan.CreateRequest{Servers: crew.LookAt(t.Context(), addrs[:3]...)})
	finish(t, crew, p, err)
	last := addrs[3]
	add := func() (plan.MemberPlan, error) {
		s, err := crew.Look(t.Context(), addrs[0])
		if err != nil {
			t.Fatal(err)
		}
		return plan.PlanAdd(s, plan.AddRequest{New: crew.LookAt(t.Context(), last)[0], Replica: true})
	}
	remove := func() (plan.MemberPlan, error) {
		s, err := crew.Look(t.Context(), addrs...)
		if err != nil {
			t.Fatal(err)
		}
		return plan.PlanRemove(s, plan.RemoveRequest{Node: cluster.NodeID(nodes[3].Do(t.Context(), "CLUSTER", "MYID").Val().(string)), Hard: true})
	}
	// Each time it leaves with another id, so that it is not barred when it comes
	// back.
	for step := range 4 {
		p, err := add()
		if err != nil {
			t.Fatal(err)
		}
		stopAt(t, crew, p, step)
		p, err = add()
		finish(t, crew, p, err)
		isOne(t, crew, addrs, 1)
		p, err = remove()
		if err != nil {
			t.Fatal(err)
		}
		stopAt(t, crew, p, step%3)
		if p, err = remove(); err == nil {
			finish(t, crew, p, err)
		}
		isOne(t, crew, addrs[:3], 0)
	}
}

func TestMemberPlansWorkWithPasswordsNamesAndIPv6(t *testing.T) {
	t.Parallel()
	for i, config := range []lab.Config{
		{Binary: "redis-7.0", IPv6: true, Password: "let me in"},
		{Binary: "redis-8.6", Hostnames: true},
		{Binary: "valkey-8.1", Password: "s3cret", Hostnames: true},
		{Binary: "valkey-9.1", IPv6: true},
	} {
		t.Run(fmt.Sprint(i, " ", config.Binary), func(t *testing.T) {
			t.Parallel()
			config.Binary = labtest.Only(t, config.Binary).Path
			crew, _, addrs := memberSpares(t, config, 7)
			p, err := plan.PlanCreate(plan.CreateRequest{Servers: crew.LookAt(t.Context(), addrs[:6]...), Replicas: 1})
			finish(t, crew, p, err)
			s := isOne(t, crew, addrs[:6], 3)
			p, err = plan.PlanAdd(s, plan.AddRequest{New: crew.LookAt(t.Context(), addrs[6])[0], Replica: true})
			finish(t, crew, p, err)
			s = isOne(t, crew, addrs, 4)
			for k := range s.Nodes {
				n := &s.Nodes[k]
				if n.Member.Flags.Has(cluster.Replica) && !n.Stats.LinkUp {
					t.Errorf("%s is not linked", n.Dialled)
				}
			}
		})
	}
}
