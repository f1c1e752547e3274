package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// Plan is what would be done, and what has to be true for it. It is never
// changed once made.
type Plan struct {
	ID       string    `json:"id"` // 16 hexadecimal digits, from all that follows
	Title    string    `json:"title"`
	Moves    []Move    `json:"moves"` // in order; every pair of primaries once, no slot twice
	Nodes    []Node    `json:"nodes"` // the primaries that take part, by shard
	Checks   []Check   `json:"checks"`
	Risk     Risk      `json:"risk"`
	Why      string    `json:"risk_why"`
	Turning  []Turning `json:"turning,omitempty"` // primaries that become replicas
	Slots    int       `json:"slots"`
	Keys     Amount    `json:"keys"`
	Bytes    Amount    `json:"bytes"`
	Estimate Estimate  `json:"estimate"`
}

// Move is what goes from one primary to another.
type Move struct {
	From   cluster.NodeID
	To     cluster.NodeID
	Ranges []keyslot.Range // rising, with gaps between them
	Keys   Amount
	Bytes  Amount
}

// Set is the slots of the move.
func (m Move) Set() keyslot.Set { return keyslot.SetOf(m.Ranges...) }

// Node is a primary that takes part: what the plan takes for granted about it,
// and what it has before and after.
type Node struct {
	ID       cluster.NodeID   `json:"id"`
	Letter   string           `json:"shard"`
	Addr     string           `json:"addr"` // for reading
	Host     string           `json:"host"` // where other nodes reach it
	Port     int              `json:"port"`
	KeysPort int              `json:"keys_port,omitempty"` // where MIGRATE reaches it, when that is another one
	Epoch    uint64           `json:"epoch"`
	Replicas []cluster.NodeID `json:"replicas,omitempty"`
	Before   Holding          `json:"before"`
	After    Holding          `json:"after"`
}

// Holding is what a primary has.
type Holding struct {
	Slots int    `json:"slots"`
	Keys  Amount `json:"keys"`
	Bytes Amount `json:"bytes"`
}

// Name is how sentences call the node: "A 10.0.0.11:7001".
func (n Node) Name() string {
	switch {
	case n.Addr == "":
		return clean(n.ID.Short())
	case n.Letter == "":
		return clean(n.Addr)
	}
	return clean(n.Letter + " " + n.Addr)
}

// Make works a request out on a picture of the cluster. The error is a *Refusal.
// Plans are to be held against a fresh picture with Recheck before they are
// carried out.
func Make(r Request, s *cluster.Snapshot, facts Facts) (Plan, error) {
	p, err := look(s)
	if err != nil {
		return Plan{}, err
	}
	if r == nil {
		return Plan{}, &Refusal{Reason: BadRequest, Text: "nothing was asked for"}
	}
	var f findings
	p.fitness(facts, &f)
	if err := f.err(); err != nil {
		return Plan{}, err
	}
	l := weigh(p, facts.Load)
	d, err := r.draft(p, l)
	if err != nil {
		return Plan{}, err
	}
	d.order(p)
	if facts.Weights != nil { // only now: what was weighed must not change what moves
		l.bytes.supplement(facts.Weights.Bytes)
	}
	plan := p.fill(d, l)
	plan.Estimate = estimate(facts.Rate, plan.Slots, plan.Keys)
	plan.Turning = p.turning(&plan)
	p.inside(&plan, facts, &f)
	danger := p.judge(&plan, facts, &f)
	for _, note := range d.notes {
		f.warn(note)
	}
	if err := f.err(); err != nil {
		return Plan{}, err
	}
	plan.Checks = f.checks
	plan.Risk, plan.Why = riskOf(&plan, danger, facts.Weights.silence(&plan))
	plan.ID = plan.digest()
	return plan, nil
}

// fill makes moves and holdings of a draft.
func (p *picture) fill(d draft, l *loads) Plan {
	plan := Plan{Title: d.title, Keys: Amount{How: Reported}, Bytes: Amount{How: Reported}}
	after := map[int]keyslot.Set{}
	for i := range d.transfers {
		t := &d.transfers[i]
		for _, q := range []int{t.from, t.to} {
			if _, ok := after[q]; !ok {
				after[q] = p.primaries[q].own
			}
		}
		after[t.from] = after[t.from].Minus(t.slots)
		after[t.to] = after[t.to].Union(t.slots)
		m := Move{From: p.primaries[t.from].id, To: p.primaries[t.to].id, Ranges: t.slots.Ranges(),
			Keys: l.keys.sum(&t.slots), Bytes: l.bytes.sum(&t.slots)}
		plan.Moves = append(plan.Moves, m)
		plan.Slots += t.slots.Len()
		plan.Keys, plan.Bytes = plan.Keys.plus(m.Keys), plan.Bytes.plus(m.Bytes)
	}
	for i := range p.primaries {
		if slots, ok := after[i]; ok {
			plan.Nodes = append(plan.Nodes, p.primaries[i].part(&slots, l))
		}
	}
	return plan
}

func (q *primary) part(after *keyslot.Set, l *loads) Node {
	e := q.node.Member.Endpoint
	host := e.IP
	if host == "" {
		host = e.Hostname
	}
	return Node{ID: q.id, Letter: clean(q.shard.Letter), Addr: address(q.node), Host: clean(host), Port: e.Port,
		Epoch: q.node.Member.Epoch, Replicas: plainIDs(q.shard.Replicas),
		Before: holding(&q.own, l), After: holding(after, l)}
}

func plainIDs(ids []cluster.NodeID) (out []cluster.NodeID) {
	for _, id := range ids {
		if plainID(id) {
			out = append(out, id)
		}
	}
	return out
}

func holding(slots *keyslot.Set, l *loads) Holding {
	return Holding{Slots: slots.Len(), Keys: l.keys.sum(slots), Bytes: l.bytes.sum(slots)}
}

// plus is the sum of two amounts, no better known than the worse of them.
func (a Amount) plus(b Amount) Amount {
	how := min(a.How, b.How)
	if how == NotKnown {
		return Amount{}
	}
	return Amount{N: rounded(float64(a.N) + float64(b.N)), How: how}
}

// Node finds a primary of the plan by id.
func (p Plan) Node(id cluster.NodeID) (Node, bool) {
	for _, n := range p.Nodes {
		if n.ID == id {
			return n, true
		}
	}
	return Node{}, false
}

// Set is all slots that move.
func (p Plan) Set() keyslot.Set {
	var s keyslot.Set
	for _, m := range p.Moves {
		for _, r := range m.Ranges {
			s.AddRange(r)
		}
	}
	return s
}

func (p Plan) nodeName(id cluster.NodeID) string {
	if n, ok := p.Node(id); ok {
		return n.Name()
	}
	return clean(id.Short())
}

// digest is the plan's id: the hash of everything else in it.
func (p Plan) digest() string {
	p.ID = ""
	text, err := json.Marshal(p)
	if err != nil { // only numbers and words out of range, which Decode refuses
		text = []byte(fmt.Sprintf("%v", err))
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
