package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/wire"
)

// prepare finds out everything that would stop the move, before it begins.
func (j *Job) prepare(ctx context.Context) error {
	if len(j.plan.Moves) == 0 {
		return refuse("", nil, "the plan moves nothing")
	}
	if err := j.openState(); err != nil {
		return err
	}
	s, err := j.agreed(ctx)
	if err != nil {
		return err
	}
	if err := plan.Recheck(j.plan, s); err != nil {
		return err
	}
	j.meet(s)
	var choice plan.Choice
	err = together(
		func() error { return j.sourcesQuiet(ctx) },
		func() (err error) {
			choice, err = plan.Choose(j.plan, j.abilities(ctx), j.opts.Driver)
			return err
		},
		func() error { return j.noJobs(ctx) },
		func() error { return j.readSettings(ctx) })
	if err != nil {
		return err
	}
	j.useDriver(choice.Driver, choice.Reason)
	err = together(
		func() error { return j.noStrays(ctx) },
		func() error { return j.room(s) },
		func() error {
			switch j.driver {
			case plan.Legacy:
				return j.readyForMigrate(ctx)
			case plan.AtomicValkey:
				return j.readyForMigrateSlots(ctx)
			}
			return nil
		},
		func() (err error) { j.lease, err = j.claim(ctx, j.primaries); return err })
	if err != nil {
		return err
	}
	j.leaseSeen = time.Now()
	if j.lease.blind != "" {
		j.remains(j.lease.blind)
	}
	for _, m := range j.plan.Moves {
		to, _ := j.plan.Node(m.To)
		if err := j.bringFunctions(ctx, m.From, m.To, to.Before.Slots == 0); err != nil {
			return err
		}
	}
	return nil
}

// agreed reads the cluster until all nodes that answer say the same, for a
// while: right after a change they do not.
func (j *Job) agreed(ctx context.Context) (*cluster.Snapshot, error) {
	for deadline := time.Now().Add(5 * time.Second); ; {
		s, err := j.crew.survey(ctx)
		if err != nil {
			return nil, err
		}
		if s.Agreement().Full() && allOK(s) || time.Now().After(deadline) {
			return s, nil // Recheck has the words for what is wrong
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

func allOK(s *cluster.Snapshot) bool {
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.Health == cluster.Answering && n.ClusterInfo.Known() && n.ClusterInfo.Value.State != "ok" {
			return false
		}
	}
	return true
}

// meet takes down who is there.
func (j *Job) meet(s *cluster.Snapshot) {
	j.nodes, j.stateFile = len(s.Nodes), checkpointPath(j.stateDir, s)
	for i := range s.Shards {
		if id := s.Shards[i].Primary; id != "" {
			j.primaries = append(j.primaries, id)
		}
	}
}

// sourcesQuiet waits until those that give slots have sent what they had to tell.
func (j *Job) sourcesQuiet(ctx context.Context) error {
	var things []func() error
	for _, m := range j.plan.Moves {
		things = append(things, func() error { return j.quiet(ctx, m.From) })
	}
	return together(things...)
}

// readSettings finds the number of databases, and the shortest node timeout.
func (j *Job) readSettings(ctx context.Context) error {
	n := len(j.plan.Nodes)
	dbs, timeouts := make([]int, n), make([]time.Duration, n)
	var things []func() error
	for i := range n {
		id := j.plan.Nodes[i].ID
		things = append(things,
			func() (err error) { dbs[i], err = j.databasesOf(ctx, id); return err },
			func() error {
				timeouts[i] = 15 * time.Second // the servers' default
				if t, ok := j.nodeTimeoutOf(ctx, id); ok {
					timeouts[i] = t
				}
				return nil
			})
	}
	if err := together(things...); err != nil || n == 0 {
		return err
	}
	j.databases, j.nodeTimeout = max(j.databases, slices.Max(dbs)), slices.Min(timeouts)
	return nil
}

// databasesOf asks how many databases a node has by selecting them: the setting
// may not be readable.
func (j *Job) databasesOf(ctx context.Context, id cluster.NodeID) (int, error) {
	const most = 64
	cmds := make([][]any, 0, most+1)
	for db := 1; db < most; db++ {
		cmds = append(cmds, []any{"SELECT", db})
	}
	answers, err := j.crew.call(ctx, id, callTimeout, append(cmds, []any{"SELECT", 0})...)
	if err != nil {
		return 0, err
	}
	for db := 1; db < most; db++ {
		if err := answers[db-1].Err; err != nil {
			if wire.KindOf(err) == wire.NoPermission {
				return 1, nil // then no client of this kind uses another either
			}
			return db, nil
		}
	}
	if v, ok := j.setting(ctx, id, "cluster-databases"); ok {
		if n, err := strconv.Atoi(v); err == nil && n >= most {
			return n, nil
		}
	}
	return 0, refuse(id, nil, "%s has %d databases or more, and does not say how many; let the user run CONFIG GET", j.crew.name(id), most)
}

// setting reads one setting; ok is false when it is not known or may not be read.
func (j *Job) setting(ctx context.Context, id cluster.NodeID, name string) (value string, ok bool) {
	v, err := j.crew.do(ctx, id, "CONFIG", "GET", name)
	list, is := v.([]any)
	if err != nil || !is || len(list) < 2 {
		return "", false
	}
	value, ok = list[1].(string)
	return value, ok
}

// side by side in one call are at most so many MIGRATEs: when the target freezes,
// each of them holds the source for its whole time-out, one after the other.
const mostMigrates = 4

// timeoutFor is what MIGRATE gets for keys of the given sizes: how long the
// target may be silent. All of a call together stay below a quarter of the node
// timeout, so that a frozen target does not take the source down with it.
func (p *pair) timeoutFor(sizes []int64) time.Duration {
	t := p.j.opts.Timeout
	if t <= 0 {
		t = min(max(p.j.nodeTimeout/4, 200*time.Millisecond), 2*time.Second)
		if !p.patient {
			t /= mostMigrates
		}
	}
	var largest int64
	for _, s := range sizes {
		largest = max(largest, s)
	}
	return max(t, 2*holdsAtMost(largest))
}

// depth is how many MIGRATEs go into one call.
func (p *pair) depth() int {
	switch {
	case p.patient:
		return 1
	case p.j.opts.Timeout <= 0:
		return mostMigrates
	}
	return int(min(max(p.j.nodeTimeout/2/p.j.opts.Timeout, 1), mostMigrates))
}

// noJobs makes sure that no atomic migration runs anywhere.
func (j *Job) noJobs(ctx context.Context) error {
	var things []func() error
	for _, id := range j.primaries {
		things = append(things, func() error {
			running, err := j.crew.running(ctx, id)
			if err != nil || len(running) == 0 {
				return nil // a node that cannot be asked cannot be part of the plan either
			}
			t := running[0]
			return &plan.Refusal{Reason: plan.ForeignJob, Nodes: []cluster.NodeID{id}, Slots: t.slots,
				Text: fmt.Sprintf("an atomic migration of %s runs on %s (%s); two movers at a time lose keys: wait for it, or cancel it", someSlots(t.slots), j.crew.name(id), plain(t.state))}
		})
	}
	return together(things...)
}

// noStrays counts what the targets hold in the slots to come. Redis 8.4 and newer
// show it only while a slot is imported: for its own migrations, which would drop
// such keys without a word, each slot is imported for the moment of the count.
func (j *Job) noStrays(ctx context.Context) error {
	for _, m := range j.plan.Moves {
		set := m.Set()
		set = set.Minus(j.inherited)
		held, keys, err := j.straysOn(ctx, m.To, m.From, set, j.driver == plan.AtomicRedis)
		if err != nil {
			return err
		}
		if held.Empty() {
			j.strayless[way{m.From, m.To}] = time.Now()
			continue
		}
		return &plan.Refusal{Reason: plan.StrayKeys, Nodes: []cluster.NodeID{m.To}, Slots: held,
			Text: fmt.Sprintf("%s holds %s in %s (%s) that it does not own, left by an earlier move: Valkey 9 crashes on them in an atomic migration, Redis 8.4 and newer drop them, older ways bring them back to life; look at them, remove them or bring them to the owner first",
				j.crew.name(m.To), count(keys, "key"), count(held.Len(), "slot"), someSlots(held))}
	}
	return nil
}

// room holds what is to come against the targets' limits as they are now.
func (j *Job) room(s *cluster.Snapshot) error {
	for _, n := range j.plan.Nodes {
		var gets int64
		for _, m := range j.plan.Moves {
			if m.To == n.ID && m.Bytes.How > plan.Guessed {
				gets += m.Bytes.N
			}
		}
		node, ok := s.Node(n.ID)
		if !ok || gets == 0 || node.Stats.MaxMemory <= 0 || node.Stats.UsedMemory < 0 {
			continue
		}
		if need := node.Stats.UsedMemory + gets; need > node.Stats.MaxMemory {
			return &plan.Refusal{Reason: plan.NoRoom, Nodes: []cluster.NodeID{n.ID},
				Text: fmt.Sprintf("%s would need %d MiB and may use %d MiB; raise maxmemory, or move less", n.Name(), need>>20, node.Stats.MaxMemory>>20)}
		}
	}
	return nil
}

// alone looks from time to time whether another slotdeck claims the cluster.
func (j *Job) alone(ctx context.Context) error {
	j.mu.Lock()
	due := time.Since(j.leaseSeen) > 2*time.Second
	if due {
		j.leaseSeen = time.Now()
	}
	j.mu.Unlock()
	if !due || j.lease == nil {
		return nil
	}
	err := j.lease.confirm(ctx)
	var taken *Taken
	if errors.As(err, &taken) {
		return err
	}
	return nil
}
