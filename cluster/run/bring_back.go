package run

import (
	"context"
	"fmt"
	"strconv"

	"slotdeck/keyslot"
)

// target is where MIGRATE sends keys: the address by which the source knows the
// target.
func (p *pair) target() (target, error) {
	host := p.toAddr.IP
	if host == "" {
		host = p.toAddr.Hostname
	}
	if host == "" || p.toAddr.Port == 0 {
		return target{}, fmt.Errorf("%s does not know where %s lives, so that it can send it no keys", p.j.crew.name(p.from), p.j.crew.name(p.to))
	}
	return target{host: host, port: strconv.Itoa(p.toAddr.Port), login: p.j.login}, nil
}

// bringBack undoes slots in hand: the owner is closed first, because it would
// send clients away from keys that come back; then the keys come home, and the
// target is closed. A slot that the source does not own is left alone.
func (p *pair) bringBack(ctx context.Context, group []*load) error {
	f, err := p.look(ctx)
	if err != nil {
		return err
	}
	if err := p.roles(&f); err != nil {
		return err
	}
	var mine []*load
	var strange keyslot.Set
	for _, l := range group {
		switch {
		case f.toOwn.Has(l.slot):
			p.moved(l)
		case f.fromOwn.Has(l.slot):
			mine = append(mine, l)
		default:
			strange.Add(l.slot)
		}
	}
	stable := each(mine, func(l *load) []any { return setSlot(l.slot, "STABLE") })
	if err := p.setSlots(ctx, p.from, stable); err != nil {
		return err
	}
	back := &pair{j: p.j, move: p.move, from: p.to, to: p.from, toAddr: p.fromAddr, fromAddr: p.toAddr, pace: p.pace, torn: p.torn, homing: true}
	if err := back.home(ctx, mine); err != nil {
		return err
	}
	if err := p.setSlots(ctx, p.to, stable); err != nil {
		return err
	}
	if back.kept > 0 {
		p.j.remains(fmt.Sprintf("%s still holds %s of slots that went back to %s, with other values than there; they are saved in a file, and have to be removed before these slots move again",
			p.j.crew.name(p.to), count(back.kept, "key"), p.j.crew.name(p.from)))
	}
	if !strange.Empty() {
		return &Changed{Slots: strange, Text: fmt.Sprintf("%s is no longer with %s, and was left as it is", someSlots(strange), p.j.crew.name(p.from))}
	}
	return nil
}

// home moves keys until the source of this pair, which does not own the slots,
// holds none but those that were kept back or were its own before.
func (p *pair) home(ctx context.Context, group []*load) error {
	stuck := 0
	for {
		counts, err := p.j.countKeys(ctx, p.from, slotsIn(group))
		if err != nil {
			return err
		}
		var full []*load
		for i, l := range group {
			back := *l
			back.keys = counts[i]
			if back.left = back.sum(); back.left > 0 && !l.stray {
				full = append(full, &back)
			}
		}
		if len(full) == 0 {
			return nil
		}
		p.kept = 0
		moved, err := p.moveKeys(ctx, full)
		if err != nil {
			return err
		}
		if moved > p.kept {
			stuck = 0
		} else if p.kept > 0 {
			return nil
		} else if stuck++; stuck > 20 {
			return fmt.Errorf("%s keeps keys of %s that cannot be moved back to %s", p.j.crew.name(p.from), someSlots(slotsOf(full)), p.j.crew.name(p.to))
		}
	}
}

// flush removes a target's stray keys of one slot, each after it was saved.
func (p *pair) flush(ctx context.Context, l *load) error {
	for {
		counts, err := p.j.countKeys(ctx, p.to, []keyslot.Slot{l.slot})
		if err != nil {
			return err
		}
		var left int64
		for db, n := range counts[0] {
			if left += n; n == 0 {
				continue
			}
			if err := p.flushDatabase(ctx, l, db); err != nil {
				return err
			}
		}
		if left == 0 {
			return nil
		}
	}
}

func (p *pair) flushDatabase(ctx context.Context, l *load, db int) error {
	answers, err := p.j.crew.all(ctx, p.to, callTimeout, inDatabase(db, 1, func(int) []any { return []any{"CLUSTER", "GETKEYSINSLOT", int(l.slot), 100} })...)
	if err != nil {
		return err
	}
	names, err := namesOf(answersIn(db, answers)[0].Value)
	if err != nil {
		return err
	}
	for _, key := range names {
		one := haul{load: l, db: db, keys: []string{key}}
		v, err := p.j.valueOf(ctx, p.to, db, key)
		if err != nil {
			return err
		}
		if v.exists {
			if err := p.j.save(p.to, one, v); err != nil {
				return err
			}
		}
		if _, err := p.j.crew.all(ctx, p.to, callTimeout, inDatabase(db, 2, func(i int) []any { return [][]any{{"ASKING"}, {"DEL", key}}[i] })...); err != nil {
			return err
		}
	}
	return nil
}
