package run

import (
	"context"
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

// finish asks every node how things stand, and writes the report.
func (j *Job) finish(ctx context.Context, outcome Outcome, err error) {
	j.say(Verifying, "asking every node")
	patience := 10 * time.Second
	if outcome == Failed {
		patience = 3 * time.Second
	}
	if j.leaving() {
		patience = 400 * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience+2*time.Second)
	defer cancel()
	if outcome == Stopped && err == errStopping {
		err = nil // as asked for
	}
	r := Report{Job: j.id, Title: j.title, Outcome: outcome, Driver: j.driver, Err: err, Started: j.started}
	want := j.expected()
	r.Nodes, r.Open = j.verify(ctx, want, patience)
	if outcome == Failed && !j.leaving() && j.want == nil {
		j.tellStrays(ctx)
	}
	j.mu.Lock()
	r.Moved, r.Back, r.Left, r.Skipped = j.done, j.back, j.plan.Set().Minus(j.done), j.skipped
	r.Keys, r.Bytes = j.board.keys.Done, j.board.bytes.Done
	r.Saved, r.Remains = j.savedFiles, j.left
	for _, id := range j.board.order {
		if t := j.board.latency[id]; t != nil {
			r.Worst = append(r.Worst, Latency{Node: id, Last: t.last, Worst: t.worst})
		}
	}
	j.mu.Unlock()
	r.Took = time.Since(j.started)
	if !r.Open.Empty() {
		r.Remains = append(r.Remains, fmt.Sprintf("%s (%s) %s open; run slotdeck resume to finish or roll back", count(r.Open.Len(), "slot"), someSlots(r.Open), either(r.Open.Len(), "is", "are")))
		if r.Outcome != Failed {
			r.Outcome = Failed
		}
	}
	r.Sentences = j.sentences(&r)
	j.endCheckpoint(&r)
	j.report = r
}

// expected is who shall own each of the plan's slots.
func (j *Job) expected() map[keyslot.Slot]cluster.NodeID {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := func(id cluster.NodeID) cluster.NodeID {
		if r, ok := j.relieved[id]; ok {
			return r
		}
		return id
	}
	if j.want != nil {
		return j.want
	}
	want := map[keyslot.Slot]cluster.NodeID{}
	for _, m := range j.plan.Moves {
		set := m.Set()
		for s := range set.All() {
			if j.done.Has(s) {
				want[s] = now(m.To)
			} else {
				want[s] = now(m.From)
			}
		}
	}
	return want
}

// verify asks until all nodes that answer agree, or the patience ends.
func (j *Job) verify(ctx context.Context, want map[keyslot.Slot]cluster.NodeID, patience time.Duration) (verdicts []Verdict, open keyslot.Set) {
	wait := 2 * time.Millisecond // word of the last slots goes round in about that
	for deadline := time.Now().Add(patience); ; wait = min(2*wait, 30*time.Millisecond) {
		s, err := j.crew.surveyWithin(ctx, min(patience, 2*time.Second))
		if err != nil {
			return []Verdict{{Err: err, Text: "the nodes could not be asked: " + err.Error()}}, open
		}
		agree := true
		verdicts, open = nil, keyslot.Set{}
		for i := range s.Nodes {
			v := verdict(&s.Nodes[i], want, &open)
			agree = agree && (v.Agrees || v.Err != nil)
			v.Addr = j.crew.addr(v.Node)
			verdicts = append(verdicts, v)
		}
		if agree || time.Now().After(deadline) || pause(ctx, wait) != nil {
			return verdicts, open
		}
	}
}

// verdict holds one node's view against what shall be.
func verdict(n *cluster.Node, want map[keyslot.Slot]cluster.NodeID, open *keyslot.Set) Verdict {
	v := Verdict{Node: n.ID, Err: n.Err}
	if n.Err != nil || n.View.Value == nil {
		if v.Err == nil {
			v.Err = fmt.Errorf("it does not answer")
		}
		v.Text = "it could not be asked"
		return v
	}
	owner := map[keyslot.Slot]cluster.NodeID{}
	for i := range n.View.Value.Members {
		m := &n.View.Value.Members[i]
		for _, r := range m.Slots {
			for s := int(r.First); s <= int(r.Last); s++ {
				if _, ok := want[keyslot.Slot(s)]; ok {
					owner[keyslot.Slot(s)] = m.ID
				}
			}
		}
	}
	var wrong keyslot.Set
	for s, id := range want {
		if owner[s] != id {
			wrong.Add(s)
		}
	}
	marked := 0
	if self, ok := n.View.Value.Member(n.ID); ok {
		for _, o := range self.Open {
			if _, ours := want[o.Slot]; ours {
				open.Add(o.Slot)
				marked++
			}
		}
	}
	switch {
	case !wrong.Empty():
		v.Text = fmt.Sprintf("it names another owner for %s (%s)", count(wrong.Len(), "slot"), someSlots(wrong))
	case marked > 0:
		v.Text = fmt.Sprintf("it shows %s as open", count(marked, "slot"))
	default:
		v.Agrees, v.Text = true, "it agrees"
	}
	return v
}

// sentences tell the whole report.
func (j *Job) sentences(r *Report) []string {
	seconds := r.Took.Seconds()
	out := []string{fmt.Sprintf("%s: %s, with %s, in %.1f s (%.0f keys/s), by %s", r.Outcome, becameOf(r), count(r.Keys, "key"),
		seconds, float64(r.Keys)/max(seconds, 0.001), driverName(r.Driver))}
	if r.Err != nil {
		out = append(out, r.Err.Error())
	}
	if n := r.Left.Len(); n > 0 && r.Outcome != RolledBack {
		out = append(out, fmt.Sprintf("%s (%s) %s where %s", count(n, "slot"), someSlots(r.Left), either(n, "stays", "stay"), either(n, "it was", "they were")))
	}
	agree, silent := 0, 0
	for _, v := range r.Nodes {
		switch {
		case v.Agrees:
			agree++
		case v.Err != nil:
			silent++
		default:
			out = append(out, fmt.Sprintf("%s: %s", j.crew.name(v.Node), v.Text))
		}
	}
	text := fmt.Sprintf("%d of %s %s", agree, count(len(r.Nodes), "node"), either(agree, "agrees", "agree"))
	if silent > 0 {
		text += fmt.Sprintf("; %d could not be asked", silent)
	}
	out = append(out, text)
	for _, path := range r.Saved {
		out = append(out, "values that were overwritten, removed or left behind are in "+path)
	}
	return append(out, r.Remains...)
}

// becameOf tells how many slots moved, and which were rolled back.
func becameOf(r *Report) string {
	moved := count(r.Moved.Len(), "slot") + " moved"
	if r.Back.Empty() {
		return moved
	}
	back := fmt.Sprintf("%s (%s) rolled back", count(r.Back.Len(), "slot"), someSlots(r.Back))
	if r.Moved.Empty() {
		return back
	}
	return moved + ", " + back
}

func driverName(d plan.Driver) string {
	switch d {
	case plan.AtomicRedis:
		return "CLUSTER MIGRATION"
	case plan.AtomicValkey:
		return "CLUSTER MIGRATESLOTS"
	}
	return "SETSLOT and MIGRATE"
}
