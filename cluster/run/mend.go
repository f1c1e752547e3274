package run

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"slotdeck/cluster"
)

// mend deals with MIGRATEs that failed: keys that are on both sides are
// compared, and what the operator has to decide is asked. What stays an error is
// returned.
func (p *pair) mend(ctx context.Context, t target, failed []failure) (moved int, err error) {
	for _, f := range failed {
		switch {
		case saying(f.err, "BUSYKEY"):
			n, err := p.untangle(ctx, t, f.haul)
			moved += n
			if err != nil {
				return moved, err
			}
		case full(f.err):
			return moved, fmt.Errorf("%s has no memory for more keys (slot %d): raise maxmemory there, or move less: %w", p.j.crew.name(p.to), f.haul.load.slot, f.err)
		default:
			err = errors.Join(err, f.err)
		}
		if f.haul.load.skipped {
			return moved, nil
		}
	}
	return moved, err
}

// remember notes what the target may have got of MIGRATEs that it did not answer.
func (p *pair) remember(ctx context.Context, failed []failure) {
	for _, f := range failed {
		if saying(f.err, "IOERR") {
			p.tear([]haul{f.haul})
			p.expectEcho(ctx, f)
			p.patient = true
		}
	}
}

// untangle settles the keys of a haul that exist on both sides.
func (p *pair) untangle(ctx context.Context, t target, h haul) (moved int, err error) {
	var here, there []bool
	err = together(
		func() (err error) { here, err = p.exist(ctx, p.from, h); return err },
		func() (err error) { there, err = p.exist(ctx, p.to, h); return err })
	if err != nil {
		return 0, err
	}
	for i, key := range h.keys {
		if !here[i] || !there[i] {
			continue // it moved, or will with the next call
		}
		one := haul{load: h.load, db: h.db, keys: []string{key}}
		if h.sizes != nil {
			one.sizes = h.sizes[i : i+1]
		}
		done, err := p.settleKey(ctx, t, one)
		if err != nil {
			return moved, err
		}
		if !done {
			return moved, nil
		}
		moved++
	}
	return moved, nil
}

// exist asks which keys exist. A node that imports the slot shows them after
// ASKING only; the owner does not mind it.
func (p *pair) exist(ctx context.Context, id cluster.NodeID, h haul) ([]bool, error) {
	answers, err := p.j.crew.call(ctx, id, callTimeout, inDatabase(h.db, 2*len(h.keys), func(i int) []any {
		if i%2 == 0 {
			return []any{"ASKING"}
		}
		return []any{"EXISTS", h.keys[i/2]}
	})...)
	if err != nil {
		return nil, err
	}
	answers = answersIn(h.db, answers)
	out := make([]bool, len(h.keys))
	for i := range out {
		a := answers[2*i+1]
		if a.Err != nil && !saying(a.Err, "ASK ") {
			return nil, a.Err
		}
		out[i] = a.Value == any(int64(1))
	}
	return out, nil
}

// settleKey decides between the two values of a key, and leaves it on the target
// only. It is false when the slot is left out.
func (p *pair) settleKey(ctx context.Context, t target, one haul) (done bool, err error) {
	mine, theirs, err := p.values(ctx, one)
	if err != nil {
		return false, err
	}
	if !mine.exists || !theirs.exists {
		return true, nil
	}
	if p.homing {
		return p.settleAtHome(ctx, t, one, mine, theirs)
	}
	choice := TakeSource
	if mine.same(theirs) {
		return true, p.overwrite(ctx, t, one)
	}
	if !p.derived(one) {
		choice = p.j.ask(ctx, p.conflict(one, mine, theirs), p.j.opts.Unattended)
		if err := ctx.Err(); err != nil { // nobody has chosen
			return false, err
		}
		// Clients may have written while the question waited: what is saved has to
		// be what is lost.
		if mine, theirs, err = p.values(ctx, one); err != nil {
			return false, err
		}
		if choice != Skip && choice != Stop && (!mine.exists || !theirs.exists) {
			return true, nil
		}
	}
	switch choice {
	case TakeSource:
		if err := p.j.save(p.to, one, theirs); err != nil {
			return false, err
		}
		return true, p.overwrite(ctx, t, one)
	case TakeTarget:
		if err := p.j.save(p.from, one, mine); err != nil {
			return false, err
		}
		return true, p.dismiss(ctx, one)
	case Stop:
		p.j.StopAtBoundary()
	}
	one.load.skipped = true
	return false, nil
}

// values reads a key on both sides.
func (p *pair) values(ctx context.Context, one haul) (mine, theirs value, err error) {
	err = together(
		func() (err error) { mine, err = p.j.valueOf(ctx, p.from, one.db, one.keys[0]); return err },
		func() (err error) { theirs, err = p.j.valueOf(ctx, p.to, one.db, one.keys[0]); return err })
	return mine, theirs, err
}

// dismiss removes a key from the source of this pair that need not go, because
// the other side has it. It has left then, as those have that were moved; only
// what a job brings back by itself was never counted as having come.
func (p *pair) dismiss(ctx context.Context, one haul) error {
	err := p.drop(ctx, one)
	if err == nil && (p.asking || !p.homing) {
		p.j.carried(p, &one)
	}
	return err
}

// drop removes a key from the source of this pair.
func (p *pair) drop(ctx context.Context, one haul) error {
	_, err := p.j.crew.all(ctx, p.from, callTimeout, inDatabase(one.db, 2, func(i int) []any { return [][]any{{"ASKING"}, {"DEL", one.keys[0]}}[i] })...)
	if saying(err, "ASK ") { // it expired meanwhile
		err = nil
	}
	return err
}

// overwrite moves a key over the one of the same name.
func (p *pair) overwrite(ctx context.Context, t target, one haul) error {
	cmd := t.migrate(one.db, p.timeoutFor(one.sizes), true, one.keys)
	_, err := p.j.crew.all(ctx, p.from, callTimeout+p.timeoutFor(one.sizes), inDatabase(one.db, 1, func(int) []any { return cmd })...)
	if err == nil {
		p.j.carried(p, &one)
	}
	return err
}

func (p *pair) conflict(one haul, mine, theirs value) Question {
	from, to := p.j.crew.name(p.from), p.j.crew.name(p.to)
	return Question{
		Kind: Conflict, Slot: one.load.slot, Default: Skip,
		Text:    p.twoValues(one),
		Details: []string{from + ": " + mine.text(), to + ": " + theirs.text()},
		Choices: []Choice{
			{Skip, "the slot stays with " + from + ", and its keys come back there; what " + to + " holds of this key stays there, unseen"},
			{TakeSource, "the value of " + from + " stays, which is what clients see now; the other is saved to a file first"},
			{TakeTarget, "the value of " + to + " stays; the one of " + from + " is saved to a file first"},
			{Stop, "the slot stays with " + from + ", and the job ends here"},
		},
	}
}

func (p *pair) twoValues(one haul) string {
	key := plain(strings.ToValidUTF8(one.keys[0], "?"))
	in := ""
	if p.j.databases > 1 {
		in = fmt.Sprintf(" in database %d", one.db)
	}
	return fmt.Sprintf("the key %q%s (slot %d) has one value on %s and another on %s; only one can stay", key, in, one.load.slot, p.j.crew.name(p.from), p.j.crew.name(p.to))
}
