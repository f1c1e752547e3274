package run

import (
	"context"
	"slices"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/wire"
)

// The owner of an open slot may have a key that the target has, too: when it took
// the place of a source that had not told it yet that the key had left, or when a
// MIGRATE was cut off. Clients see the owner's value; one that removes it is sent to
// the target from then on, and finds the key there again. So the target's copies
// are removed before anything else is done with the slot.

const (
	// doublesListed bounds how many keys of a slot one call lists: it holds the node
	// for some milliseconds. Doubles beyond that are met by MIGRATE, later.
	doublesListed = 20_000
	doublesAsked  = 256 // keys in one round trip that asks whether they exist
	doublesRead   = 32  // keys whose values are compared in one round trip
	doublesTries  = 4
)

// undouble removes from the target what the source of this pair, the owner, has,
// too. A copy with another value stays for the question that MIGRATE leads to,
// unless it came by this job: then it is saved. Where that cannot be done for want
// of a right, all of them stay for MIGRATE.
func (p *pair) undouble(ctx context.Context, group []*load) error {
	some := slices.DeleteFunc(slices.Clone(group), func(l *load) bool { return !l.doubled || l.given || l.closed })
	if len(some) == 0 {
		return nil
	}
	hauls, err := p.doubles(ctx, some)
	if err == nil && len(hauls) > 0 {
		err = p.dropDoubles(ctx, hauls)
	}
	if err != nil && !wire.KindOf(err).Answered() {
		return err
	}
	for _, l := range some {
		l.doubled = false
	}
	return nil
}

// doubles finds the keys that are on both sides.
func (p *pair) doubles(ctx context.Context, group []*load) (out []haul, err error) {
	var mine, theirs [][]int64
	err = together(
		func() (err error) { mine, err = p.j.countKeys(ctx, p.from, slotsIn(group)); return err },
		func() (err error) { theirs, err = p.j.countKeys(ctx, p.to, slotsIn(group)); return err })
	if err != nil {
		return nil, err
	}
	for i, l := range group {
		for db := range p.j.databases {
			lists, other, n := p.from, p.to, mine[i][db]
			if theirs[i][db] < n {
				lists, other, n = p.to, p.from, theirs[i][db]
			}
			if n == 0 {
				continue
			}
			answers, err := p.j.crew.all(ctx, lists, callTimeout, inDatabase(db, 1, func(int) []any {
				return []any{"CLUSTER", "GETKEYSINSLOT", int(l.slot), min(n+16, doublesListed)}
			})...)
			if err != nil {
				return nil, err
			}
			names, err := namesOf(answersIn(db, answers)[0].Value)
			if err != nil {
				return nil, err
			}
			h := haul{load: l, db: db}
			for part := range slices.Chunk(names, doublesAsked) {
				there, err := p.exist(ctx, other, haul{load: l, db: db, keys: part})
				if err != nil {
					return nil, err
				}
				h.keys = append(h.keys, those(part, there)...)
			}
			if len(h.keys) > 0 {
				out = append(out, h)
			}
		}
	}
	return out, nil
}

// dropDoubles removes the target's copies. It watches them from before it makes
// sure that the source has the key: one that a client removes there, and writes on
// the target, is not the copy any more, and stays.
func (p *pair) dropDoubles(ctx context.Context, hauls []haul) error {
	n, err := p.j.crew.node(p.to)
	if err != nil {
		return err
	}
	line, err := n.Line(ctx, callTimeout)
	if err != nil {
		return err
	}
	defer line.Close()
	for _, h := range hauls {
		for part := range slices.Chunk(h.keys, doublesRead) {
			done, err := p.dropWatched(ctx, line, haul{load: h.load, db: h.db, keys: part})
			if err == nil && !done {
				err = p.dropOneByOne(ctx, line, haul{load: h.load, db: h.db, keys: part})
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// dropOneByOne leaves alone what clients go on changing.
func (p *pair) dropOneByOne(ctx context.Context, line *wire.Line, h haul) error {
	for key := range slices.Chunk(h.keys, 1) {
		for range doublesTries {
			done, err := p.dropWatched(ctx, line, haul{load: h.load, db: h.db, keys: key})
			if err != nil {
				return err
			}
			if done {
				break
			}
		}
	}
	return nil
}

// dropWatched is false when one of the keys changed meanwhile, and none was
// removed.
func (p *pair) dropWatched(ctx context.Context, line *wire.Line, h haul) (done bool, err error) {
	cmds := [][]any{{"SELECT", h.db}}
	if p.j.databases == 1 {
		cmds = nil
	}
	first := len(cmds)
	for _, key := range h.keys {
		cmds = append(cmds, []any{"ASKING"}, []any{"WATCH", key}, []any{"ASKING"}, []any{"DUMP", key}, []any{"ASKING"}, []any{"PEXPIRETIME", key})
	}
	answers := line.Pipeline(cmds...)
	for _, a := range answers {
		if a.Err != nil {
			return false, a.Err
		}
	}
	copies := make([]value, len(h.keys))
	for i := range copies {
		copies[i] = asDumped(answers[first+6*i+3].Value, answers[first+6*i+5].Value)
	}
	owned, err := p.dumped(ctx, h)
	if err != nil {
		return false, err
	}
	drop := [][]any{{"ASKING"}, {"MULTI"}}
	for i, key := range h.keys {
		one := haul{load: h.load, db: h.db, keys: h.keys[i : i+1]}
		switch {
		case !copies[i].exists || !owned[i].exists:
			continue
		case copies[i].same(owned[i]):
		case p.derived(one):
			if err := p.j.save(p.to, one, copies[i]); err != nil {
				return false, err
			}
		default:
			continue
		}
		drop = append(drop, []any{"DEL", key})
	}
	if len(drop) == 2 {
		_, err := line.Do("UNWATCH")
		return true, err
	}
	answers = line.Pipeline(append(drop, []any{"EXEC"})...)
	last := answers[len(answers)-1]
	switch {
	case saying(last.Err, "TRYAGAIN", "EXECABORT"): // one has expired
		return false, nil
	case last.Err != nil || last.Value == nil:
		return false, last.Err
	}
	p.recount(h.load, int64(len(drop)-2))
	return true, nil
}

// recount notes keys of which the target has no copy any more: those that came by
// this job have to come once more, those that go home need not.
func (p *pair) recount(l *load, n int64) {
	switch {
	case l.ours:
		n = -n
	case !p.asking:
		return
	}
	p.j.note(func(b *board) {
		b.keys.Done += n
		if row := b.row(p.move); row != nil {
			row.Keys.Done += n
		}
	})
}

// dumped reads the owner's values, which sends a client away from a key that it
// does not have.
func (p *pair) dumped(ctx context.Context, h haul) ([]value, error) {
	answers, err := p.j.crew.call(ctx, p.from, callTimeout, inDatabase(h.db, 2*len(h.keys), func(i int) []any {
		return []any{[]string{"DUMP", "PEXPIRETIME"}[i%2], h.keys[i/2]}
	})...)
	if err != nil {
		return nil, err
	}
	answers = answersIn(h.db, answers)
	out := make([]value, len(h.keys))
	for i := range out {
		for _, a := range answers[2*i : 2*i+2] {
			if a.Err != nil && !saying(a.Err, "ASK ") {
				return nil, a.Err
			}
		}
		out[i] = asDumped(answers[2*i].Value, answers[2*i+1].Value)
	}
	return out, nil
}

func asDumped(text, expires any) (v value) {
	v.dump, v.exists = text.(string)
	if v.expires = -1; expires != nil {
		v.expires, _ = expires.(int64)
	}
	return v
}

// undoubleAll does that for open slots that were found, before the first of them
// is settled: the last one's turn may come much later.
func (j *Job) undoubleAll(ctx context.Context, todo []remedy) error {
	for i := range todo {
		r := &todo[i]
		for _, c := range r.steps {
			if c.Args[1] != "GETKEYSINSLOT" {
				continue
			}
			if err := j.undoubleSlot(ctx, r, c.Node); err != nil {
				return err
			}
		}
	}
	return nil
}

// undoubleSlot does that for one slot of which a node is to move the keys, as far
// as the nodes answer.
func (j *Job) undoubleSlot(ctx context.Context, r *remedy, from cluster.NodeID) error {
	if r.holder != "" || r.unowned {
		return nil
	}
	p := &pair{j: j, from: r.owner, to: from, move: &plan.Move{From: from, To: r.owner}, asking: true}
	if from == r.owner { // its keys go to the target
		p.to, p.asking = r.to, false
	}
	if p.to != "" && p.to != p.from {
		_ = p.undouble(ctx, []*load{{slot: r.slot, opened: true, doubled: true}}) // MIGRATE meets what it could not remove
	}
	return ctx.Err()
}
