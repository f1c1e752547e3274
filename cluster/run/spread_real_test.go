package run_test

import (
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
)

// zones gives the lab's nodes zones: a letter for each, in their order.
func (b *failoverBench) zones(letters string) cluster.Zones {
	b.t.Helper()
	var rules []cluster.ZoneRule
	for i, n := range b.lab.Nodes() {
		rules = append(rules, cluster.ZoneRule{Of: n.Addr, Zone: string(letters[i])})
	}
	z, err := cluster.NewZones(rules)
	if err != nil {
		b.t.Fatal(err)
	}
	return z
}

// spread plans and begins a spread.
func (b *failoverBench) spread(letters string, pause time.Duration) (plan.SpreadPlan, *run.SpreadJob) {
	b.t.Helper()
	request := plan.SpreadRequest{Zones: b.zones(letters)}
	p, err := plan.PlanSpread(b.eyes.Latest(), request)
	if err != nil {
		b.t.Fatal(err)
	}
	return p, run.StartSpread(b.t.Context(), b.eyes, p, run.SpreadOptions{Request: request, Pause: pause})
}

// between waits until a job has done its first step and pauses.
func between(t *testing.T, j *run.SpreadJob) {
	t.Helper()
	for p := range j.Updates() {
		if p.Step == 1 && strings.Contains(p.Text, "the next failover") {
			return
		}
	}
	t.Fatalf("it never paused: %+v", j.Wait())
}

func TestSpreadEndsWhenSomebodyElseFailsOverAndWhenItIsStopped(t *testing.T) {
	t.Parallel()
	b := newFailoverBench(t, labtest.Only(t, "valkey-9.1"), 2*time.Second)
	nodes := b.lab.Nodes()
	p, j := b.spread("xxxyzx", time.Second)
	if len(p.Steps) != 2 {
		t.Fatalf("planned %v", p.Steps)
	}
	between(t, j)
	if err := nodes[5].Do(t.Context(), "CLUSTER", "FAILOVER").Err(); err != nil {
		t.Fatal(err)
	}
	labtest.Until(t, 5*time.Second, "the other failover is done", func() bool {
		return strings.Contains(nodes[5].Do(t.Context(), "ROLE").String(), "master")
	})
	r := j.Wait()
	if r.Outcome != run.MemberFailed || r.Done() != 1 || !strings.Contains(r.Text, nodes[5].Addr+" is a primary now, which is not of this plan's doing") {
		t.Errorf("got %s: %s", r.Outcome, r.Text)
	}
	if role := nodes[4].Do(t.Context(), "ROLE").String(); strings.Contains(role, "master") {
		t.Errorf("the second failover was sent all the same: %s", role)
	}

	b.until("all is calm", func(s *cluster.Snapshot) bool {
		_, err := plan.PlanSpread(s, plan.SpreadRequest{Zones: b.zones("xyyxxx")})
		reason, _ := plan.ReasonOf(err)
		return err == nil || reason == plan.NothingToMove
	})
	_, j = b.spread("yxwxzx", time.Hour) // 3, 1 and 5 lead, all on x
	between(t, j)
	j.Stop()
	if r = j.Wait(); r.Outcome != run.MemberInterrupted || r.Done() != 1 || r.Steps[1].State != run.MemberWaits {
		t.Errorf("got %s: %s %+v", r.Outcome, r.Text, r.Steps)
	}
}
