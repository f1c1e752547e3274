package run

import (
	"context"
	"fmt"
	"slices"
	"time"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// valkeyTask reads one entry of CLUSTER GETSLOTMIGRATIONS.
func valkeyTask(v any) task {
	f := fieldsOf(v)
	t := task{name: words(f, "name"), state: words(f, "state"), message: words(f, "message"), began: number(f, "create_time")}
	if t.name == "" {
		t.name = words(f, "link_name")
	}
	t.export = words(f, "operation") == "EXPORT"
	t.peer = cluster.NodeID(words(f, "target_node"))
	t.slots, _ = keyslot.ParseSet(words(f, "slot_ranges"))
	t.failed = t.state == "failed"
	t.final = t.failed || t.state == "success" || t.state == "cancelled"
	return t
}

func (c *crew) exports(ctx context.Context, id cluster.NodeID) ([]task, error) {
	v, err := c.do(ctx, id, "CLUSTER", "GETSLOTMIGRATIONS")
	if err != nil {
		return nil, err
	}
	list, _ := v.([]any)
	var out []task
	for _, e := range list {
		if t := valkeyTask(e); t.export && t.name != "" {
			out = append(out, t)
		}
	}
	return out, nil
}

// migrateSlots runs CLUSTER MIGRATESLOTS on the source until it is over.
func (p *pair) migrateSlots(ctx, work context.Context, group []*load, try int) error {
	j := p.j
	old := map[string]bool{}
	past, err := j.crew.exports(work, p.from)
	if err != nil {
		return err
	}
	for _, t := range past {
		old[t.name] = true
	}
	set := slotsOf(group)
	cmd := []any{"CLUSTER", "MIGRATESLOTS", "SLOTSRANGE"}
	for _, r := range set.Ranges() {
		cmd = append(cmd, int(r.First), int(r.Last))
	}
	if _, err := j.crew.do(work, p.from, append(cmd, "NODE", string(p.to))...); err != nil {
		return err
	}
	began := time.Now()
	silent, counted := began, began
	cancelled := false
	for {
		tasks, err := j.crew.exports(work, p.from)
		switch {
		case err == nil:
			silent = time.Now()
		case work.Err() != nil || time.Since(silent) > 2*j.nodeTimeout+2*time.Second:
			return fmt.Errorf("%s does not answer during the migration: %w", j.crew.name(p.from), err)
		}
		t, found := ours(tasks, old, p.to, set)
		switch {
		case err != nil:
			if changed := p.sourceReplaced(work); changed != nil {
				return changed
			}
		case !found:
			if done, e := p.took(work, group); e == nil && done {
				return nil
			}
			return fmt.Errorf("%s does not tell of the migration any more; it may have restarted", j.crew.name(p.from))
		case t.state == "success":
			for deadline := time.Now().Add(5 * time.Second); ; {
				if done, err := p.took(work, group); err == nil && done {
					return nil
				}
				if time.Now().After(deadline) {
					return fmt.Errorf("%s says that the migration succeeded, but %s does not own the slots", j.crew.name(p.from), j.crew.name(p.to))
				}
				if err := pause(work, 2*time.Millisecond); err != nil {
					return err
				}
			}
		case t.final && cancelled:
			p.importOver(work, t.name)
			return errCancelled
		case t.final:
			return fmt.Errorf("%s: %s", t.state, plain(t.message))
		case !cancelled && j.hurried(ctx):
			cancelled = true
			if _, err := j.crew.do(work, p.from, "CLUSTER", "CANCELSLOTMIGRATIONS"); err != nil && !saying(err, "No migrations ongoing") {
				return fmt.Errorf("the migration on %s could not be cancelled: %w", j.crew.name(p.from), err)
			}
		}
		if time.Since(counted) > 250*time.Millisecond {
			p.countArriving(work, group)
			counted = time.Now()
		}
		if err := pause(work, pollEvery(began)); err != nil {
			return err
		}
	}
}

// importOver waits until the target has let go of a migration that was cancelled on
// the source, and has removed what had come: it learns of that by the end of their
// connection. Whoever looks before would find it still under way.
func (p *pair) importOver(ctx context.Context, name string) {
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); {
		tasks, err := p.j.crew.running(ctx, p.to)
		if err != nil || !slices.ContainsFunc(tasks, func(t task) bool { return t.name == name }) {
			return
		}
		if pause(ctx, 10*time.Millisecond) != nil {
			return
		}
	}
}

// ours finds the migration that was just begun: the servers do not tell its name
// when it begins.
func ours(tasks []task, old map[string]bool, to cluster.NodeID, set keyslot.Set) (task, bool) {
	for _, t := range tasks { // newest first
		if !old[t.name] && t.peer == to && t.slots == set {
			return t, true
		}
	}
	return task{}, false
}

// sourceReplaced asks the others whether a silent source lost its place.
func (p *pair) sourceReplaced(ctx context.Context) error {
	v, err := p.j.crew.view(ctx, p.to)
	if err != nil {
		return nil
	}
	m, ok := v.Member(p.from)
	if ok && (m.Flags.Has(cluster.Replica) || m.Flags.Has(cluster.Fail)) {
		return &Changed{Nodes: []cluster.NodeID{p.from}, Text: fmt.Sprintf("%s was failed over during the migration, which fails it; make the plan anew", p.j.crew.name(p.from))}
	}
	return nil
}

// countArriving counts what the target has got: only COUNTKEYSINSLOT shows it
// before the end.
func (p *pair) countArriving(ctx context.Context, group []*load) {
	if len(group)*p.j.databases > 4096 {
		return
	}
	counts, err := p.j.countKeys(ctx, p.to, slotsIn(group))
	if err != nil {
		return
	}
	var n int64
	for _, c := range counts {
		for _, k := range c {
			n += k
		}
	}
	p.j.underway(p, n)
}
