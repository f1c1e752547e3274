package run

import (
	"context"
	"fmt"
	"time"

	"slotdeck/cluster/plan"
)

// heavy deals with a haul in which a key is larger than the budget allows. It
// tells whether the slot shall stay.
func (p *pair) heavy(ctx context.Context, h *haul) (stays bool, err error) {
	w, _ := p.j.wanted()
	if p.homing || len(h.sizes) == 0 || h.load.heavy && !h.load.raise {
		return false, nil
	}
	all, err := p.j.burdens(ctx, p.from, h.db, h.keys, h.sizes, w.maxBlock)
	if err != nil {
		return false, err
	}
	worst := 0
	for i := range all {
		if all[i].holds > all[worst].holds {
			worst = i
		}
	}
	key := plan.HeavyKey{Node: p.from, Slot: h.load.slot, DB: h.db, Name: h.keys[worst], Kind: all[worst].kind,
		Elements: all[worst].elements, Bytes: h.sizes[worst], Holds: all[worst].holds}
	if key.Holds <= w.maxBlock {
		return false, nil
	}
	if h.load.raise { // agreed to, for the whole slot
		return false, p.j.raiseNodeTimeouts(ctx, enough(key.Holds))
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
		choice = p.j.ask(ctx, p.bigQuestion(key), p.j.opts.Unattended)
		if err := ctx.Err(); err != nil { // nobody has chosen
			return false, err
		}
	}
	switch choice {
	case Anyway:
		h.load.heavy = true
	case Raise:
		h.load.heavy, h.load.raise = true, true
		return false, p.j.raiseNodeTimeouts(ctx, enough(key.Holds))
	case Stop:
		p.j.StopAtBoundary()
		stays = true
	default:
		stays = true
		p.j.remains(fmt.Sprintf("slot %d stays with %s: the %s would hold it for about %v", key.Slot, p.j.crew.name(p.from), key.Text(), key.About()))
	}
	return stays, nil
}

func (p *pair) bigQuestion(key plan.HeavyKey) Question {
	from := p.j.crew.name(p.from)
	q := Question{
		Kind: BigKey, Slot: key.Slot, Default: Skip,
		Text: fmt.Sprintf("the %s would hold %s for about %v%s", key.Text(), from, key.About(), plan.NearTimeout(key.Holds, p.j.nodeTimeout)),
		Choices: []Choice{
			{Skip, "the slot stays where it is"},
			{Anyway, "the slot moves; nobody gets an answer from " + from + " meanwhile"},
		},
	}
	if to := enough(key.Holds); to > p.j.nodeTimeout {
		q.Choices = append(q.Choices, Choice{Raise, fmt.Sprintf("the slot moves; the node timeout is raised to %v on all nodes for the while, and set back after that", to)})
	}
	q.Choices = append(q.Choices, Choice{Stop, "the job ends here, with nothing open"})
	return q
}

// enough is the node timeout with which nobody takes a node that is held so long
// for dead, also when the prediction is half of what it will be.
func enough(holds time.Duration) time.Duration {
	return max(4*holds, time.Second).Round(100 * time.Millisecond)
}
