package run

import (
	"context"
	"fmt"
	"slices"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

// Found is what an earlier move left behind, as the cluster itself tells.
type Found struct {
	Snapshot *cluster.Snapshot
	// Open is every open slot, and what a move left without owner, and what can be
	// done about it. Once there is none, it is the slots of which primaries hold
	// keys that do not own them.
	Open    []plan.Recovery
	Keys    plan.KeyCounts // what was counted, on both sides
	Running []Running      // atomic migrations that are not over
	// Checkpoint is what the last job wrote on this machine, nil when nothing is
	// known: a help to go on with its plan, not a need.
	Checkpoint *Checkpoint
	Raised     []Raised // node timeouts that the checkpoint tells of, and that are so still
}

// Running is an atomic migration that runs without this console.
type Running struct {
	Name     string
	Driver   plan.Driver
	From, To cluster.NodeID // empty when not told
	Slots    keyslot.Set
	State    string // the server's word, cleaned
}

// Empty reports whether nothing was left behind.
func (f Found) Empty() bool {
	return len(f.Open) == 0 && len(f.Running) == 0 && (f.Checkpoint == nil || len(f.Rest()) == 0 && len(f.Raised) == 0)
}

// Rest is what the checkpoint's plan has yet to move, by target: to be planned
// anew once nothing is open. It is nothing when another plan came in between.
func (f Found) Rest() (out []plan.MoveExactly) {
	if f.Checkpoint == nil || f.Checkpoint.outdated(f.Snapshot) {
		return nil
	}
	left := plan.Tell(f.Checkpoint.Plan, f.Snapshot).Left
	for _, m := range f.Checkpoint.Plan.Moves {
		rest := m.Set()
		if rest = rest.Intersect(left); rest.Empty() {
			continue
		}
		at := slices.IndexFunc(out, func(x plan.MoveExactly) bool { return x.To == m.To })
		if at < 0 {
			out = append(out, plan.MoveExactly{To: m.To})
			at = len(out) - 1
		}
		out[at].Slots = out[at].Slots.Union(rest)
	}
	return out
}

// Given is what the checkpoint's plan has moved, by the primaries that it came
// from, or that took their places: for whoever does not want that plan any more,
// to be planned the other way round once nothing is open. It is nothing when
// another plan came in between.
func (f Found) Given() (out plan.MoveBack) {
	if f.Checkpoint == nil || f.Checkpoint.outdated(f.Snapshot) {
		return nil
	}
	own := owners(f.Snapshot)
	for _, m := range f.Checkpoint.Plan.Moves {
		from, known := f.Snapshot.Node(m.From)
		to, alsoKnown := f.Snapshot.Node(m.To)
		if !known || !alsoKnown || from.Shard < 0 || to.Shard < 0 || from.Shard == to.Shard {
			continue // an emptied primary follows its successor: it is no place to go back to
		}
		set := m.Set()
		given, home := set.Intersect(own[to.Shard]), f.Snapshot.Shards[from.Shard].Primary
		if given.Empty() || home == "" {
			continue
		}
		at := slices.IndexFunc(out, func(x plan.MoveExactly) bool { return x.To == home })
		if at < 0 {
			out = append(out, plan.MoveExactly{To: home})
			at = len(out) - 1
		}
		out[at].Slots = out[at].Slots.Union(given)
	}
	return out
}

// Find asks all nodes, replicas too, for open slots and atomic migrations, and
// counts the keys on all sides; when nothing is open, it looks for keys of slots
// that their holders do not own. StateDir is Options.StateDir.
func Find(ctx context.Context, c Cluster, stateDir string) (Found, error) {
	j := newJob(c, plan.Plan{}, Options{StateDir: stateDir})
	defer j.discard()
	return j.find(ctx)
}

func (j *Job) find(ctx context.Context) (Found, error) {
	dir := j.opts.StateDir
	if dir == "" {
		dir = DefaultStateDir()
	}
	s, err := j.agreed(ctx) // a mover that was killed just now left words under way
	if err != nil {
		return Found{}, err
	}
	f := Found{Snapshot: s, Checkpoint: newestCheckpoint(dir, s)}
	f.Raised = j.stillRaised(ctx, f.Checkpoint, s)
	facts := plan.Facts{JobsAsked: true}
	if f.Running, err = j.allRunning(ctx, s); err != nil {
		return f, err
	}
	for _, r := range f.Running {
		facts.Jobs = append(facts.Jobs, plan.Job{Name: r.Name, From: r.From, To: r.To, Slots: r.Slots})
	}
	if f.Keys, err = j.countBothSides(ctx, s); err != nil {
		return f, err
	}
	if len(s.Moves) > 0 {
		facts.Inside = j.insides(ctx, primariesOf(s))
	}
	if f.Open, err = plan.Triage(s, f.Keys, facts); err != nil {
		return f, err
	}
	if err := j.findUnowned(ctx, &f, facts); err != nil || len(f.Open)+len(f.Running) > 0 {
		return f, err
	}
	strays, err := j.findStrays(ctx, s, keyslot.Full())
	if err != nil {
		return f, err
	}
	if len(strays) > 0 {
		facts.Inside = j.insides(ctx, primariesOf(s))
	}
	for _, x := range strays {
		f.Keys[x.Slot] = map[cluster.NodeID]int64{x.Holder: x.Keys}
	}
	f.Open, err = plan.TriageStrays(s, strays, facts)
	return f, err
}

// primariesOf are the primaries that answer.
func primariesOf(s *cluster.Snapshot) map[cluster.NodeID]bool {
	out := map[cluster.NodeID]bool{}
	for i := range s.Shards {
		if n, ok := s.Node(s.Shards[i].Primary); ok && n.Health == cluster.Answering {
			out[n.ID] = true
		}
	}
	return out
}

// allRunning gathers the atomic migrations of all primaries, each once.
func (j *Job) allRunning(ctx context.Context, s *cluster.Snapshot) (out []Running, err error) {
	for i := range s.Shards {
		id := s.Shards[i].Primary
		if n, ok := s.Node(id); !ok || n.Health != cluster.Answering {
			continue
		}
		answers, err := j.crew.call(ctx, id, callTimeout, []any{"CLUSTER", "MIGRATION", "STATUS", "ALL"}, []any{"CLUSTER", "GETSLOTMIGRATIONS"})
		if err != nil {
			return nil, err
		}
		for k, driver := range []plan.Driver{plan.AtomicRedis, plan.AtomicValkey} {
			list, _ := answers[k].Value.([]any)
			for _, e := range list {
				r, final := runningOf(driver, id, e)
				if final || slices.ContainsFunc(out, func(x Running) bool { return x.Name == r.Name }) {
					continue
				}
				out = append(out, r)
			}
		}
	}
	return out, nil
}

func runningOf(driver plan.Driver, id cluster.NodeID, entry any) (r Running, final bool) {
	f := fieldsOf(entry)
	r.Driver = driver
	if driver == plan.AtomicRedis {
		t := redisTask(entry)
		r.Name, r.Slots, r.State, final = t.name, t.slots, plain(t.state), t.final
		r.From, r.To = cluster.NodeID(words(f, "source")), cluster.NodeID(words(f, "dest"))
		return r, final
	}
	t := valkeyTask(entry)
	r.Name, r.Slots, r.State, final = t.name, t.slots, plain(t.state), t.final
	r.From, r.To = cluster.NodeID(words(f, "source_node")), cluster.NodeID(words(f, "target_node"))
	if t.export && r.From == "" {
		r.From = id
	}
	return r, final
}

// countBothSides counts the keys of every open slot on its owner and on every
// primary that has to do with it.
func (j *Job) countBothSides(ctx context.Context, s *cluster.Snapshot) (plan.KeyCounts, error) {
	counts := plan.KeyCounts{}
	ask := map[cluster.NodeID][]keyslot.Slot{}
	want := func(id cluster.NodeID, slot keyslot.Slot) {
		n, ok := s.Node(id)
		if !ok || n.Health != cluster.Answering || n.Member.Flags.Has(cluster.Replica) || slices.Contains(ask[id], slot) {
			return
		}
		ask[id] = append(ask[id], slot)
	}
	for _, m := range s.Moves {
		for _, id := range slices.Concat([]cluster.NodeID{m.From, m.To, m.Gives, m.Expects}, m.FromSeen, m.ToSeen) {
			want(id, m.Slot)
		}
		if owner, ok := s.ShardOf(m.Slot); ok {
			want(owner.Primary, m.Slot)
		}
	}
	for id, slots := range ask {
		dbs, err := j.databasesOf(ctx, id)
		if err != nil {
			return nil, err
		}
		j.databases = max(j.databases, dbs)
		got, err := j.countKeys(ctx, id, slots)
		if err != nil {
			return nil, err
		}
		for i, slot := range slots {
			var n int64
			for _, k := range got[i] {
				n += k
			}
			if n == 0 && !shows(s, id, slot) {
				continue // Redis 8.4 and newer count nothing there, whatever there is
			}
			if counts[slot] == nil {
				counts[slot] = map[cluster.NodeID]int64{}
			}
			counts[slot][id] = n
		}
	}
	return counts, nil
}

// shows reports whether a node owns or imports a slot, so that its count can be
// trusted.
func shows(s *cluster.Snapshot, id cluster.NodeID, slot keyslot.Slot) bool {
	n, ok := s.Node(id)
	if !ok {
		return false
	}
	self, ok := n.View.Value.Member(id)
	if !ok {
		return false
	}
	for _, r := range self.Slots {
		if r.Has(slot) {
			return true
		}
	}
	return slices.ContainsFunc(self.Open, func(o cluster.OpenSlot) bool { return o.Slot == slot && o.Importing })
}

// Cancel ends an atomic migration that runs, on the side on which that lasts:
// the target with Redis, the source with Valkey.
func Cancel(ctx context.Context, c Cluster, r Running) error {
	crew := newCrew(c)
	defer crew.close()
	if s := c.Latest(); s != nil {
		crew.learn(s)
	}
	if r.Driver == plan.AtomicRedis {
		if _, err := crew.do(ctx, r.To, "CLUSTER", "MIGRATION", "CANCEL", "ID", r.Name); err != nil {
			return fmt.Errorf("the migration cannot be cancelled on its target: %w", err)
		}
		return nil
	}
	if _, err := crew.do(ctx, r.From, "CLUSTER", "CANCELSLOTMIGRATIONS"); err != nil && !saying(err, "No migrations ongoing") {
		return fmt.Errorf("the migration cannot be cancelled on its source: %w", err)
	}
	return nil
}

// MigrationFacts asks all primaries for atomic migrations that run.
func MigrationFacts(ctx context.Context, c Cluster) plan.Facts {
	last := c.Latest()
	if last == nil {
		return plan.Facts{}
	}
	j := newJob(c, plan.Plan{}, Options{})
	defer j.discard()
	running, err := j.allRunning(ctx, last)
	facts := plan.Facts{JobsAsked: err == nil}
	for _, r := range running {
		facts.Jobs = append(facts.Jobs, plan.Job{Name: r.Name, From: r.From, To: r.To, Slots: r.Slots})
	}
	return facts
}
