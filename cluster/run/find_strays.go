package run

import (
	"context"
	"slices"
	"sync"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/spawn"
	"slotdeck/keyslot"
)

// lookUpMost bounds how many stray keys of a slot are looked up on its owner.
const lookUpMost = 1000

// findStrays counts, on every primary, the keys of slots that it does not own and
// that are open nowhere; what is there is counted twice, for keys that a server is
// just dropping are none. Redis 8.4 and newer show no such keys, see straysOn.
func (j *Job) findStrays(ctx context.Context, s *cluster.Snapshot, among keyslot.Set) ([]plan.StraySlot, error) {
	for _, m := range s.Moves {
		among.Remove(m.Slot)
	}
	for i := range s.Shards {
		if n, ok := s.Node(s.Shards[i].Primary); ok && n.Health == cluster.Answering {
			dbs, err := j.databasesOf(ctx, n.ID) // the same number on all
			if err != nil {
				return nil, err
			}
			j.databases = max(j.databases, dbs)
			break
		}
	}
	var mu sync.Mutex
	var out []plan.StraySlot
	var failed error
	var wg spawn.Group
	for i := range s.Shards {
		id := s.Shards[i].Primary
		if n, ok := s.Node(id); !ok || n.Health != cluster.Answering || n.Member.Flags.Has(cluster.Replica) {
			continue
		}
		foreign := among.Minus(keyslot.SetOf(s.Shards[i].Slots...))
		wg.Go(func() {
			found, err := j.straysAt(ctx, s, id, foreign)
			mu.Lock()
			defer mu.Unlock()
			out = append(out, found...)
			if failed == nil {
				failed = err
			}
		})
	}
	wg.Wait()
	slices.SortFunc(out, func(a, b plan.StraySlot) int { return int(a.Slot) - int(b.Slot) })
	return slices.CompactFunc(out, func(a, b plan.StraySlot) bool { return a.Slot == b.Slot }), failed // one holder after the other
}

func (j *Job) straysAt(ctx context.Context, s *cluster.Snapshot, id cluster.NodeID, foreign keyslot.Set) (out []plan.StraySlot, err error) {
	for try := range 2 {
		if foreign.Empty() {
			return nil, nil
		}
		if try > 0 {
			if err := pause(ctx, 300*time.Millisecond); err != nil {
				return nil, err
			}
		}
		if foreign, _, err = j.straysOn(ctx, id, "", foreign, false); err != nil {
			return nil, err
		}
	}
	for slot := range foreign.All() {
		x := plan.StraySlot{Slot: slot, Holder: id}
		counts, err := j.countKeys(ctx, id, []keyslot.Slot{slot})
		if err != nil {
			return nil, err
		}
		for db, n := range counts[0] {
			x.Keys += n
			if owner, ok := s.ShardOf(slot); ok && n > 0 && owner.Primary != id {
				if err := j.lookUp(ctx, &x, owner.Primary, db); err != nil {
					return nil, err
				}
			}
		}
		if x.Keys > 0 {
			out = append(out, x)
		}
	}
	return out, nil
}

// lookUp asks the owner for stray keys of one database.
func (j *Job) lookUp(ctx context.Context, x *plan.StraySlot, owner cluster.NodeID, db int) error {
	var r roundTrip
	r.add(db, "CLUSTER", "GETKEYSINSLOT", int(x.Slot), lookUpMost)
	answers, err := r.send(ctx, j.crew, x.Holder, callTimeout)
	if err != nil {
		return err
	}
	names, err := namesOf(answers[0].Value)
	if err != nil || len(names) == 0 {
		return nil // not told: then nothing is known of them
	}
	var ask roundTrip
	for _, key := range names {
		ask.add(db, "EXISTS", key)
	}
	if answers, err = ask.send(ctx, j.crew, owner, callTimeout); err != nil {
		return err
	}
	for _, a := range answers {
		if n, ok := a.Value.(int64); ok && a.Err == nil {
			x.Looked++
			x.Alone += 1 - min(n, 1)
		}
	}
	return nil
}

// tellStrays tells, at the end of a job that failed, of keys of its slots on
// primaries that do not own them.
func (j *Job) tellStrays(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*callTimeout)
	defer cancel()
	s, err := j.crew.survey(ctx)
	if err != nil {
		return
	}
	found, err := j.findStrays(ctx, s, j.plan.Set())
	if err != nil || len(found) == 0 {
		return
	}
	held := map[cluster.NodeID]keyslot.Set{}
	keys := map[cluster.NodeID]int64{}
	for _, x := range found {
		set := held[x.Holder]
		set.Add(x.Slot)
		held[x.Holder] = set
		keys[x.Holder] += x.Keys
	}
	for id, set := range held {
		j.remains(j.crew.name(id) + " holds " + count(keys[id], "key") + " of " + count(set.Len(), "slot") + " (" + someSlots(set) +
			") that it does not own, which clients cannot see; run slotdeck resume: it tells what is also on the owners, and settles it")
	}
}
