package run

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"slotdeck/cluster"
)

// bytesPerSecond is how fast a value of many elements is dumped, sent and
// restored, at the careful end of what was measured.
const bytesPerSecond = 400 << 20

// holds predicts how long a key of so many bytes of memory holds the source.
func holds(bytes int64) time.Duration {
	return time.Duration(float64(bytes) / bytesPerSecond * float64(time.Second))
}

// heavy deals with a haul in which a key is larger than the budget allows. The
// load is marked as skipped when it shall stay.
func (p *pair) heavy(ctx context.Context, h *haul) error {
	w, _ := p.j.wanted()
	largest := 0
	for i, s := range h.sizes {
		if s > h.sizes[largest] {
			largest = i
		}
	}
	if p.homing || len(h.sizes) == 0 {
		return nil
	}
	takes := holds(h.sizes[largest])
	if takes <= w.maxBlock || h.load.heavy {
		return nil
	}
	choice := ""
	switch p.j.opts.BigKeys {
	case SkipSlot:
		choice = Skip
	case MoveAnyway:
		choice = Anyway
	case RaiseNodeTimeout:
		choice = Raise
	default:
		choice = p.j.ask(ctx, p.bigQuestion(h, largest, takes), p.j.opts.Unattended)
	}
	switch choice {
	case Anyway:
		h.load.heavy = true
	case Raise:
		h.load.heavy = true
		return p.j.raiseNodeTimeouts(ctx, 4*takes)
	case Stop:
		p.j.StopAtBoundary()
		h.load.skipped = true
	default:
		h.load.skipped = true
		p.j.remains(fmt.Sprintf("slot %d stays with %s: the key %q (%d MiB) would hold the server for about %v", h.load.slot, p.j.crew.name(p.from),
			plain(strings.ToValidUTF8(h.keys[largest], "?")), h.sizes[largest]>>20, takes.Round(time.Millisecond)))
	}
	return nil
}

func (p *pair) bigQuestion(h *haul, i int, takes time.Duration) Question {
	danger := ""
	if takes*2 > p.j.nodeTimeout {
		danger = fmt.Sprintf(", near the node timeout of %v, so that a failover could begin", p.j.nodeTimeout)
	}
	return Question{
		Kind: BigKey, Slot: h.load.slot, Default: Skip,
		Text: fmt.Sprintf("the key %q (slot %d, %d MiB) would hold %s for about %v%s", plain(strings.ToValidUTF8(h.keys[i], "?")), h.load.slot,
			h.sizes[i]>>20, p.j.crew.name(p.from), takes.Round(time.Millisecond), danger),
		Choices: []Choice{
			{Skip, "the slot stays where it is"},
			{Anyway, "the slot moves; nobody gets an answer from " + p.j.crew.name(p.from) + " meanwhile"},
			{Raise, "the slot moves; the node timeout is raised on all nodes for the while, and set back after that"},
			{Stop, "the job ends here, with nothing open"},
		},
	}
}

// raiseNodeTimeouts raises the node timeout of all nodes, once; the old ones are
// in the checkpoint before any is changed.
func (j *Job) raiseNodeTimeouts(ctx context.Context, to time.Duration) error {
	if to <= j.nodeTimeout {
		return nil
	}
	j.mu.Lock()
	if j.raised == nil {
		j.raised = map[cluster.NodeID]int{}
	}
	j.mu.Unlock()
	s := j.cluster.Latest()
	for i := range s.Nodes {
		id := s.Nodes[i].ID
		v, ok := j.setting(ctx, id, "cluster-node-timeout")
		old, err := strconv.Atoi(v)
		if !ok || err != nil || int64(old) >= to.Milliseconds() {
			continue
		}
		j.mu.Lock()
		if _, twice := j.raised[id]; !twice {
			j.raised[id] = old
		}
		j.mu.Unlock()
		j.checkpoint()
		if _, err := j.crew.do(ctx, id, "CONFIG", "SET", "cluster-node-timeout", to.Milliseconds()); err != nil {
			return fmt.Errorf("the node timeout of %s cannot be raised: %w", j.crew.name(id), err)
		}
	}
	return nil
}

func (j *Job) restoreNodeTimeouts() {
	j.mu.Lock()
	raised := j.raised
	j.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for id, old := range raised {
		if _, err := j.crew.do(ctx, id, "CONFIG", "SET", "cluster-node-timeout", old); err != nil {
			j.remains(fmt.Sprintf("the node timeout of %s was raised and could not be set back: CONFIG SET cluster-node-timeout %d there", j.crew.name(id), old))
			continue
		}
		j.mu.Lock()
		delete(j.raised, id)
		j.mu.Unlock()
	}
}
