package plan

import (
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/quorum"
)

// FailoverKind is a way of making a replica the primary.
type FailoverKind uint8

// The ways, from gentle to rough.
const (
	Graceful FailoverKind = iota // the primary pauses until the replica has everything, then an election
	Force                        // an election without the primary
	Takeover                     // no election: the replica takes the slots by itself
)

var failoverKinds = [...]string{"graceful", "force", "takeover"}

// String is graceful, force or takeover.
func (k FailoverKind) String() string { return word(failoverKinds[:], int(k)) }

// MarshalText writes the word.
func (k FailoverKind) MarshalText() ([]byte, error) { return marshalWord(failoverKinds[:], int(k)) }

// UnmarshalText reads the word.
func (k *FailoverKind) UnmarshalText(text []byte) error {
	n, err := unmarshalWord(failoverKinds[:], text)
	*k = FailoverKind(n)
	return err
}

// command is what the replica is sent.
func (k FailoverKind) command() string {
	switch k {
	case Force:
		return "CLUSTER FAILOVER FORCE"
	case Takeover:
		return "CLUSTER FAILOVER TAKEOVER"
	}
	return "CLUSTER FAILOVER"
}

// FailoverFacts is what a snapshot cannot tell.
type FailoverFacts struct {
	Busy         string    // what else runs on the shard ("a reshard", "an election"); empty: nothing
	LastElection time.Time // when the shard last changed its primary; zero: not known to have
}

// FailoverPlan is the preflight of a failover: what each way would cost, which
// one is advised, and why the others are not or cannot be.
type FailoverPlan struct {
	Shard    string         `json:"shard"`
	Replica  cluster.NodeID `json:"replica"`
	Primary  cluster.NodeID `json:"primary"` // empty when the shard has none
	Addr     string         `json:"addr"`    // of the replica, where the command goes
	From     string         `json:"from"`    // address of the primary
	Slots    int            `json:"slots"`
	Behind   Amount         `json:"behind"`   // bytes behind the primary's last known offset
	LinkUp   bool           `json:"link_up"`  // the replica's link to the primary
	Idle     time.Duration  `json:"idle"`     // since the last byte from the primary; -1: not known
	Voters   int            `json:"voters"`   // primaries with slots
	Need     int            `json:"need"`     // votes that make a majority
	Present  int            `json:"present"`  // voters that answer the console and are not held for failed
	Epoch    uint64         `json:"epoch"`    // the cluster's highest known epoch; a win raises it
	Timeout  time.Duration  `json:"timeout"`  // after which the server gives up, having said OK
	Wait     time.Duration  `json:"wait"`     // before any election should be held; 0: none
	Variants []Failover     `json:"variants"` // always three, by kind
	Advised  *FailoverKind  `json:"advised"`  // nil: none
	Why      string         `json:"advice"`   // a sentence on the advice
	Checks   []Check        `json:"checks"`   // what was looked at
}

// Failover is one way and its price.
type Failover struct {
	Kind     FailoverKind `json:"kind"`
	Command  string       `json:"command"` // exact, for the replica
	Risk     Risk         `json:"risk"`
	Price    string       `json:"price"`    // a sentence: what clients notice and what can be lost
	Disabled string       `json:"disabled"` // why it cannot work now; empty when it can
	Type     string       `json:"type"`     // the name to type before a lossy one; empty: none
}

// Variant finds a way by its kind.
func (p FailoverPlan) Variant(k FailoverKind) Failover { return p.Variants[k] }

// manualTimeout is the servers' own, fixed on Redis and the default on Valkey.
const manualTimeout = 5 * time.Second

// PlanFailover weighs the three ways of making a replica the primary of its
// shard. The error is a *Refusal: the node is not known, or is no replica of a
// shard with slots. A plan is to be made anew on a fresh snapshot just before
// it is carried out.
func PlanFailover(s *cluster.Snapshot, replica cluster.NodeID, facts FailoverFacts) (FailoverPlan, error) {
	f, err := faceFailover(s, replica, facts)
	if err != nil {
		return FailoverPlan{}, err
	}
	p := FailoverPlan{
		Shard: clean(f.shard.Letter), Replica: replica, Primary: f.shard.Primary, Addr: address(f.replica),
		Slots: f.shard.SlotLen, Idle: -1, LinkUp: f.linked(),
		Voters: f.voters.Size, Need: f.voters.Need, Present: len(f.present),
		Timeout: manualTimeout, Wait: f.wait(),
	}
	if f.primary != nil {
		p.From = address(f.primary)
	}
	if b := quorum.Behind(s, f.shard, f.replica); b >= 0 {
		p.Behind = Amount{N: b, How: Reported}
	}
	if f.replica.Info.Known() {
		if age, ok := quorum.LinkAge(s, f.replica); ok {
			p.Idle = age
		}
	}
	if t := quorum.SettingsOf(f.replica).ManualTimeout; t > 0 {
		p.Timeout = t
	}
	for i := range s.Nodes {
		if n := &s.Nodes[i]; n.ClusterInfo.Known() {
			p.Epoch = max(p.Epoch, n.ClusterInfo.Value.CurrentEpoch)
		}
	}
	p.Checks = f.checks(&p)
	for _, k := range []FailoverKind{Graceful, Force, Takeover} {
		p.Variants = append(p.Variants, f.weigh(k, &p))
	}
	p.advise(f)
	return p, nil
}

func (f *failoverFace) weigh(k FailoverKind, p *FailoverPlan) Failover {
	v := Failover{Kind: k, Command: k.command(), Disabled: f.obstacle(k, p)}
	v.Risk, v.Price = f.price(k, p)
	if v.Risk == Lossy {
		v.Type = p.Addr
	}
	return v
}

// price says what a way costs. FORCE and TAKEOVER are lossy even at 0 bytes
// behind: the offsets are as old as the last poll, and a living primary goes on
// acknowledging writes until it learns of its successor.
func (f *failoverFace) price(k FailoverKind, p *FailoverPlan) (Risk, string) {
	if k == Graceful {
		return Disruptive, fmt.Sprintf("writes to shard %s pause until the replica has caught up (now %s behind), %s at most; none is lost",
			p.Shard, p.Behind.bytes(), spanText(2*p.Timeout))
	}
	loss := fmt.Sprintf("acknowledged writes that the replica does not have are lost: %s at the last look", p.Behind.bytes())
	if p.Behind.How == NotKnown {
		loss = "acknowledged writes that the replica does not have are lost; how many is not known"
	}
	if f.alive() {
		loss += ", and all that the primary still takes until it steps down"
	}
	if k == Takeover {
		loss += "; nobody is asked, so that two nodes can own the slots if the primary lives out of sight"
	}
	return Lossy, loss
}

// advise picks the gentlest way that can work.
func (p *FailoverPlan) advise(f *failoverFace) {
	for _, v := range p.Variants {
		if v.Disabled != "" || v.Kind == Takeover && f.waiting(p) {
			continue
		}
		kind := v.Kind
		p.Advised = &kind
		switch kind {
		case Graceful:
			p.Why = "graceful: the primary lives and hands over, so that no acknowledged write is lost"
		case Force:
			p.Why = "FORCE: " + p.Variants[Graceful].Disabled + ", and a majority can elect"
		case Takeover:
			p.Why = "TAKEOVER as a last resort: " + p.Variants[Force].Disabled
		}
		return
	}
	p.Why = "none now: " + p.Variants[Graceful].Disabled
	if f.waiting(p) {
		p.Why = fmt.Sprintf("none yet: wait %s", spanText(p.Wait))
	}
}

func spanText(d time.Duration) string {
	if d%time.Second != 0 && d < 10*time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%d s", (d+time.Second-1)/time.Second)
}
