package run

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// StartRecovery settles open slots that Find found, each in the way that was
// chosen; slots that ways does not name are left as they are. The cluster is read
// again first, and a slot about which anything changed is refused.
func StartRecovery(ctx context.Context, c Cluster, f Found, ways map[keyslot.Slot]plan.Way, o Options) (*Job, error) {
	j := newJob(c, plan.Plan{Title: "settle " + count(len(ways), "open slot")}, o)
	ctx = wire.Under(ctx, j.id)
	todo, err := j.prepareRecovery(ctx, f, ways)
	if err != nil {
		j.discard()
		return nil, err
	}
	spawn.Go(func() { j.run(ctx, func(work context.Context) error { return j.recover(ctx, work, todo) }) })
	return j, nil
}

// remedy is one open slot and the commands that settle it.
type remedy struct {
	slot  keyslot.Slot
	owner cluster.NodeID
	to    cluster.NodeID
	// holder has keys of the slot though it is not open; empty for open slots.
	holder  cluster.NodeID
	unowned bool // nobody owns the slot: it is given to whom the steps say
	way     plan.Way
	steps   []plan.Command
	flow    plan.Move // between which two it is shown; of no length
}

func (j *Job) prepareRecovery(ctx context.Context, f Found, ways map[keyslot.Slot]plan.Way) ([]remedy, error) {
	if err := j.openState(); err != nil {
		return nil, err
	}
	now, err := j.find(ctx)
	if err != nil {
		return nil, err
	}
	j.meet(now.Snapshot)
	var todo []remedy
	j.want = map[keyslot.Slot]cluster.NodeID{}
	for _, r := range now.Open {
		j.inherited.Add(r.Slot)
		way, ok := ways[r.Slot]
		if !ok || way == plan.Leave {
			continue
		}
		was := slices.IndexFunc(f.Open, func(x plan.Recovery) bool { return x.Slot == r.Slot })
		if was < 0 || f.Open[was].Owner != r.Owner || f.Open[was].To != r.To || f.Open[was].Holder != r.Holder || f.Open[was].Unowned != r.Unowned {
			return nil, &Changed{Slots: keyslot.SetOf(keyslot.Range{First: r.Slot, Last: r.Slot}), Text: fmt.Sprintf("slot %d is not as it was found any more: %s; look again", r.Slot, r.Text)}
		}
		o := r.Option(way)
		if !o.Possible {
			return nil, refuse(r.Owner, nil, "slot %d: %s", r.Slot, o.Text)
		}
		x := remedy{slot: r.Slot, owner: r.Owner, to: r.To, holder: r.Holder, unowned: r.Unowned, way: way, steps: o.Commands, flow: plan.Move{From: r.Owner, To: r.To}}
		j.expect(&x, now.Keys[r.Slot])
		todo = append(todo, x)
		if j.want[r.Slot] = r.Owner; r.Unowned {
			j.want[r.Slot] = r.To
		}
		j.recovered.Add(r.Slot)
	}
	if err := j.stayOpen(now, todo); err != nil {
		return nil, err
	}
	return todo, j.ready(ctx, now, todo)
}

// ready reads what has to be known of the nodes that take part, and begins to
// be the one that moves.
func (j *Job) ready(ctx context.Context, now Found, todo []remedy) (err error) {
	nodes := map[cluster.NodeID]bool{}
	for i := range todo {
		for _, c := range todo[i].steps {
			nodes[c.Node] = true
		}
	}
	for id := range nodes {
		j.plan.Nodes = append(j.plan.Nodes, plan.Node{ID: id})
		j.board.order = append(j.board.order, id)
	}
	if err := j.readSettings(ctx); err != nil {
		return err
	}
	j.board.slots.Total = int64(len(todo))
	j.useDriver(plan.Legacy, "open slots are settled by SETSLOT and MIGRATE")
	if len(nodes) > 0 {
		if err := j.loginFor(ctx, nodes); err != nil {
			return err
		}
	}
	if now.Checkpoint != nil {
		j.raised, j.raisedTo = now.Checkpoint.Raised, now.Checkpoint.RaisedTo
		if !now.Checkpoint.outdated(now.Snapshot) {
			j.resumed, j.given = now.Checkpoint, len(now.Given()) > 0
		}
	}
	j.lease, err = j.claim(ctx, j.primaries)
	return err
}

// stayOpen tells which open slots are left as they are. It is an error when that
// is all of them.
func (j *Job) stayOpen(now Found, todo []remedy) error {
	var left keyslot.Set
	for _, r := range now.Open {
		if r.Holder == "" && !r.Unowned {
			left.Add(r.Slot)
		}
	}
	for i := range todo {
		left.Remove(todo[i].slot)
	}
	if left.Empty() {
		if len(todo) == 0 {
			return refuse("", nil, "there is nothing to do, as was chosen")
		}
		return nil
	}
	text := fmt.Sprintf("%s (%s) %s open, as was chosen", count(left.Len(), "slot"), someSlots(left), either(left.Len(), "stays", "stay"))
	if len(todo) == 0 {
		return refuse("", nil, "there is nothing to do: %s; finish them or roll them back", text)
	}
	j.remains(text)
	return nil
}

// expect adds a slot, and the keys that were counted of it, to the totals, each
// between the two nodes that its keys go between.
func (j *Job) expect(r *remedy, keys map[cluster.NodeID]int64) {
	first := true
	for i, c := range r.steps {
		if c.Args[1] != "GETKEYSINSLOT" {
			continue
		}
		to := r.owner
		if r.steps[i+1].Args[0] == "MIGRATE" {
			to = keysGoTo(r.steps, i)
		}
		flow := plan.Move{From: c.Node, To: to}
		if first {
			r.flow, first = flow, false
		}
		j.board.keys.Total += keys[c.Node]
		j.board.pair(&flow).Keys.Total += keys[c.Node]
	}
	if r.flow.From != "" && r.flow.To != "" {
		j.board.pair(&r.flow).Slots.Total++
	}
}

// keysGoTo is where the keys go that a step lists: the MIGRATE after it says.
func keysGoTo(steps []plan.Command, i int) cluster.NodeID {
	return steps[i+1].To
}

// settled notes a slot that is not open any more. What was given away was
// counted when that happened.
func (j *Job) settled(r remedy, l *load) {
	j.note(func(b *board) {
		delete(b.flight, r.slot)
		b.keys.Total = max(b.keys.Total, b.keys.Done) // keys may have come since they were counted
		row := b.row(&r.flow)
		if !l.given {
			b.slots.Done++
			if row != nil {
				row.Slots.Done++
			}
		}
		if row != nil && row.Slots.Done == row.Slots.Total {
			row.State = PairDone
		}
		switch {
		case r.way == plan.RollBack:
			j.back.Add(r.slot)
		case r.unowned:
			j.done.Add(r.slot)
		}
	})
	j.inherited.Remove(r.slot)
}

// begun shows that the pair of a slot is at work.
func (j *Job) begun(r remedy) {
	j.note(func(b *board) {
		if row := b.row(&r.flow); row != nil {
			row.State = PairMoving
		}
	})
}

// unsettled notes a slot that stays open.
func (j *Job) unsettled(r remedy) {
	j.leftOpen(r.slot)
	j.note(func(b *board) {
		if row := b.row(&r.flow); row != nil {
			row.State = PairStopped
		}
	})
}

// recover settles one slot after the other.
func (j *Job) recover(ctx, work context.Context, todo []remedy) error {
	for _, prepare := range []func(context.Context, []remedy) error{j.adoptAll, j.informAll} {
		if err := prepare(work, todo); err != nil {
			for _, r := range todo {
				j.unsettled(r)
			}
			return err
		}
	}
	if err := j.straysQuiet(work, todo); err != nil {
		return err
	}
	if err := j.undoubleAll(work, todo); err != nil {
		return err
	}
	var failed []error
	for _, r := range todo {
		if err := j.boundary(ctx); err != nil {
			return err
		}
		if err := j.alone(work); err != nil {
			return err
		}
		l := &load{slot: r.slot, opened: true}
		j.begun(r)
		if err := j.settleSlot(work, r, l); err != nil {
			if r.holder == "" || !j.closeStray(work, &r) {
				j.unsettled(r)
			}
			failed = append(failed, fmt.Errorf("slot %d: %w", r.slot, err))
			var changed *Changed
			if errors.As(err, &changed) || len(failed) > 3 {
				break
			}
			continue
		}
		j.settled(r, l)
	}
	return errors.Join(failed...)
}

// settleSlot carries out what the plan shows: SETSLOT as written, keys by the
// mover, and ownership only after the count. The owner of a slot whose keys come
// home is closed only when the first of them are ready to come.
func (j *Job) settleSlot(ctx context.Context, r remedy, l *load) error {
	if r.holder != "" {
		p := &pair{j: j, from: r.holder, to: r.owner}
		if err := p.straysSound(ctx, r.slot); err != nil {
			return err
		}
	}
	var closing []*load
	for i := 0; i < len(r.steps); i++ {
		c := r.steps[i]
		p := &pair{j: j, move: &plan.Move{From: r.owner, To: r.to}, from: c.Node, pace: newPace(j.opts.KeysPerCall)}
		switch verb := c.Args[1]; {
		case r.informs(c), r.adopts(c): // done before
		case verb == "SETSLOT" && c.Args[3] == "NODE":
			// The whole handing over: to the target first, then to the source.
			p.from, p.to = r.owner, r.to
			return p.persevere(ctx, func() error { return p.handOver(ctx, l) })
		case verb == "SETSLOT":
			args := make([]any, len(c.Args))
			for k, a := range c.Args {
				args[k] = a
			}
			if c.Node == r.owner && c.Args[3] == "STABLE" && r.bringsHome(i) {
				closing = []*load{l}
				continue
			}
			p.to = c.Node
			if err := p.persevere(ctx, func() error { return p.setSlots(ctx, c.Node, [][]any{args}) }); err != nil {
				return err
			}
		case verb == "GETKEYSINSLOT":
			if r.steps[i+1].Args[0] == "DEL" {
				p.to, p.move = r.owner, &r.flow
				if err := p.persevere(ctx, func() error { return p.removeStrays(ctx, l) }); err != nil {
					return err
				}
				i++
				continue
			}
			p.closing, closing = closing, nil
			if err := p.persevere(ctx, func() error { return j.settleKeys(ctx, r, l, p, i) }); err != nil {
				p.reopen(ctx)
				return err
			}
			i += 2 // MIGRATE and the count belong to it
		case verb == "COUNTKEYSINSLOT":
			counts, err := j.countKeys(ctx, c.Node, []keyslot.Slot{r.slot})
			if err != nil {
				return err
			}
			for _, n := range counts[0] {
				if n > 0 {
					return fmt.Errorf("%s holds keys of it now that it did not hold before; look again", j.crew.name(c.Node))
				}
			}
		default:
			return fmt.Errorf("the command %s is not known here", plain(c.Text()))
		}
	}
	return nil
}

// bringsHome reports whether keys come to the owner after a step.
func (r *remedy) bringsHome(step int) bool {
	return slices.ContainsFunc(r.steps[step:], func(c plan.Command) bool { return c.Args[1] == "GETKEYSINSLOT" && c.Node != r.owner })
}

// settleKeys moves the keys that a step lists to where the next step says.
func (j *Job) settleKeys(ctx context.Context, r remedy, l *load, p *pair, step int) error {
	to := keysGoTo(r.steps, step)
	p.move = &plan.Move{From: p.from, To: to}
	if p.to = to; p.to == p.from {
		return fmt.Errorf("its keys would go to where they are")
	}
	if _, err := p.look(ctx); err != nil {
		return err
	}
	j.step(MovingKeys, p.from, p.to, []*load{l})
	if err := j.undoubleSlot(ctx, &r, p.from); err != nil { // the target may have been closed before
		return err
	}
	if p.to == r.owner {
		p.homing, p.asking = true, true
		return p.home(ctx, []*load{l})
	}
	if err := p.silence(ctx); err != nil {
		return err
	}
	if err := p.empty(ctx, []*load{l}); err != nil {
		return err
	}
	if l.skipped {
		return errLeftOpen
	}
	return nil
}
