package run

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// persevere does a step of a recovery until it is done, or until what stands in
// its way does not pass. After a MIGRATE that was not answered only this pair
// knows which copies the target may hold: whoever came later would take those of
// keys that clients have removed meanwhile for keys that had moved.
func (p *pair) persevere(ctx context.Context, step func() error) error {
	for try := 1; ; try++ {
		before := p.progress()
		err := step()
		if p.progress() != before {
			try = 1 // slowly, but it goes on
		}
		if err == nil || try == mostTries || !passing(err) || ctx.Err() != nil {
			return err
		}
		if err := p.backAgain(ctx, err); err != nil {
			return err
		}
	}
}

// backAgain waits until both nodes answer, as the primaries that they were: when
// one was failed over, the slot has to be looked at anew.
func (p *pair) backAgain(ctx context.Context, cause error) error {
	patience := 3*p.j.nodeTimeout + 10*time.Second
	p.j.say(Settling, fmt.Sprintf("waiting for %s and %s: %s", p.j.crew.name(p.from), p.j.crew.name(p.to), brief(cause)))
	defer p.j.say(Moving, "")
	for deadline := time.Now().Add(patience); ; {
		f, err := p.look(ctx)
		if err == nil {
			err = p.roles(&f)
		}
		var role *roleChange
		switch {
		case err == nil:
			return nil
		case errors.As(err, &role):
			return fmt.Errorf("%w; look again (it began with: %s)", err, brief(cause))
		case !passing(err) || ctx.Err() != nil:
			return err
		case time.Now().After(deadline):
			return fmt.Errorf("not settled within %v: %w (it began with: %s)", patience.Round(time.Second), err, brief(cause))
		}
		if err := pause(ctx, 25*time.Millisecond); err != nil {
			return err
		}
	}
}

// handOver gives one slot of a recovery to its target; it may be called again.
func (p *pair) handOver(ctx context.Context, l *load) error {
	if err := p.base(ctx); err != nil {
		return err
	}
	if !p.toOwn.Has(l.slot) {
		if err := p.j.bringFunctions(ctx, p.from, p.to, p.toOwn.Empty()); err != nil {
			return err
		}
		p.j.want[l.slot] = p.to
		return p.hand(ctx, []*load{l})
	}
	p.j.want[l.slot] = p.to
	p.moved(l)
	return p.tellSource(ctx, []*load{l})
}
