package run

import (
	"fmt"
	"slices"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/quorum"
)

// serverSlack is how much later than its time-out a server may still act: its
// clock ticks ten times a second, and so do the looks.
const serverSlack = time.Second

// givesUp is when the server drops the failover unless it was won before.
func (t *failoverTale) givesUp() time.Time { return t.sent.Add(t.plan.Timeout) }

// verdict tells whether all is known, and what came of it.
func (t *failoverTale) verdict(now time.Time) (FailoverOutcome, bool) {
	switch {
	case t.refusal != nil:
		return FailoverRefused, true
	case !t.fell.IsZero():
		return FailoverFellBack, true
	case t.won.IsZero():
		if now.Before(t.givesUp().Add(serverSlack)) {
			return 0, false
		}
		switch {
		case !t.hears(now):
			return FailoverLost, true
		case t.flashed():
			return FailoverFellBack, true
		}
		return FailoverTimedOut, true
	}
	sure := t.reached(FailoverHeld) && t.reached(FailoverServed) && t.reached(FailoverAgreed)
	switch {
	case sure && t.settled():
		if from := t.nodes[t.from]; from != nil && from.err != nil {
			return FailoverTaken, true
		}
		return FailoverComplete, true
	case sure && now.Sub(t.won) > t.options.Link:
		return FailoverTaken, true
	case !sure && t.barred() && now.Sub(t.won) > failoverBarred:
		return FailoverUnsettled, true
	case !sure && now.Sub(t.won) > t.options.Settle:
		if !t.hears(now) {
			return FailoverLost, true
		}
		return FailoverUnsettled, true
	}
	return 0, false
}

// flashed reports whether the replica must have been primary between two looks:
// without an election it let go of its primary and copied everything anew.
func (t *failoverTale) flashed() bool { return t.recopy && !t.reached(FailoverElection) }

// settled reports whether nothing more is to come from the nodes that answer.
func (t *failoverTale) settled() bool {
	missing, _, _ := t.opinions()
	waiting, _ := t.unlinked()
	return len(missing) == 0 && len(waiting) == 0
}

// failoverBarred is how long a winner that refuses keys is given when nothing but
// other shards keeps it from serving: its majority may be on the way back.
const failoverBarred = 3 * time.Second

// barred reports whether the replica holds its place, everyone who answers shows
// it, and it still refuses keys while voters are silent: that is for the other
// shards to heal, and no waiting helps.
func (t *failoverTale) barred() bool {
	last := t.nodes[t.to].last
	return t.reached(FailoverHeld) && t.reached(FailoverAgreed) && !t.reached(FailoverServed) &&
		last != nil && last.own.State != "ok" && len(t.lost()) > 0
}

// lost are the voters that do not answer, but for the old primary.
func (t *failoverTale) lost() (names []string) {
	for _, id := range t.order {
		if n := t.nodes[id]; n.voter && id != t.from && id != t.to && n.err != nil {
			names = append(names, n.name)
		}
	}
	return names
}

// hears reports whether the replica has answered lately.
func (t *failoverTale) hears(now time.Time) bool {
	last := t.nodes[t.to].last
	return last != nil && now.Sub(last.at) < 2*failoverPatience
}

// progress is the tale at one moment.
func (t *failoverTale) progress(now time.Time) FailoverProgress {
	p := FailoverProgress{
		Shard: t.plan.Shard, Kind: t.kind, Command: t.plan.Variant(t.kind).Command, Replica: t.to, To: t.plan.Addr, From: t.plan.From,
		Sent: t.sent, Stages: slices.Clone(t.stages), Behind: t.behind, GivesUp: t.givesUp(), Elapsed: now.Sub(t.sent), Message: t.waitingFor(now),
	}
	if !t.won.IsZero() {
		p.Missing, p.Silent, _ = t.opinions()
	}
	return p
}

// waitingFor is what is expected next.
func (t *failoverTale) waitingFor(now time.Time) string {
	waiting, _ := t.unlinked()
	switch {
	case t.won.IsZero() && now.After(t.givesUp()):
		return "the server's time is up; making sure that nothing happened"
	case t.won.IsZero() && t.reached(FailoverElection):
		return fmt.Sprintf("waiting for votes: %d of %d are needed", t.plan.Need, t.plan.Voters)
	case t.won.IsZero() && t.kind == plan.Graceful:
		return "waiting for the primary to pause and the replica to catch up"
	case t.won.IsZero():
		return "waiting for the replica to become primary"
	case !t.reached(FailoverHeld):
		return "making sure that it holds"
	case !t.reached(FailoverServed):
		return t.plan.Addr + " does not serve all slots yet"
	case !t.reached(FailoverAgreed):
		missing, _, _ := t.opinions()
		return "not everyone shows it yet: " + someNames(missing)
	case len(waiting) > 0:
		return "waiting for the link of " + someNames(failoverNames(waiting))
	}
	return ""
}

// end writes the report.
func (t *failoverTale) end(outcome FailoverOutcome, now time.Time) FailoverReport {
	r := FailoverReport{
		Outcome: outcome, Shard: t.plan.Shard, Kind: t.kind, Command: t.plan.Variant(t.kind).Command, Replica: t.to, To: t.plan.Addr, From: t.plan.From,
		Sent: t.sent, Took: now.Sub(t.sent), Stages: slices.Clone(t.stages),
	}
	if !t.won.IsZero() {
		r.Missing, r.Silent, _ = t.opinions()
	}
	if r.OK() {
		r.Epoch = t.epoch
		r.Took = r.Stages[len(r.Stages)-1].Took
	}
	r.Text = t.sentence(r)
	switch outcome {
	case FailoverTimedOut:
		r.Why = t.whyNot()
	case FailoverFellBack:
		r.Why = t.whyFell()
	case FailoverUnsettled:
		r.Why = t.whyUnsettled(r)
	}
	r.Remains = t.remains(r)
	return r
}

func (t *failoverTale) sentence(r FailoverReport) string {
	after := func(step FailoverStep) string {
		s, _ := r.Stage(step)
		return fmt.Sprintf("%.2f s", s.Took.Seconds())
	}
	switch r.Outcome {
	case FailoverComplete:
		return fmt.Sprintf("%s is the primary of shard %s on all %d nodes, %s after the command; all its replicas are linked", r.To, r.Shard, len(t.nodes), after(FailoverAgreed))
	case FailoverTaken:
		return fmt.Sprintf("%s is the primary of shard %s on all %d nodes that answer, %s after the command", r.To, r.Shard, len(t.nodes)-len(r.Silent), after(FailoverAgreed))
	case FailoverUnsettled:
		if t.barred() {
			return fmt.Sprintf("%s is the primary of shard %s on all nodes that answer, but it serves no key until other shards are back", r.To, r.Shard)
		}
		return fmt.Sprintf("%s became primary of shard %s, but the cluster did not settle within %.0f s", r.To, r.Shard, t.options.Settle.Seconds())
	case FailoverFellBack:
		if t.won.IsZero() {
			return fmt.Sprintf("%s was primary of shard %s for a moment and fell back: it is a replica again", r.To, r.Shard)
		}
		return fmt.Sprintf("%s was primary of shard %s for %.1f s and fell back: it is a replica again", r.To, r.Shard, t.fell.Sub(t.won).Seconds())
	case FailoverTimedOut:
		return fmt.Sprintf("it did not happen: %s is still a replica, and its time of %.0f s is over", r.To, t.plan.Timeout.Seconds())
	case FailoverRefused:
		return fmt.Sprintf("%s refused: %s", r.To, t.refusal)
	case FailoverLost:
		return fmt.Sprintf("%s does not answer: whether the failover happened is not known", r.To)
	}
	if !t.won.IsZero() {
		return fmt.Sprintf("the watching ended early: %s said that it is the primary of shard %s, and that was not verified", r.To, r.Shard)
	}
	return fmt.Sprintf("the watching ended early: the command was sent to %s, and what came of it is not known", r.To)
}

// remains is what the operator should know or do.
func (t *failoverTale) remains(r FailoverReport) (out []string) {
	switch r.Outcome {
	case FailoverTimedOut:
		return []string{"nothing has changed, and the server will not go on by itself; remove the reason before the next try"}
	case FailoverLost, FailoverLeft:
		return []string{"look at the shard again before anything else is done; do not repeat the command"}
	case FailoverFellBack:
		pause := quorum.VotePause(t.timeout)
		return []string{fmt.Sprintf("wait %d s before the next failover of shard %s; %s copies all its data again meanwhile", int(pause.Seconds()), r.Shard, r.To)}
	}
	if from := t.nodes[t.from]; from != nil && from.err != nil && r.Outcome != FailoverRefused {
		out = append(out, fmt.Sprintf("the old primary %s does not answer; it becomes a replica by itself when it comes back", from.name))
	}
	if r.Outcome != FailoverTaken {
		return out
	}
	waiting, _ := t.unlinked()
	for _, n := range waiting {
		state := "its link is down"
		if n.last != nil && n.last.stats.Syncing {
			state = "it is copying all data"
		}
		out = append(out, fmt.Sprintf("%s is not linked yet: %s", n.name, state))
	}
	return out
}

// whyUnsettled says who stands in the way.
func (t *failoverTale) whyUnsettled(r FailoverReport) (why []string) {
	if t.epoch <= t.rival {
		why = append(why, fmt.Sprintf("its epoch %d is not above %d, the old primary's: others need not believe it", t.epoch, t.rival))
	}
	if len(r.Missing) > 0 {
		why = append(why, "these nodes answer and do not show it: "+someNames(r.Missing))
	}
	if last := t.nodes[t.to].last; !t.reached(FailoverServed) && last != nil && last.own.State != "ok" {
		text := fmt.Sprintf("%s says cluster_state:%s: it refuses keys until that is over", r.To, failoverClean(last.own.State))
		if silent := t.lost(); len(silent) > 0 {
			text += "; primaries that do not answer: " + someNames(silent)
		}
		why = append(why, text)
	}
	return why
}

// whyFell says why a winner lost its place.
func (t *failoverTale) whyFell() []string {
	if t.won.IsZero() {
		return []string{"it won with the votes of an earlier election: no new epoch was begun, it let go of its primary, and copied everything anew"}
	}
	if t.epoch <= t.rival {
		return []string{fmt.Sprintf("it won with the votes of an earlier election: its epoch %d was not above %d, the old primary's, so that nobody believed it", t.epoch, t.rival)}
	}
	last := t.nodes[t.to].last
	return []string{fmt.Sprintf("it now follows %s: another node claimed the slots with a higher epoch", t.nameOf(last.self().Primary))}
}

func (t *failoverTale) nameOf(id cluster.NodeID) string {
	if n := t.nodes[id]; n != nil {
		return n.name
	}
	return failoverClean(id.Short())
}
