package run

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/spawn"
)

// Raised is a node timeout that a job raised and did not set back: it was killed,
// or the node did not answer.
type Raised struct {
	Node cluster.NodeID
	Was  time.Duration // before that; to be set back
	Is   time.Duration // now; 0 when the node does not tell
}

// raiseNodeTimeouts raises the node timeout of all nodes; the old ones are in the
// checkpoint before any is changed.
func (j *Job) raiseNodeTimeouts(ctx context.Context, to time.Duration) error {
	s := j.cluster.Latest()
	was := make([]time.Duration, len(s.Nodes))
	var wg spawn.Group
	for i := range s.Nodes {
		wg.Go(func() { was[i], _ = j.nodeTimeoutOf(ctx, s.Nodes[i].ID) })
	}
	wg.Wait()
	j.mu.Lock()
	if j.raised == nil {
		j.raised = map[cluster.NodeID]int{}
	}
	var low []cluster.NodeID
	for i := range s.Nodes {
		if id := s.Nodes[i].ID; was[i] > 0 && was[i] < to {
			low = append(low, id)
			if _, twice := j.raised[id]; !twice {
				j.raised[id] = int(was[i].Milliseconds())
			}
			j.raisedTo = int(to.Milliseconds())
		}
	}
	j.mu.Unlock()
	if len(low) == 0 {
		return nil
	}
	j.checkpoint()
	for _, id := range low {
		if _, err := j.crew.do(ctx, id, "CONFIG", "SET", "cluster-node-timeout", to.Milliseconds()); err != nil {
			return fmt.Errorf("the node timeout of %s cannot be raised: %w", j.crew.name(id), err)
		}
	}
	return nil
}

// restoreNodeTimeouts sets back what was raised, on all nodes at once. What could
// not be set back stays in the checkpoint.
func (j *Job) restoreNodeTimeouts() {
	for _, sentence := range j.restored() {
		j.remains(sentence)
	}
}

func (j *Job) restored() (failed []string) {
	j.mu.Lock()
	raised, to := maps.Clone(j.raised), j.raisedTo
	j.mu.Unlock()
	if len(raised) > 0 && !j.leaving() {
		j.pingsAnswered(slices.Collect(maps.Keys(raised)))
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var wg spawn.Group
	for id, old := range raised {
		wg.Go(func() {
			err := j.setBack(ctx, id, old, to)
			j.mu.Lock()
			defer j.mu.Unlock()
			if err == nil {
				delete(j.raised, id)
			} else {
				failed = append(failed, fmt.Sprintf("the node timeout of %s was raised and could not be set back (%v): send CONFIG SET cluster-node-timeout %d to it, or let slotdeck resume do it", j.crew.name(id), err, old))
			}
		})
	}
	wg.Wait()
	return failed
}

// pingsAnswered waits a while until no node waits for an answer over the bus any
// more: with a short timeout one that was held for long would take the others for
// failed at once, or they it, and the cluster for down.
func (j *Job) pingsAnswered(nodes []cluster.NodeID) {
	type ping struct{ from, to cluster.NodeID }
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	var mu sync.Mutex
	before := map[ping]time.Time{}
	for first := true; ; first = false {
		pending, waits := map[ping]time.Time{}, first
		var wg spawn.Group
		for _, id := range nodes {
			wg.Go(func() {
				view, err := j.crew.view(ctx, id)
				if err != nil {
					return
				}
				mu.Lock()
				defer mu.Unlock()
				for i := range view.Members {
					if m := &view.Members[i]; !m.PingSent.IsZero() {
						p := ping{id, m.ID}
						pending[p] = m.PingSent
						waits = waits || before[p].Equal(m.PingSent)
					}
				}
			})
		}
		wg.Wait()
		if before = pending; !waits || pause(ctx, 30*time.Millisecond) != nil {
			return
		}
	}
}

// setBack leaves a timeout alone that somebody else has changed since.
func (j *Job) setBack(ctx context.Context, id cluster.NodeID, old, raised int) error {
	is, known := j.nodeTimeoutOf(ctx, id)
	if known && raised > 0 && is.Milliseconds() != int64(raised) {
		return nil
	}
	if _, err := j.crew.do(ctx, id, "CONFIG", "SET", "cluster-node-timeout", old); err != nil {
		return err
	}
	if is, known = j.nodeTimeoutOf(ctx, id); known && is.Milliseconds() != int64(old) {
		return fmt.Errorf("it says %v", is)
	}
	return nil
}

// stillRaised asks the nodes which of a checkpoint's timeouts are as the job left
// them.
func (j *Job) stillRaised(ctx context.Context, c *Checkpoint, s *cluster.Snapshot) (out []Raised) {
	if c == nil {
		return nil
	}
	var mu sync.Mutex
	var wg spawn.Group
	for id, ms := range c.Raised {
		if _, known := s.Node(id); !known {
			continue
		}
		wg.Go(func() {
			is, told := j.nodeTimeoutOf(ctx, id)
			if told && c.RaisedTo > 0 && is.Milliseconds() != int64(c.RaisedTo) {
				return // set back since, or the node was restarted
			}
			mu.Lock()
			defer mu.Unlock()
			out = append(out, Raised{Node: id, Was: time.Duration(ms) * time.Millisecond, Is: is})
		})
	}
	wg.Wait()
	slices.SortFunc(out, func(a, b Raised) int { return compareIDs(a.Node, b.Node) })
	return out
}

func compareIDs(a, b cluster.NodeID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// SetBack sets back the node timeouts that interrupted jobs of this machine
// raised, unless a job is at work. The error tells which could not be, and they
// are found again then. StateDir is Options.StateDir.
func SetBack(ctx context.Context, c Cluster, stateDir string) error {
	j := newJob(c, plan.Plan{}, Options{StateDir: stateDir})
	defer j.discard()
	if err := j.openState(); err != nil {
		return err
	}
	s, err := j.agreed(ctx)
	if err != nil {
		return err
	}
	j.meet(s)
	if j.lease, err = j.claim(ctx, j.primaries); err != nil {
		return err
	}
	var failed []string
	for _, old := range checkpointsOf(j.stateDir, s) {
		if len(old.Raised) == 0 {
			continue
		}
		j.raised, j.raisedTo = maps.Clone(old.Raised), old.RaisedTo
		for id := range j.raised {
			if _, known := s.Node(id); !known {
				delete(j.raised, id) // gone for good
			}
		}
		failed = append(failed, j.restored()...)
		if err := old.keepRaised(j.raised); err != nil {
			return err
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%s", failed[0])
	}
	return nil
}

// keepRaised writes a checkpoint again with what is still raised, or removes one
// that has nothing else to tell.
func (c *kept) keepRaised(raised map[cluster.NodeID]int) error {
	c.Raised = raised
	if len(raised) == 0 && c.Plan.Set().Minus(c.Done).Empty() {
		return os.Remove(c.path)
	}
	return c.write(c.path)
}
