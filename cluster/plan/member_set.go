package plan

import (
	"fmt"
	"strconv"

	"slotdeck/cluster"
)

// The node timeouts that a plan takes, in milliseconds: below, nodes suspect each
// other for a slow moment; the upper bound is a day.
const (
	MinNodeTimeout = 100
	MaxNodeTimeout = 24 * 3600 * 1000
)

// nodeTimeout is the setting's name in CONFIG.
const nodeTimeout = "cluster-node-timeout"

// PlanNodeTimeout plans one node timeout for all nodes, kept in their
// configuration files where they have one. The error is a *Refusal.
func PlanNodeTimeout(s *cluster.Snapshot, ms int) (MemberPlan, error) {
	p, err := look(s)
	if err != nil {
		return MemberPlan{}, err
	}
	if ms < MinNodeTimeout || ms > MaxNodeTimeout {
		return MemberPlan{}, &Refusal{Reason: BadRequest, Text: fmt.Sprintf("a node timeout of %d ms is out of range; say %d to %d", ms, MinNodeTimeout, MaxNodeTimeout)}
	}
	var f findings
	nodes := p.answering("")
	if len(nodes) == 0 {
		return MemberPlan{}, &Refusal{Reason: NodeDown, Text: "no node answers; the setting cannot be changed anywhere"}
	}
	plan := MemberPlan{Kind: MemberSet, Title: fmt.Sprintf("set %s to %d ms on %s", nodeTimeout, ms, count(len(nodes), "node")), Risk: Safe,
		Why: fmt.Sprintf("a node that is silent for %s is suspected, and a failover begins soon after", secondsText(ms))}
	step := MemberStep{Act: ActSet, Among: nodes, Title: "set it on every node and write it to its configuration file"}
	for _, n := range nodes {
		set, keep := n.send("CONFIG", "SET", nodeTimeout, strconv.Itoa(ms)), n.send("CONFIG", "REWRITE")
		if old := p.nodes[n.ID].Config.Value[nodeTimeout]; old != "" {
			set.Note = "now " + clean(old)
		}
		keep.Note = "so that it outlives a restart, where there is a file"
		step.Commands = append(step.Commands, set, keep)
	}
	if len(nodes) == len(s.Nodes) {
		f.ok(fmt.Sprintf("all %d nodes answer", len(nodes)))
	}
	p.silent(&f, "the setting stays as it is there; repeat the command when all are back")
	plan.Steps, plan.Checks = []MemberStep{step}, f.checks
	return plan, nil
}

func secondsText(ms int) string {
	return strconv.FormatFloat(float64(ms)/1000, 'g', -1, 64) + " s"
}
