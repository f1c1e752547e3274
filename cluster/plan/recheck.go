package plan

import (
	"fmt"
	"slices"
	"strings"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// Changed is why a plan no longer fits the cluster.
type Changed struct {
	Plan        string // its id
	Differences []Difference
}

// Difference is one thing that is not as the plan takes for granted.
type Difference struct {
	Text  string // a clause, such as "A 10.0.0.1:7001 is a replica now"
	Nodes []cluster.NodeID
	Slots keyslot.Set
}

// Error names all differences and says what to do.
func (c *Changed) Error() string {
	var texts []string
	for _, d := range c.Differences {
		texts = append(texts, d.Text)
	}
	return fmt.Sprintf("the cluster is not what plan %s was made for: %s; make the plan anew", clean(c.Plan), strings.Join(texts, "; "))
}

// Recheck holds a plan against a picture read just before acting: does every
// source still own its slots, is every primary one still, at the same epoch,
// with the same replicas to answer for it, and is the cluster still fit? It is
// meant for a plan that has not begun; Tell says how far a begun one has come.
// The error is a *Changed, or a *Refusal when the picture shows no cluster.
func Recheck(plan Plan, fresh *cluster.Snapshot) error {
	p, err := look(fresh)
	if err != nil {
		return err
	}
	c := &Changed{Plan: plan.ID}
	for _, n := range plan.Nodes {
		p.recheckNode(n, c)
	}
	for _, m := range plan.Moves {
		p.recheckOwner(m, c)
	}
	var f findings
	p.fitness(Facts{JobsAsked: true}, &f)
	for _, n := range plan.Nodes {
		if i, ok := p.index[n.ID]; ok {
			p.standing(&p.primaries[i], &f)
		}
	}
	for _, check := range f.checks {
		if check.State == Refused {
			c.add(check.Text)
		}
	}
	if len(c.Differences) > 0 {
		return c
	}
	return nil
}

func (c *Changed) add(text string, nodes ...cluster.NodeID) {
	c.Differences = append(c.Differences, Difference{Text: text, Nodes: nodes})
}

func (p *picture) recheckNode(n Node, c *Changed) {
	node := p.nodes[n.ID]
	if node == nil {
		c.add(n.Name()+" is gone from the cluster", n.ID)
		return
	}
	i, ok := p.index[n.ID]
	if !ok || node.Member.Flags.Has(cluster.Replica) {
		text := n.Name() + " is not a primary any more"
		if of := node.Member.Primary; of != "" {
			text = fmt.Sprintf("%s is a replica of %s now", n.Name(), p.name(of))
		}
		c.add(text, n.ID)
		return
	}
	q := &p.primaries[i]
	if e := node.Member.Epoch; e != n.Epoch {
		c.add(fmt.Sprintf("the epoch of %s went from %d to %d: it gained slots or won an election", n.Name(), n.Epoch, e), n.ID)
	}
	if e := node.Member.Endpoint; clean(e.IP) != n.Host && clean(e.Hostname) != n.Host || e.Port != n.Port {
		c.add(fmt.Sprintf("%s moved to %s", n.Name(), address(node)), n.ID)
	}
	for _, id := range n.Replicas {
		if !slices.Contains(q.shard.Replicas, id) {
			c.add(fmt.Sprintf("%s lost its replica %s", n.Name(), p.name(id)), n.ID, id)
		}
	}
}

// recheckOwner compares the owner of every slot that moves.
func (p *picture) recheckOwner(m Move, c *Changed) {
	set := m.Set()
	elsewhere := set
	if i, ok := p.index[m.From]; ok {
		elsewhere = set.Minus(p.primaries[i].own)
	}
	if elsewhere.Empty() {
		return
	}
	now := "nobody"
	for slot := range elsewhere.All() {
		if at := p.owner[slot]; at >= 0 {
			now = p.name(p.primaries[at].id)
		}
		break
	}
	c.Differences = append(c.Differences, Difference{Nodes: []cluster.NodeID{m.From}, Slots: elsewhere,
		Text: fmt.Sprintf("%s (%s) %s not owned by %s any more, but by %s", count(elsewhere.Len(), "slot"), someSlots(elsewhere), isAre(elsewhere.Len()), p.name(m.From), now)})
}

// Tally is how far a plan has come, told by who owns its slots now.
type Tally struct {
	Done   keyslot.Set // owned by their receivers
	Left   keyslot.Set // owned by their sources
	Astray keyslot.Set // owned by others, or by nobody
	Open   keyslot.Set // those of the plan that are open now
}

// Tell compares the slots of a plan with their present owners. Nothing is known
// to be astray while the picture shows no cluster: then all are Left.
func Tell(plan Plan, now *cluster.Snapshot) Tally {
	p, err := look(now)
	if err != nil {
		return Tally{Left: plan.Set()}
	}
	var t Tally
	for _, m := range plan.Moves {
		set := m.Set()
		from, to := p.ownedBy(m.From).Intersect(set), p.ownedBy(m.To).Intersect(set)
		t.Left, t.Done = t.Left.Union(from), t.Done.Union(to)
		t.Astray = t.Astray.Union(set.Minus(from).Minus(to))
		for _, open := range now.Moves {
			if set.Has(open.Slot) {
				t.Open.Add(open.Slot)
			}
		}
	}
	return t
}

func (p *picture) ownedBy(id cluster.NodeID) keyslot.Set {
	if i, ok := p.index[id]; ok {
		return p.primaries[i].own
	}
	return keyslot.Set{}
}
