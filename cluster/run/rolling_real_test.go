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

// wanted waits until the operator is asked to restart a node, and is that node.
func wanted(t *testing.T, j *run.RollingJob, addr string) {
	t.Helper()
	for p := range j.Updates() {
		if p.Wanted && p.Step.Addr == addr {
			return
		}
	}
	t.Fatalf("%s was never wanted: %+v", addr, j.Wait())
}

func TestOperatorIsToldAnewWhenSomebodyElseFailsOver(t *testing.T) {
	t.Parallel()
	b := newFailoverBench(t, labtest.Only(t, "valkey-9.1"), 2*time.Second)
	nodes := b.lab.Nodes()
	request := plan.RestartRequest{Only: []cluster.NodeID{nodes[0].ID, nodes[3].ID}}
	j := run.StartRolling(b.t.Context(), b.eyes, run.RollingOptions{Request: request, Pause: -1})
	wanted(t, j, nodes[3].Addr)
	if err := nodes[3].Do(t.Context(), "CLUSTER", "FAILOVER").Err(); err != nil { // just the node that was to go
		t.Fatal(err)
	}
	wanted(t, j, nodes[0].Addr)
	if role := nodes[3].Do(t.Context(), "ROLE").String(); !strings.Contains(role, "master") {
		t.Errorf("another node is wanted although nothing happened: %s", role)
	}
	if err := nodes[0].Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	wanted(t, j, nodes[3].Addr) // after it has handed over
	if role := nodes[0].Do(t.Context(), "ROLE").String(); !strings.Contains(role, "master") {
		t.Errorf("a primary is to be restarted: %s", role)
	}
	if err := nodes[3].Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := j.Wait()
	var acts []string
	for _, s := range r.Steps {
		acts = append(acts, s.Act.String()+" "+s.Addr+" "+s.Foreign)
	}
	if r.Outcome != run.MemberDone || r.Nodes() != 2 || len(acts) != 3 || !strings.Contains(acts[0], "restart "+nodes[0].Addr+" "+nodes[3].Addr+" became the primary of shard A, which was not of this job's doing") {
		t.Errorf("%s: %s\n%s", r.Outcome, r.Text, strings.Join(acts, "\n"))
	}

	j = run.StartRolling(b.t.Context(), b.eyes, run.RollingOptions{Request: plan.RestartRequest{Since: r.Began.Add(-time.Hour)}, Pause: -1})
	if r = j.Wait(); r.Outcome != run.MemberDone || len(r.Steps) != 0 {
		t.Errorf("all were restarted within the hour: %s", r.Text)
	}
	j = run.StartRolling(b.t.Context(), b.eyes, run.RollingOptions{Request: request, Pause: -1})
	wanted(t, j, nodes[3].Addr)
	if err := nodes[3].Freeze(); err != nil { // a network that stumbles
		t.Fatal(err)
	}
	for p := range j.Updates() {
		if !p.Wanted {
			break
		}
	}
	if err := nodes[3].Thaw(); err != nil {
		t.Fatal(err)
	}
	wanted(t, j, nodes[3].Addr)
	j.Stop()
	if r = j.Wait(); r.Outcome != run.MemberInterrupted || !strings.Contains(r.Text, "--since ") {
		t.Errorf("stopped: %s: %s", r.Outcome, r.Text)
	}
}
