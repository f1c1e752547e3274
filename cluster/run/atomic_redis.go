package run

import (
	"context"
	"fmt"
	"strings"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// redisTask reads one entry of CLUSTER MIGRATION STATUS. Its "failed" is not the
// end: the target tries again for ever.
func redisTask(v any) task {
	f := fieldsOf(v)
	t := task{name: words(f, "id"), state: words(f, "state"), message: words(f, "last_error"), retries: number(f, "retries"), began: number(f, "create_time")}
	t.export = words(f, "operation") == "migrate"
	t.peer = cluster.NodeID(words(f, "source"))
	t.slots, _ = keyslot.ParseSet(words(f, "slots"))
	switch t.state {
	case "completed", "canceled", "cancelled":
		t.final = true
	case "failed":
		t.failed = true
		// A source does not try again by itself: its part is over.
		t.final = t.export
	}
	return t
}

// importSlots runs CLUSTER MIGRATION IMPORT on the target until it is done. The
// source's role and epoch are watched meanwhile: a source that was failed over
// while it was frozen completes the migration when it thaws, and what its
// successor accepted since is lost; so on any change the target is told to stop
// at once.
func (p *pair) importSlots(ctx, work context.Context, group []*load, try int) error {
	j := p.j
	cmd := []any{"CLUSTER", "MIGRATION", "IMPORT"}
	set := slotsOf(group)
	for _, r := range set.Ranges() {
		cmd = append(cmd, int(r.First), int(r.Last))
	}
	before := p.keysOn(work, p.to)
	v, err := j.crew.do(work, p.to, cmd...)
	if err != nil {
		return err
	}
	id, _ := v.(string)
	began := time.Now()
	silent := began
	for checked := began; ; {
		answers, err := j.crew.call(work, p.to, time.Second, []any{"CLUSTER", "MIGRATION", "STATUS", "ID", id}, []any{"INFO", "keyspace"})
		t := task{}
		if err == nil {
			silent = time.Now()
			if list, ok := answers[0].Value.([]any); ok && len(list) > 0 {
				t = redisTask(list[0])
			}
			if text, ok := answers[1].Value.(string); ok && before >= 0 {
				j.underway(p, keysTold(text)-before)
			}
		} else if time.Since(silent) > j.nodeTimeout+2*time.Second || work.Err() != nil {
			return fmt.Errorf("%s does not answer during the migration: %w", j.crew.name(p.to), err)
		}
		switch {
		case t.final && t.state == "completed":
			if done, err := p.took(work, group); err != nil || done {
				return err
			}
		case t.final:
			return fmt.Errorf("the migration was cancelled by somebody else")
		case t.failed && int(t.retries) >= j.opts.MaxTries-1 || t.failed && j.hurried(ctx):
			if err := p.cancelImport(work, id, group); err != nil {
				return err
			}
			return fmt.Errorf("%s (tried %s)", plain(t.message), count(int(t.retries)+1, "time"))
		case t.failed:
			j.say(Moving, fmt.Sprintf("%s tries again by itself (%d): %s", j.crew.name(p.to), t.retries+1, plain(t.message)))
		case j.hurried(ctx):
			if err := p.cancelImport(work, id, group); err != nil {
				return err
			}
			return errCancelled
		}
		if time.Since(checked) > 20*time.Millisecond {
			checked = time.Now()
			if err := p.sourceStands(work); err != nil {
				// First the cancellation: a migration that is over by now does not
				// mind it.
				if e := p.cancelImport(work, id, group); e != nil {
					return fmt.Errorf("%w; and %w", err, e)
				}
				if done, e := p.took(work, group); e == nil && done {
					return nil
				}
				return err
			}
		}
		if err := pause(work, pollEvery(began)); err != nil {
			return err
		}
	}
}

// sourceStands makes sure that the source is the primary it was when the
// migration began, in its own eyes and in those of the others.
func (p *pair) sourceStands(ctx context.Context) error {
	name := p.j.crew.name(p.from)
	changed := func(why string) error {
		return &Changed{Nodes: []cluster.NodeID{p.from}, Text: fmt.Sprintf("%s %s during the migration; it was cancelled, because the writes that its successor takes would be lost", name, why)}
	}
	ctx, cancel := context.WithTimeout(ctx, min(time.Second, max(100*time.Millisecond, p.j.nodeTimeout/4)))
	defer cancel()
	n, err := p.j.crew.node(p.from)
	if err != nil {
		return err
	}
	v, err := n.Do(ctx, "CLUSTER", "NODES")
	if err != nil {
		if wire.KindOf(err) == wire.Timeout || wire.KindOf(err) == wire.Refused || wire.KindOf(err) == wire.Hangup {
			return changed("does not answer any more")
		}
		return err
	}
	view, err := viewOf(v)
	if err != nil {
		return err
	}
	self, _ := view.Member(p.from)
	switch {
	case !self.Flags.Has(cluster.Primary):
		return changed("is not a primary any more")
	case self.Epoch != p.fromEpoch:
		return changed(fmt.Sprintf("went from epoch %d to %d", p.fromEpoch, self.Epoch))
	}
	to, err := p.j.crew.view(ctx, p.to)
	if err != nil {
		return nil // whoever polls the target finds out
	}
	if seen, ok := to.Member(p.from); ok && (seen.Flags.Has(cluster.Fail) || seen.Flags.Has(cluster.Replica)) {
		return changed("is held for failed, or replaced,")
	}
	return nil
}

// cancelImport cancels on the target, because on the source it would only be
// begun again, and then makes sure on both ends.
func (p *pair) cancelImport(ctx context.Context, id string, group []*load) error {
	j := p.j
	if _, err := j.crew.do(ctx, p.to, "CLUSTER", "MIGRATION", "CANCEL", "ID", id); err != nil {
		return fmt.Errorf("the migration on %s could not be cancelled: %w; do it there: CLUSTER MIGRATION CANCEL ID %s", j.crew.name(p.to), err, plain(id))
	}
	for deadline := time.Now().Add(3 * time.Second); ; {
		tasks, err := j.crew.running(ctx, p.to)
		running := err != nil
		for _, t := range tasks {
			running = running || t.name == id
		}
		if !running {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s still runs the migration 3 s after it was cancelled", j.crew.name(p.to))
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	_, _ = p.took(ctx, group) // it may have been done already
	return nil
}

// keysOn is how many keys a node has, arriving ones included; -1 when that is
// not told.
func (p *pair) keysOn(ctx context.Context, id cluster.NodeID) int64 {
	v, err := p.j.crew.do(ctx, id, "INFO", "keyspace")
	text, ok := v.(string)
	if err != nil || !ok {
		return -1
	}
	return keysTold(text)
}

// keysTold sums the keys of INFO keyspace.
func keysTold(info string) (n int64) {
	for line := range strings.SplitSeq(info, "\r\n") {
		if _, rest, ok := strings.Cut(line, ":keys="); ok {
			var k int64
			if _, err := fmt.Sscanf(rest, "%d", &k); err == nil {
				n += k
			}
		}
	}
	return n
}
