package run

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/quorum"
	"slotdeck/keyslot"
)

// failoverTale is what the nodes have told of a failover so far. It makes
// stages, a verdict and reasons out of sights, and reads no clock.
type failoverTale struct {
	plan    plan.FailoverPlan
	kind    plan.FailoverKind
	options FailoverOptions
	to      cluster.NodeID
	from    cluster.NodeID // the old primary; empty when there was none
	slots   keyslot.Set    // of the shard
	rival   uint64         // config epoch of the old primary: the new one needs a higher
	clock   uint64         // the highest current epoch before
	timeout time.Duration  // node timeout; 0: not known

	order []cluster.NodeID // the two of them, the voters, the rest
	nodes map[cluster.NodeID]*failoverNode

	sent    time.Time
	refusal error // the replica's own words
	broken  error // the reply to the command never came
	stages  []FailoverStage
	won     time.Time // when the replica first said that it is a primary; zero: never
	fell    time.Time // when it no longer did
	epoch   uint64    // its own config epoch as a primary
	first   int64     // bytes behind at the first look, -1: not known
	behind  int64     // at the last
	unlinks bool      // its link to the primary was seen down
	copies  int64     // full copies that the old primary has handed out; -1: not known
	recopy  bool      // it handed out one more meanwhile
}

// failoverNode is what is known of one node.
type failoverNode struct {
	id     cluster.NodeID
	name   string // its address, clean
	voter  bool
	member bool           // of the shard
	last   *failoverSight // the newest that brought an answer
	tried  time.Time      // when the newest attempt began
	shown  time.Time      // since when it shows the new primary; zero: it does not
	linked time.Time      // since when it is linked to the new primary; zero: it is not
	err    error          // of the newest attempt
}

func newFailoverTale(g failoverScene, kind plan.FailoverKind, o FailoverOptions) *failoverTale {
	t := &failoverTale{
		plan: g.plan, kind: kind, options: o, to: g.plan.Replica, from: g.plan.Primary,
		clock: g.plan.Epoch, timeout: quorum.NodeTimeout(g.snap), nodes: map[cluster.NodeID]*failoverNode{}, first: -1, behind: -1, copies: -1,
	}
	voters := quorum.VotersOf(g.snap)
	for i := range g.snap.Nodes {
		n := &g.snap.Nodes[i]
		addr := n.Dialled
		if addr == "" {
			addr = cmp.Or(n.Member.Endpoint.Addr(), n.ID.Short())
		}
		t.nodes[n.ID] = &failoverNode{id: n.ID, name: failoverClean(addr), voter: voters.Has(n.ID)}
		t.order = append(t.order, n.ID)
		if n.ID == t.from {
			t.rival = n.Member.Epoch
			if copies, ok := n.Info.Value.Int("sync_full"); ok {
				t.copies = copies
			}
		}
	}
	for i := range g.snap.Shards {
		sh := &g.snap.Shards[i]
		if sh.Primary != t.from && !slices.Contains(sh.Replicas, t.to) {
			continue
		}
		t.slots = keyslot.SetOf(sh.Slots...)
		for _, id := range append(slices.Clone(sh.Replicas), sh.Primary) {
			if n := t.nodes[id]; n != nil {
				n.member = true
			}
		}
	}
	rank := func(id cluster.NodeID) int {
		switch n := t.nodes[id]; {
		case id == t.to:
			return 0
		case id == t.from:
			return 1
		case n.member:
			return 2
		case n.voter:
			return 3
		}
		return 4
	}
	slices.SortStableFunc(t.order, func(a, b cluster.NodeID) int { return cmp.Compare(rank(a), rank(b)) })
	return t
}

// watched reports whether a node is of interest now: before it is won the
// shard and the voters are, then everybody, and in the end the shard.
func (t *failoverTale) watched(id cluster.NodeID) bool {
	n := t.nodes[id]
	switch {
	case id == t.to || id == t.from || n.member:
		return true
	case t.won.IsZero():
		return n.voter
	}
	return !t.reached(FailoverAgreed) || n.shown.IsZero()
}

// urgent reports whether something is expected of a node any moment.
func (t *failoverTale) urgent(id cluster.NodeID) bool {
	if id == t.to || id == t.from {
		return true
	}
	n := t.nodes[id]
	return !t.won.IsZero() && n.err == nil && (n.shown.IsZero() || n.member && n.linked.IsZero())
}

// reply takes the answer to the command.
func (t *failoverTale) reply(err error, at time.Time) {
	switch {
	case err == nil:
		t.reach(FailoverAccepted, at, "by %s", t.plan.Addr)
	case failoverAnswered(err):
		t.refusal = err
	default:
		t.broken = err
	}
}

// see takes a sight.
func (t *failoverTale) see(s failoverSight) {
	n := t.nodes[s.node]
	n.tried, n.err = s.asked, s.err
	if s.err == nil {
		n.last = &s
		switch s.node {
		case t.to:
			t.seeReplica(n.last)
		case t.from:
			if reason, _ := s.info.Text("paused_reason"); strings.Contains(reason, "failover") && t.won.IsZero() {
				t.reach(FailoverPaused, s.at, "%s holds writes back", n.name)
			}
			if copies, ok := s.info.Int("sync_full"); ok && t.copies >= 0 && copies > t.copies {
				t.recopy = true
			}
		}
	}
	if t.won.IsZero() {
		t.measure()
		return
	}
	t.aftermath(n)
}

// since keeps the moment from which on something holds.
func since(at *time.Time, holds bool, now time.Time) {
	switch {
	case !holds:
		*at = time.Time{}
	case at.IsZero():
		*at = now
	}
}

// seeReplica follows the replica's own words.
func (t *failoverTale) seeReplica(s *failoverSight) {
	self := s.self()
	primary := s.stats.Role == cluster.Primary && self.Flags.Has(cluster.Primary)
	if t.won.IsZero() {
		t.unlinks = t.unlinks || !primary && !s.stats.LinkUp
		if e := s.own.CurrentEpoch; e > t.clock {
			note := "epoch %d, votes are asked for"
			if t.kind == plan.Takeover {
				note = "epoch %d, taken without votes"
			}
			t.reach(FailoverElection, s.at, note, e)
		}
	}
	switch {
	case primary && t.won.IsZero():
		t.won, t.epoch = s.at, self.Epoch
		t.reach(FailoverWon, s.at, "%s, epoch %d", t.plan.Addr, t.epoch)
	case primary:
		t.epoch = self.Epoch
	case !t.won.IsZero() && t.fell.IsZero():
		t.fell = s.at
	}
	if primary && t.epoch > t.rival && s.asked.Sub(t.won) > failoverHold {
		t.reach(FailoverHeld, s.at, "epoch %d, above %d", t.epoch, t.rival)
	}
	if primary && t.epoch > t.rival && t.slots.Minus(keyslot.SetOf(self.Slots...)).Empty() && s.own.State == "ok" {
		t.reach(FailoverServed, s.at, "%d slots by %s", t.slots.Len(), t.plan.Addr)
	}
}

// failoverHold is how long a winner has to hold its place: a failover won with
// the votes of an earlier election is lost again within 0.1 to 0.4 s.
const failoverHold = 600 * time.Millisecond

// measure follows how far the replica is behind.
func (t *failoverTale) measure() {
	to, from := t.nodes[t.to], t.nodes[t.from]
	if from == nil || from.last == nil || to.last == nil || from.last.stats.Offset < 0 || to.last.stats.Offset < 0 {
		return
	}
	t.behind = max(0, from.last.stats.Offset-to.last.stats.Offset)
	if t.first < 0 {
		t.first = t.behind
	}
}

// aftermath notes what has to follow; n was just heard.
func (t *failoverTale) aftermath(n *failoverNode) {
	if n.err == nil {
		since(&n.shown, t.shows(n), n.last.at)
		since(&n.linked, t.follows(n) && n.last.stats.LinkUp, n.last.at)
	}
	missing, silent, latest := t.opinions()
	if len(missing) == 0 {
		note := fmt.Sprintf("%d nodes", len(t.nodes)-len(silent))
		if len(silent) > 0 {
			note += ", silent: " + someNames(silent)
		}
		t.reach(FailoverAgreed, latest, "%s", note)
	}
	if from := t.nodes[t.from]; from != nil && from.err == nil && t.follows(from) {
		t.reach(FailoverFollowed, from.last.at, "%s", from.name)
	}
	if waiting, latest := t.unlinked(); len(waiting) == 0 && !latest.IsZero() {
		t.reach(FailoverLinked, latest, "%s", t.linkedNote())
	}
}

// opinions are the nodes that do not show the new primary, those that do not
// answer, and when the last of the others came to show it.
func (t *failoverTale) opinions() (missing, silent []string, latest time.Time) {
	latest = t.won
	for _, id := range t.order {
		switch n := t.nodes[id]; {
		case n.tried.Before(t.won):
			missing = append(missing, n.name)
		case n.err != nil:
			silent = append(silent, n.name)
		case n.shown.IsZero():
			missing = append(missing, n.name)
		case n.shown.After(latest):
			latest = n.shown
		}
	}
	return missing, silent, latest
}

// shows reports whether a node's last words have the new primary with the
// slots, and the old one without any of them.
func (t *failoverTale) shows(n *failoverNode) bool {
	if n.last == nil || n.last.at.Before(t.won) {
		return false
	}
	to, ok := n.last.view.Member(t.to)
	if !ok || !to.Flags.Has(cluster.Primary) || to.Epoch < t.epoch || !t.slots.Minus(keyslot.SetOf(to.Slots...)).Empty() {
		return false
	}
	from, listed := n.last.view.Member(t.from)
	return !listed || len(from.Slots) == 0
}

// follows reports whether a node says of itself that it is the replica's replica.
func (t *failoverTale) follows(n *failoverNode) bool {
	return n.last != nil && n.last.at.After(t.won) && n.last.self().Primary == t.to && n.last.stats.Role == cluster.Replica
}

// unlinked are the shard's other nodes that answer and have no link to the new
// primary, and when the last of the others came to have one.
func (t *failoverTale) unlinked() (waiting []*failoverNode, latest time.Time) {
	for _, id := range t.order {
		n := t.nodes[id]
		switch {
		case id == t.to || !n.member:
		case n.tried.Before(t.won):
			waiting = append(waiting, n)
		case n.err != nil:
		case n.linked.IsZero():
			waiting = append(waiting, n)
		case n.linked.After(latest):
			latest = n.linked
		}
	}
	return waiting, latest
}

func (t *failoverTale) linkedNote() string {
	var names []string
	for _, id := range t.order {
		if n := t.nodes[id]; id != t.to && n.member && n.err == nil {
			names = append(names, n.name)
		}
	}
	return someNames(names)
}

func (t *failoverTale) reach(step FailoverStep, at time.Time, format string, args ...any) {
	if t.reached(step) {
		return
	}
	t.stages = append(t.stages, FailoverStage{Step: step, At: at, Took: max(0, at.Sub(t.sent)), Note: fmt.Sprintf(format, args...)})
	slices.SortStableFunc(t.stages, func(a, b FailoverStage) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Step, b.Step))
	})
}

func (t *failoverTale) reached(step FailoverStep) bool {
	return slices.ContainsFunc(t.stages, func(s FailoverStage) bool { return s.Step == step })
}
