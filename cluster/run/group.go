package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

const (
	// groupTime is how long the keys of one group of slots may take: a stop is
	// heard between groups.
	groupTime = 300 * time.Millisecond
	mostSlots = 256
	// broadcasts bounds how many times nodes are told of a new owner in one go:
	// a target tells every node of every slot.
	broadcasts = 6000
)

// next takes the slots off that are carried together.
func (p *pair) next() []*load {
	w, _ := p.j.wanted()
	most := min(mostSlots, max(16, broadcasts/max(1, p.j.nodes)))
	var keys int64
	n := 0
	for n < len(p.rest) && n < most {
		if keys += p.rest[n].sum(); n > 0 && p.pace.takes(keys, w.throttle) > groupTime {
			break
		}
		n++
	}
	g := p.rest[:n]
	p.rest = p.rest[n:]
	return g
}

// carry moves a group from the first command to the last. It may be called again
// after an error that passes: what was done is found done.
func (p *pair) carry(ctx context.Context, group []*load) error {
	f, err := p.stand(ctx, group)
	if err != nil {
		return err
	}
	if group = p.pending(group, &f); len(group) == 0 {
		return nil
	}
	p.j.step(Opening, p.from, p.to, group)
	if err := p.open(ctx, group, &f); err != nil {
		return err
	}
	if group = p.staying(ctx, group); len(group) == 0 {
		return nil
	}
	p.j.step(MovingKeys, p.from, p.to, group)
	if err := p.empty(ctx, group); err != nil {
		return err
	}
	if group = p.staying(ctx, group); len(group) == 0 {
		return nil
	}
	return p.hand(ctx, group)
}

// pending leaves out what the target owns already, and what was skipped.
func (p *pair) pending(group []*load, f *footing) []*load {
	var out []*load
	for _, l := range group {
		if f.toOwn.Has(l.slot) {
			p.moved(l)
		} else if !l.skipped {
			out = append(out, l)
		}
	}
	return out
}

// staying closes the slots that were skipped since they were opened, and leaves
// them out.
func (p *pair) staying(ctx context.Context, group []*load) []*load {
	var skipped, out []*load
	for _, l := range group {
		if l.skipped {
			skipped = append(skipped, l)
		} else {
			out = append(out, l)
		}
	}
	if len(skipped) > 0 {
		if err := p.bringBack(ctx, skipped); err != nil {
			p.j.complain(err)
		}
		p.j.step(Moved, p.from, p.to, skipped)
	}
	return out
}

func setSlot(slot keyslot.Slot, how ...any) []any {
	return append([]any{"CLUSTER", "SETSLOT", int(slot)}, how...)
}

func each(group []*load, command func(l *load) []any) [][]any {
	cmds := make([][]any, len(group))
	for i, l := range group {
		cmds[i] = command(l)
	}
	return cmds
}

// open sets the slots to importing on the target, looks that it holds nothing of
// them, and sets them to migrating on the source. Slots that are open already
// are left so.
func (p *pair) open(ctx context.Context, group []*load, f *footing) error {
	importing, migrating := openOn(f.toSelf, true, p.from), openOn(f.fromSelf, false, p.to)
	var closedTo, closedFrom []*load
	for _, l := range group {
		if !importing.Has(l.slot) {
			closedTo = append(closedTo, l)
		}
		if !migrating.Has(l.slot) {
			closedFrom = append(closedFrom, l)
		}
	}
	if err := p.setSlots(ctx, p.to, each(closedTo, func(l *load) []any { return setSlot(l.slot, "IMPORTING", string(p.from)) })); err != nil {
		return err
	}
	if err := p.strays(ctx, closedTo); err != nil {
		return err
	}
	closedFrom = slices.DeleteFunc(closedFrom, func(l *load) bool { return l.skipped })
	for _, l := range group {
		l.opened = true
	}
	return p.setSlots(ctx, p.from, each(closedFrom, func(l *load) []any { return setSlot(l.slot, "MIGRATING", string(p.to)) }))
}

func openOn(self cluster.Member, importing bool, peer cluster.NodeID) (set keyslot.Set) {
	for _, o := range self.Open {
		if o.Importing == importing && o.Peer == peer {
			set.Add(o.Slot)
		}
	}
	return set
}

// setSlots sends SETSLOTs in one round trip. Valkey answers NOREPLICAS when a
// replica did not take one in time; then the replica may show it and the
// primary not, which only sending it again puts right.
func (p *pair) setSlots(ctx context.Context, id cluster.NodeID, cmds [][]any) error {
	for try := 0; len(cmds) > 0; try++ {
		answers, err := p.j.crew.sendSlots(ctx, id, callTimeout+time.Duration(len(cmds))*5*time.Millisecond, cmds)
		if err != nil {
			return err
		}
		var again [][]any
		for i, a := range answers {
			switch {
			case a.Err == nil:
			case saying(a.Err, "NOREPLICAS") && try < 3:
				again = append(again, cmds[i])
			default:
				return a.Err
			}
		}
		if len(again) > 0 {
			p.j.say(Settling, fmt.Sprintf("%s waits for a replica that does not take part; trying again", p.j.crew.name(id)))
		}
		cmds = again
	}
	return nil
}

// strays looks for keys that the target holds in slots it is only about to
// import. They are not the source's: moved among them they would come to life
// again.
func (p *pair) strays(ctx context.Context, group []*load) error {
	var fresh []*load
	for _, l := range group {
		if !l.opened {
			fresh = append(fresh, l)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	counts, err := p.j.countKeys(ctx, p.to, slotsIn(fresh))
	if err != nil {
		return err
	}
	for i, l := range fresh {
		var n int64
		for _, k := range counts[i] {
			n += k
		}
		if n > 0 {
			if err := p.askStray(ctx, l, n); err != nil {
				return err
			}
		}
	}
	return nil
}

func slotsIn(group []*load) []keyslot.Slot {
	out := make([]keyslot.Slot, len(group))
	for i, l := range group {
		out[i] = l.slot
	}
	return out
}

func (p *pair) askStray(ctx context.Context, l *load, n int64) error {
	to := p.j.crew.name(p.to)
	choice := p.j.ask(ctx, Question{Kind: StrayKeys, Slot: l.slot, Default: Skip,
		Text: fmt.Sprintf("%s holds %s of slot %d, which it does not own: an earlier move left them; moved there, the slot would show them again", to, count(n, "key"), l.slot),
		Choices: []Choice{
			{Skip, "the slot stays where it is, and those keys where they are"},
			{Flush, fmt.Sprintf("those keys are removed from %s (saved first), then the slot moves", to)},
			{Anyway, "the slot moves; of keys that are on both sides the values are compared, the others come to life again"},
			{Stop, "the job ends here, with nothing open"},
		}}, p.j.opts.Unattended)
	switch choice {
	case Skip:
		l.skipped, l.opened, l.stray = true, true, true
		return nil
	case Stop:
		p.j.StopAtBoundary()
		l.skipped, l.opened, l.stray = true, true, true
		return nil
	case Flush:
		return p.flush(ctx, l)
	}
	return nil
}

// countKeys counts the keys of slots on a node, in every database:
// counts[i][db].
func (j *Job) countKeys(ctx context.Context, id cluster.NodeID, slots []keyslot.Slot) ([][]int64, error) {
	counts := make([][]int64, len(slots))
	for i := range counts {
		counts[i] = make([]int64, j.databases)
	}
	for from := 0; from < len(slots); from += 1024 {
		part := slots[from:min(len(slots), from+1024)]
		for db := range j.databases {
			cmds := inDatabase(db, len(part), func(i int) []any { return []any{"CLUSTER", "COUNTKEYSINSLOT", int(part[i])} })
			answers, err := j.crew.all(ctx, id, callTimeout, cmds...)
			if err != nil {
				return nil, err
			}
			for i, a := range answersIn(db, answers) {
				n, ok := a.Value.(int64)
				if !ok || n < 0 {
					return nil, fmt.Errorf("%s does not count the keys of slot %d in a way that is understood", j.crew.name(id), part[i])
				}
				counts[from+i][db] = n
			}
		}
	}
	return counts, nil
}

// inDatabase puts commands between SELECTs, where the database is not the first:
// a connection is always left in the first.
func inDatabase(db, n int, command func(i int) []any) [][]any {
	var cmds [][]any
	if db > 0 {
		cmds = append(cmds, []any{"SELECT", db})
	}
	for i := range n {
		cmds = append(cmds, command(i))
	}
	if db > 0 {
		cmds = append(cmds, []any{"SELECT", 0})
	}
	return cmds
}

func answersIn(db int, answers []wire.Answer) []wire.Answer {
	if db > 0 {
		return answers[1 : len(answers)-1]
	}
	return answers
}

// empty moves keys until the source, asked again, holds none.
func (p *pair) empty(ctx context.Context, group []*load) error {
	stuck := 0
	for round := 0; ; round++ {
		counts, err := p.j.countKeys(ctx, p.from, slotsIn(group))
		if err != nil {
			return err
		}
		var full []*load
		var before int64
		for i, l := range group {
			l.keys = counts[i]
			l.left = l.sum()
			if l.left > 0 && !l.skipped {
				full = append(full, l)
				before += l.left
			}
		}
		if len(full) == 0 {
			return nil
		}
		moved, err := p.moveKeys(ctx, full)
		if err != nil {
			return err
		}
		if moved == 0 {
			if stuck++; stuck > 20 {
				return fmt.Errorf("%s keeps %s in %s (%s) that cannot be moved; look at them with CLUSTER GETKEYSINSLOT",
					p.j.crew.name(p.from), count(before, "key"), count(len(full), "slot"), someSlots(slotsOf(full)))
			}
			if err := pause(ctx, 10*time.Millisecond); err != nil {
				return err
			}
		} else {
			stuck = 0
		}
	}
}

// hand gives the slots to the target: after the source, asked now, is still the
// primary that migrates them and holds no key of them; to the target first, for
// else nobody would own them in between; then to the source; and to the others,
// who would also hear of it, at the same time.
func (p *pair) hand(ctx context.Context, group []*load) error {
	p.j.step(Counting, p.from, p.to, group)
	if err := p.j.durable(ctx, p.to); err != nil {
		return err
	}
	// A process that was stopped between asking and acting would act on an old
	// answer: then it asks again.
	const fresh = 400 * time.Millisecond
	var asked time.Time
	for try := 0; ; try++ {
		asked = time.Now()
		if err := p.ready(ctx, group); err != nil {
			return err
		}
		if time.Since(asked) < fresh {
			break
		}
		if try == 20 {
			return fmt.Errorf("%s and %s answer too slowly to give slots away safely (%v); try again when they are less busy", p.j.crew.name(p.from), p.j.crew.name(p.to), time.Since(asked).Round(time.Millisecond))
		}
	}
	p.j.step(GivingAway, p.from, p.to, group)
	give := each(group, func(l *load) []any { return setSlot(l.slot, "NODE", string(p.to)) })
	if err := p.setSlots(ctx, p.to, give); err != nil {
		return err
	}
	for _, l := range group {
		p.moved(l)
	}
	p.j.tellOthers(ctx, p.from, p.to, give)
	err := p.setSlots(ctx, p.from, give)
	if err == nil || saying(err, "use SETSLOT only with") {
		return nil // emptied, it has become a replica of the target by itself
	}
	if passing(err) {
		return nil // the target owns the slots, and tells everybody
	}
	return err
}

// ready is the last look before ownership changes.
func (p *pair) ready(ctx context.Context, group []*load) error {
	var f footing
	var counts []wire.Answer
	err := both(func() error {
		cmds := [][]any{{"CLUSTER", "NODES"}}
		for db := range p.j.databases {
			cmds = append(cmds, inDatabase(db, len(group), func(i int) []any { return []any{"CLUSTER", "COUNTKEYSINSLOT", int(group[i].slot)} })...)
		}
		answers, err := p.j.crew.all(ctx, p.from, callTimeout, cmds...)
		if err != nil {
			return err
		}
		counts = answers[1:]
		f.from, err = viewOf(answers[0].Value)
		return err
	}, func() (err error) {
		f.to, err = p.j.crew.view(ctx, p.to)
		return err
	})
	if err != nil {
		return err
	}
	f.read(p)
	if err := p.roles(&f); err != nil {
		return err
	}
	if err := p.unchanged(&f, group); err != nil {
		return err
	}
	if !p.informed(&f) {
		return errNotInformed
	}
	migrating, importing := openOn(f.fromSelf, false, p.to), openOn(f.toSelf, true, p.from)
	for _, l := range group {
		if !migrating.Has(l.slot) || !importing.Has(l.slot) {
			return &roleChange{fmt.Sprintf("slot %d is not open any more", l.slot)}
		}
	}
	for _, a := range counts {
		if n, is := a.Value.(int64); is && n != 0 {
			return errKeysAgain
		}
	}
	return nil
}

var (
	errNotInformed = errors.New("the target has not heard of the source's epoch yet")
	errKeysAgain   = errors.New("the source holds keys again")
)

// moved notes that the target owns a slot.
func (p *pair) moved(l *load) {
	if l.given {
		return
	}
	l.given = true
	p.fromOwn.Remove(l.slot)
	p.toOwn.Add(l.slot)
	p.j.gave(p, l)
}

// tellOthers tells the other primaries who owns the slots. Nobody waits for
// them; they would hear of it anyway.
func (j *Job) tellOthers(ctx context.Context, from, to cluster.NodeID, give [][]any) {
	for _, id := range j.others(from, to) {
		j.telling.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			if _, err := j.crew.call(ctx, id, time.Second, give...); err != nil {
				j.mute(id)
			}
		})
	}
}

// unknownCommand reports whether a node lacks a command, or the user the right
// to it.
func unknownCommand(err error) bool {
	text := strings.ToLower(said(err))
	return strings.Contains(text, "unknown") || strings.HasPrefix(text, "noperm")
}
