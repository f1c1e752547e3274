package run

import (
	"context"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// namedTwice bounds how many names of a slot's keys are compared. A slot with
// more counts as one in which keys lie twice, which costs a move more.
const namedTwice = 1000

// twice notes slots without a certain owner in which a key lies on several
// primaries: whose value stays is a question only there.
func (l *damageLook) twice(ctx context.Context) error {
	for slot := range l.uncertain.All() {
		var on []cluster.NodeID
		large := false
		for i := range l.s.Shards {
			id := l.s.Shards[i].Primary
			if n := l.e.Keys[slot][id]; n > 0 {
				on = append(on, id)
				node, _ := l.s.Node(id)
				large = large || n > namedTwice || hidesKeys(node) && !shows(l.s, id, slot) && !l.probe
			}
		}
		if len(on) < 2 {
			continue
		}
		if large {
			l.e.Twice.Add(slot)
			continue
		}
		seen := map[dbKey]bool{}
		for _, id := range on {
			names, err := l.namesOn(ctx, id, slot)
			if err != nil {
				return err
			}
			for _, name := range names {
				if seen[name] {
					l.e.Twice.Add(slot)
				}
				seen[name] = true
			}
		}
	}
	return nil
}

// namesOn are the names of a slot's keys on a primary, of all databases. One that
// hides them is made to show them as for a count.
func (l *damageLook) namesOn(ctx context.Context, id cluster.NodeID, slot keyslot.Slot) (out []dbKey, err error) {
	n, _ := l.s.Node(id)
	hidden := hidesKeys(n) && !shows(l.s, id, slot)
	dbs, err := l.j.databasesOf(ctx, id)
	if err != nil {
		return nil, err
	}
	var r roundTrip
	if hidden {
		r.add(0, setSlot(slot, "IMPORTING", string(l.another(id)))...)
	}
	for db := range dbs {
		r.add(db, "CLUSTER", "GETKEYSINSLOT", int(slot), namedTwice)
	}
	if hidden {
		r.add(0, setSlot(slot, "STABLE")...)
	}
	answers, err := r.send(ctx, l.j.crew, id, callTimeout)
	if err != nil {
		return nil, err
	}
	if hidden {
		answers = answers[1 : len(answers)-1]
	}
	for db, a := range answers {
		if a.Err != nil {
			return nil, a.Err
		}
		names, err := namesOf(a.Value)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			out = append(out, dbKey{db, name})
		}
	}
	return out, nil
}

// dbKey is a key of one database.
type dbKey struct {
	db   int
	name string
}
