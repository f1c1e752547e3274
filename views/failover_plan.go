package views

import (
	"net"
	"slices"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/quorum"
	"slotdeck/ui"
)

// failoverCockpit is the page of a failover before it is run: the replica, the
// three ways side by side, the one that is advised chosen beforehand.
type failoverCockpit struct {
	desk    *failoverDesk
	shard   string // letter
	replica cluster.NodeID
	kind    plan.FailoverKind
	picked  bool // the operator chose the way, so that advice moves it no more

	snap       *cluster.Snapshot
	candidates []quorum.Candidate
	plan       plan.FailoverPlan
	err        error // why there is no plan
	proposal   *Proposal
}

func cockpitActions(c *failoverCockpit) ui.Actions[*Proposal] {
	pick := func(to func() plan.FailoverKind) func(*Proposal) tea.Cmd {
		return func(*Proposal) tea.Cmd {
			c.kind, c.picked = to(), true
			c.tell()
			return nil
		}
	}
	turn := func(by int) func() plan.FailoverKind {
		return func() plan.FailoverKind { return plan.FailoverKind((int(c.kind) + by + 3) % 3) }
	}
	one := func(k plan.FailoverKind) func() plan.FailoverKind {
		return func() plan.FailoverKind { return k }
	}
	return ui.Actions[*Proposal]{
		{Keys: []string{"left", "h"}, Label: "way", Do: pick(turn(-1)), Hidden: true},
		{Keys: []string{"right", "l", "tab"}, Label: "other way", Do: pick(turn(1))},
		{Keys: []string{"r"}, Label: "other replica", Off: c.onlyOne, Do: func(*Proposal) tea.Cmd { c.nextReplica(); return nil }},
		{Keys: []string{"g"}, Label: "graceful", Do: pick(one(plan.Graceful)), Hidden: true},
		{Keys: []string{"f"}, Label: "FORCE", Do: pick(one(plan.Force)), Hidden: true},
		{Keys: []string{"t"}, Label: "TAKEOVER", Do: pick(one(plan.Takeover)), Hidden: true},
	}
}

func (c *failoverCockpit) onlyOne(*Proposal) string {
	if len(c.candidates) < 2 {
		return "the shard has only one replica"
	}
	return ""
}

func (c *failoverCockpit) nextReplica() {
	at := slices.IndexFunc(c.candidates, func(x quorum.Candidate) bool { return x.Node == c.replica })
	c.replica, c.picked = c.candidates[(at+1)%len(c.candidates)].Node, false
	c.renew(c.snap)
}

// renew makes the plan anew on a picture.
func (c *failoverCockpit) renew(s *cluster.Snapshot) {
	c.snap, c.candidates = s, nil
	for i := range s.Shards {
		if s.Shards[i].Letter == c.shard {
			c.candidates = quorum.Candidates(s, &s.Shards[i])
		}
	}
	p, err := plan.PlanFailover(s, c.replica, c.desk.facts(c.shard))
	if c.err = err; err == nil {
		c.plan = p
		if !c.picked {
			c.kind = plan.Graceful
			if p.Advised != nil {
				c.kind = *p.Advised
			}
		}
	}
	c.tell()
}

// tell brings the proposal up to date.
func (c *failoverCockpit) tell() {
	p := c.proposal
	p.Title = "Fail over shard " + c.shard
	if c.err != nil {
		p.Risk, p.Why, p.Name, p.Refused = plan.Safe, "nothing would be sent", "", c.err.Error()
		return
	}
	p.Title += " to " + c.plan.Addr
	v := c.plan.Variant(c.kind)
	p.Risk, p.Name, p.Refused = v.Risk, v.Type, v.Disabled
	switch c.kind {
	case plan.Graceful:
		p.Why = "clients wait a moment; no acknowledged write is lost"
	case plan.Force:
		p.Why = "acknowledged writes can be lost"
	case plan.Takeover:
		p.Why = "writes can be lost, and nobody is asked"
	}
}

func (c *failoverCockpit) run() tea.Cmd {
	c.desk.cockpit = nil
	return c.desk.start(c.plan, c.kind)
}

// commands is the plan as a line for a shell.
func (c *failoverCockpit) commands() string {
	if c.err != nil {
		return ""
	}
	host, port, err := net.SplitHostPort(c.plan.Addr)
	if err != nil {
		return c.plan.Addr + "  " + c.plan.Variant(c.kind).Command + "\n"
	}
	return "redis-cli -h " + host + " -p " + port + " " + c.plan.Variant(c.kind).Command + "\n"
}
