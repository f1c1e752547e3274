package run

import (
	"context"
	"fmt"
	"slices"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// straysSound looks once more that a slot belongs to its owner, by its own word
// and the holder's, and is open on neither, before it is opened on the holder.
func (p *pair) straysSound(ctx context.Context, slot keyslot.Slot) error {
	f, err := p.look(ctx)
	if err != nil {
		return err
	}
	if err := p.roles(&f); err != nil {
		return err
	}
	owner, _ := f.from.Member(p.to)
	named := keyslot.SetOf(owner.Slots...) // by the holder
	if f.toOwn.Has(slot) && named.Has(slot) && !opens(f.fromSelf, slot) && !opens(f.toSelf, slot) {
		return nil
	}
	return &Changed{Nodes: []cluster.NodeID{p.from, p.to}, Slots: keyslot.SetOf(keyslot.Range{First: slot, Last: slot}),
		Text: fmt.Sprintf("slot %d is not as it was found any more: either it is open now, or %s and %s do not both name %s as its owner; look again",
			slot, p.j.crew.name(p.from), p.j.crew.name(p.to), p.j.crew.name(p.to))}
}

func opens(self cluster.Member, slot keyslot.Slot) bool {
	for _, o := range self.Open {
		if o.Slot == slot {
			return true
		}
	}
	return false
}

// straysQuiet waits until the owners of slots with stray keys have told the
// holders all that they have to tell: see quiet.
func (j *Job) straysQuiet(ctx context.Context, todo []remedy) error {
	var owners, holders []cluster.NodeID
	add := func(list *[]cluster.NodeID, id cluster.NodeID) {
		if !slices.Contains(*list, id) {
			*list = append(*list, id)
		}
	}
	for i := range todo {
		if r := &todo[i]; r.holder != "" {
			add(&owners, r.owner)
			add(&holders, r.holder)
		}
	}
	if len(owners) == 0 {
		return nil
	}
	return j.settleWords(ctx, owners, holders)
}

// removeStrays removes the keys that the source of this pair holds of a slot that
// the target owns. What the target does not have, or has otherwise, is saved
// before.
func (p *pair) removeStrays(ctx context.Context, l *load) error {
	for db := 0; db < p.j.databases; {
		var r roundTrip
		r.add(db, "CLUSTER", "GETKEYSINSLOT", int(l.slot), 100)
		answers, err := r.send(ctx, p.j.crew, p.from, callTimeout)
		if err != nil {
			return err
		}
		if answers[0].Err != nil {
			return answers[0].Err
		}
		names, err := namesOf(answers[0].Value)
		if err != nil {
			return err
		}
		if len(names) == 0 {
			db++
		}
		for _, key := range names {
			if err := p.removeStray(ctx, haul{load: l, db: db, keys: []string{key}}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *pair) removeStray(ctx context.Context, one haul) error {
	mine, theirs, err := p.values(ctx, one)
	if err != nil {
		return err
	}
	if mine.exists && !(theirs.exists && mine.same(theirs)) {
		if err := p.j.save(p.from, one, mine); err != nil {
			return err
		}
	}
	if err := p.drop(ctx, one); err != nil {
		return err
	}
	p.j.carried(p, &one)
	return nil
}

// closeStray closes a slot on its holder again after its keys could not all be
// dealt with: it is then as it was found.
func (j *Job) closeStray(ctx context.Context, r *remedy) bool {
	p := &pair{j: j}
	return p.setSlots(ctx, r.holder, [][]any{setSlot(r.slot, "STABLE")}) == nil
}
