package doctor

import "slotdeck/cluster/plan"

// Rule is what is behind the findings of one ID: what they mean and what to do.
type Rule struct {
	ID          string
	Subject     string         // what it is about, as a heading
	Least, Most Severity       // how loud its findings are
	Means       string         // sentences
	Next        string         // what to do next; sentences
	Repair      Repair         // what slotdeck can do about it
	Setting     string         // the setting that ChangeSetting is about
	By          plan.Objective // what EvenOut evens out
}

// Link is where the documents explain the rule.
func (r Rule) Link() string { return "docs/health.md#" + r.ID }

// Repair is a plan or a page of slotdeck that deals with a finding.
type Repair uint8

// The repairs.
const (
	NoRepair        Repair = iota // nothing that slotdeck does for the operator
	FailOver                      // the failover cockpit of the shard
	SettleSlots                   // finish or roll back open slots
	RepairAddresses               // nodes that moved meet again
	ForgetNode                    // all nodes forget one
	ReplaceNode                   // a new replica for a node that is gone
	AddNode                       // a new node
	SpreadPrimaries               // failovers that spread the primaries over the hosts
	ChangeSetting                 // one value of a setting on all nodes
	RestartNodes                  // a rolling restart
	RepairSlots                   // slots without owner, with several, keys in the wrong place
	EvenOut                       // move slots so that the primaries have like shares
	FollowAnother                 // a node follows another primary
)

// String says what the repair opens; for NoRepair that there is none.
func (r Repair) String() string {
	switch r {
	case FailOver:
		return "the failover cockpit of the shard"
	case SettleSlots:
		return "the open slots on the page of jobs"
	case RepairAddresses:
		return "a plan that nodes which moved meet again"
	case ForgetNode:
		return "a plan that all nodes forget one"
	case ReplaceNode:
		return "a plan of a new replica for a node that is gone"
	case AddNode:
		return "a plan of a new node"
	case SpreadPrimaries:
		return "a plan that spreads the primaries over the hosts"
	case ChangeSetting:
		return "a plan of one setting for all nodes"
	case RepairSlots:
		return "a plan that repairs slots by where their keys lie"
	case EvenOut:
		return "a plan that moves slots until the primaries are even"
	case FollowAnother:
		return "a plan that the node follows another primary"
	case RestartNodes:
		return "a plan of a rolling restart"
	}
	return "none"
}

// check is one look at a snapshot, and the rules whose findings it makes.
type check struct {
	find  func(*examination) []Finding
	rules []Rule
}

// subject is checks that belong together.
type subject struct {
	name   string
	checks []check
}

// subjects are all checks there are, in the order in which findings of the same
// severity are told.
func subjects() []subject {
	return []subject{
		{"slots", slotChecks()},
		{"addresses", addressChecks()},
		{"agreement", agreementChecks()},
		{"members", memberChecks()},
		{"replication", replicationChecks()},
		{"votes", voteChecks()},
		{"hosts", hostChecks()},
		{"balance", balanceChecks()},
		{"memory", memoryChecks()},
		{"persistence", persistenceChecks()},
		{"load", loadChecks()},
		{"operation", operationChecks()},
		{"settings", settingChecks()},
		{"access", accessChecks()},
	}
}

// Rules are all rules, in the order in which findings of the same severity are
// told.
func Rules() []Rule {
	var out []Rule
	for _, s := range subjects() {
		for _, c := range s.checks {
			for _, r := range c.rules {
				r.Subject = s.name
				out = append(out, r)
			}
		}
	}
	return out
}

// RuleOf is the rule of a finding's ID; false when there is none.
func RuleOf(id string) (Rule, bool) {
	for _, r := range Rules() {
		if r.ID == id {
			return r, true
		}
	}
	return Rule{}, false
}
