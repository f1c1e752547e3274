package run

import (
	"context"
	"slices"
)

// stream is groups that follow each other: the keys of the last one are gone, it
// is to be handed over; those of the one here move; the next one is to be opened.
type stream struct {
	last, here, next []*load
	halt             error // nothing more is opened
}

func (s *stream) inHand() []*load { return slices.Concat(s.last, s.here, s.next) }

// flow carries groups so that the source never waits for a word: while the keys
// of one group move, the group before is handed over and the next one is opened.
// It ends when all slots are through, when the operator wants something, and
// after what has to be looked at; nothing is open then that it can close.
func (p *pair) flow(ctx, work context.Context) error {
	here, brief := p.next()
	if !brief {
		return p.persist(work, here)
	}
	s := &stream{here: here}
	err := p.guarded(work, func(work context.Context) error { return p.stream(ctx, work, s) })
	if err != nil {
		return p.goOn(work, s.inHand(), err)
	}
	p.patient = false
	if again(s.halt) {
		return nil // the next group meets it, and waits
	}
	return s.halt
}

func (p *pair) stream(ctx, work context.Context, s *stream) (err error) {
	p.inHand = s.here
	if err := p.enter(work, s.here); err != nil {
		return err
	}
	if s.here, err = p.staying(work, s.here); err != nil {
		return err
	}
	if err := p.silence(work); err != nil {
		return err
	}
	for len(s.here)+len(s.last) > 0 {
		s.next = p.upcoming(ctx, s.halt)
		p.inHand = s.inHand()
		p.j.step(MovingKeys, p.from, p.to, s.here)
		err := together(
			func() error { return p.empty(work, s.here) },
			func() (err error) {
				if err = p.leave(work, s.last); err == nil && len(s.next) > 0 {
					s.halt, err = p.follow(work, s.next)
				}
				return err
			})
		if s.halt != nil { // the next one was not begun
			p.rest = slices.Concat(s.next, p.rest)
			s.next = nil
		}
		if err != nil {
			return err
		}
		if err := p.advance(work, s); err != nil {
			return err
		}
	}
	return nil
}

// advance takes each group a step on.
func (p *pair) advance(ctx context.Context, s *stream) error {
	p.closed(s.last)
	s.last = nil
	here, err := p.staying(ctx, s.here)
	if err != nil {
		return err
	}
	next, err := p.staying(ctx, s.next)
	if err != nil {
		return err
	}
	s.last, s.here, s.next = here, next, nil
	return nil
}

// upcoming is the group to be opened now; none when the job shall not go on, or
// when the next one takes long: that one is carried by itself.
func (p *pair) upcoming(ctx context.Context, halt error) []*load {
	w, _ := p.j.wanted()
	if halt != nil || w.ending() || w.paused || ctx.Err() != nil {
		return nil
	}
	rest := p.rest
	group, brief := p.next()
	if !brief {
		p.rest = rest
		return nil
	}
	return group
}

// follow opens a group beside others. Halt is why it was not begun.
func (p *pair) follow(ctx context.Context, group []*load) (halt, err error) {
	if err := p.j.alone(ctx); err != nil {
		return err, nil
	}
	f, err := p.stand(ctx, group)
	if err != nil {
		return err, ctx.Err()
	}
	return nil, p.begun(ctx, group, &f)
}

// enter opens a group.
func (p *pair) enter(ctx context.Context, group []*load) error {
	f, err := p.stand(ctx, group)
	if err != nil {
		return err
	}
	return p.begun(ctx, group, &f)
}

func (p *pair) begun(ctx context.Context, group []*load, f *footing) error {
	group = p.pending(group, f)
	p.j.step(Opening, p.from, p.to, group)
	return p.open(ctx, group, f)
}

// leave hands a group over and lets the checkpoint know.
func (p *pair) leave(ctx context.Context, group []*load) error {
	if len(group) == 0 {
		return nil
	}
	if err := p.hand(ctx, group); err != nil {
		return err
	}
	p.j.checkpoint()
	return nil
}
