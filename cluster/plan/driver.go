package plan

import (
	"fmt"
	"slices"

	"slotdeck/cluster"
)

// Driver is a way of moving slots.
type Driver uint8

// The drivers. Auto is a wish only: the best that all nodes can do.
const (
	Auto         Driver = iota
	Legacy              // SETSLOT and MIGRATE, key by key; every version
	AtomicRedis         // CLUSTER MIGRATION on the target; Redis 8.4 and newer
	AtomicValkey        // CLUSTER MIGRATESLOTS on the source; Valkey 9 and newer
)

var drivers = [...]string{"auto", "migrate", "atomic-redis", "atomic-valkey"}

// String is the driver as the command line spells it.
func (d Driver) String() string { return word(drivers[:], int(d)) }

// MarshalText writes the word.
func (d Driver) MarshalText() ([]byte, error) { return marshalWord(drivers[:], int(d)) }

// UnmarshalText reads the word.
func (d *Driver) UnmarshalText(text []byte) error {
	n, err := unmarshalWord(drivers[:], text)
	*d = Driver(n)
	return err
}

// Atomic reports whether the servers move whole slots by themselves.
func (d Driver) Atomic() bool { return d == AtomicRedis || d == AtomicValkey }

// command is what the driver is made of, for sentences.
func (d Driver) command() string {
	switch d {
	case AtomicRedis:
		return "CLUSTER MIGRATION"
	case AtomicValkey:
		return "CLUSTER MIGRATESLOTS"
	}
	return "SETSLOT and MIGRATE"
}

// Ability is what one node can do, as a probe found. Why gives, for a driver it
// cannot do, the reason in a few words ("Redis 7.0 has no such command", "the
// user may not"), clean for the screen or not.
type Ability struct {
	AtomicRedis  bool
	AtomicValkey bool
	Legacy       bool
	Why          map[Driver]string
	Denied       map[Driver]bool // it could, but the user may not
}

func (a Ability) can(d Driver) bool {
	return d == AtomicRedis && a.AtomicRedis || d == AtomicValkey && a.AtomicValkey || d == Legacy && a.Legacy
}

// Choice is the driver for a plan, and why that one.
type Choice struct {
	Driver Driver
	Reason string     // a sentence
	Not    []Excluded // the others that were looked at, best first
}

// Excluded is a driver that some node cannot do.
type Excluded struct {
	Driver Driver
	Node   cluster.NodeID // the first that cannot
	Why    string
}

// Choose picks the best driver that all nodes of a plan can do: an atomic one
// before the older way. A driver that is asked for is taken if all can do it.
// The error is a *Refusal with the reason NoDriver, or NoRights when only the
// user's rights stand in the way.
func Choose(plan Plan, abilities map[cluster.NodeID]Ability, want Driver) (Choice, error) {
	var c Choice
	if want > AtomicValkey {
		return c, &Refusal{Reason: BadRequest, Text: "there is no such driver; choose auto, migrate, atomic-redis or atomic-valkey"}
	}
	for _, d := range []Driver{AtomicValkey, AtomicRedis, Legacy} {
		if node, why := plan.unable(abilities, d); why != "" {
			c.Not = append(c.Not, Excluded{d, node, why})
		} else if c.Driver == Auto {
			c.Driver = d
		}
	}
	not := func(d Driver) (Excluded, bool) {
		i := slices.IndexFunc(c.Not, func(e Excluded) bool { return e.Driver == d })
		if i < 0 {
			return Excluded{}, false
		}
		return c.Not[i], true
	}
	if e, bad := not(want); bad && want != Auto {
		return Choice{Not: c.Not}, &Refusal{Reason: lacking(abilities, e), Nodes: []cluster.NodeID{e.Node},
			Text: fmt.Sprintf("%s cannot be used: %s; choose another driver, or auto", want.command(), e.Why)}
	}
	switch {
	case c.Driver == Auto:
		e, _ := not(Legacy)
		return c, &Refusal{Reason: lacking(abilities, e), Nodes: []cluster.NodeID{e.Node},
			Text: "no way of moving slots works on all nodes that take part: even " + Legacy.command() + " does not, because " + e.Why}
	case want != Auto:
		if want == c.Driver {
			c.Reason = want.command() + ", as asked for, and the best that all nodes can do"
		} else {
			c.Reason = fmt.Sprintf("%s, as asked for; %s could be used, too", want.command(), c.Driver.command())
		}
		c.Driver = want
	case c.Driver.Atomic():
		c.Reason = c.Driver.command() + ": all nodes that take part can move whole slots by themselves"
	default:
		e := c.nearest(plan, abilities)
		c.Reason = fmt.Sprintf("%s, because %s", c.Driver.command(), e.Why)
	}
	return c, nil
}

func lacking(abilities map[cluster.NodeID]Ability, e Excluded) Reason {
	if abilities[e.Node].Denied[e.Driver] {
		return NoRights
	}
	return NoDriver
}

// nearest is the atomic driver that the most nodes can do: the one whose absence
// explains why the older way is taken.
func (c Choice) nearest(plan Plan, abilities map[cluster.NodeID]Ability) (best Excluded) {
	most := -1
	for _, e := range c.Not {
		n := 0
		for _, node := range plan.Nodes {
			n += b2i(abilities[node.ID].can(e.Driver))
		}
		if n > most {
			best, most = e, n
		}
	}
	if most == 0 {
		best.Why = "the nodes know neither CLUSTER MIGRATESLOTS nor CLUSTER MIGRATION (" + best.Why + ")"
	}
	return best
}

// unable is the first node of the plan that cannot do a driver, and why.
func (p Plan) unable(abilities map[cluster.NodeID]Ability, d Driver) (cluster.NodeID, string) {
	for _, n := range p.Nodes {
		a, asked := abilities[n.ID]
		switch why := a.Why[d]; {
		case !asked:
			return n.ID, n.Name() + " was not asked what it can do"
		case a.can(d):
		case why != "":
			return n.ID, n.Name() + " cannot: " + clean(why)
		default:
			return n.ID, fmt.Sprintf("%s has no %s", n.Name(), d.command())
		}
	}
	return "", ""
}
