package run

import (
	"context"
	"sync"
	"time"
)

// pace sizes the calls that hold a server: large enough to be fast, and as large
// as the latency budget allows at the most, by what the last ones took. A unit is
// one key of 512 bytes or less; a larger key counts for more.
type pace struct {
	mu     sync.Mutex
	units  float64       // that fit into one call
	strain float64       // 0 to 1: how much of the time calls may take now
	slack  float64       // how many times more a call may take, rather than to divide a slot
	fixed  int           // Options.KeysPerCall
	free   time.Time     // when the throttle lets the next keys go
	way    time.Duration // to the source and back, at the best; 0 when not known
	done   float64       // units of the last calls, the older the less
	held   float64       // seconds that those held the source
}

const (
	firstUnits = 64
	// fewestUnits is 4 KiB: less in a call holds a server no shorter, and a move
	// of single keys on a machine that is busy for other reasons never ends.
	fewestUnits = 8
	mostUnits   = 4096
	unitBytes   = 512
	// aim is which part of the budget a call takes at the most: what is left is
	// for keys that turn out dearer than the last ones.
	aim = 0.6
	// handy is what a call shall take when the budget would allow more: larger
	// ones are hardly faster, and clients wait for them.
	handy = time.Millisecond
	fade  = 0.8
)

func newPace(keysPerCall int) *pace {
	return &pace{units: firstUnits, strain: 1, slack: 1, fixed: keysPerCall}
}

func unitsOf(bytes int64) float64 {
	return max(1, float64(bytes)/unitBytes)
}

// size is how many units and keys the next call may have.
func (p *pace) size() (units float64, keys int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fixed > 0 {
		return 1e18, p.fixed
	}
	return p.units, mostUnits
}

func (p *pace) stretch() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slack
}

// far is how long the way to the source and back takes, nearby takes note of it.
func (p *pace) far() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.way
}

func (p *pace) nearby(way time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if way > 0 && (p.way == 0 || way < p.way) {
		p.way = way
	}
}

// learn takes into account how long a call held the source; over is true when
// that was longer than the budget. A call that was cut short by a lack of keys
// cannot make the next larger.
func (p *pace) learn(units float64, held, budget time.Duration) (over bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if units <= 0 {
		return false
	}
	p.done, p.held = p.done*fade+units, p.held*fade+held.Seconds()
	rate := p.done / max(p.held, 1e-6)
	most := min(rate*aim*budget.Seconds(), mostUnits)
	if over = held > budget; over {
		most = min(most, units*aim*budget.Seconds()/held.Seconds())
	}
	// A console far away calls seldom: then a call has to bring more. Where each
	// call takes long whatever is in it, tiny ones help nobody.
	fit := min(max(rate*max(handy, p.way).Seconds(), firstUnits), most)
	p.slack = max(1, min(2, most/fit))
	switch {
	case fit < p.units:
		p.units = max(fewestUnits, fit, p.units/4)
	case units >= p.units*0.5:
		p.units = min(fit, p.units*2)
	}
	return over
}

// slow and recover let the nodes breathe: the warden calls them.
func (p *pace) slow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.strain = max(p.strain/2, 1.0/4)
}

func (p *pace) recover() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.strain = min(1, p.strain*1.5)
}

// breather is how long the source is left alone after a call: smaller calls
// would cost it more for the same keys.
func (p *pace) breather(held time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return min(time.Duration(hands*float64(held)*(1/p.strain-1)), 100*time.Millisecond)
}

// takes predicts how long so many keys will take.
func (p *pace) takes(keys int64, throttle int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	rate := 20000.0
	if p.held > 0 {
		rate = p.done / p.held
	}
	if throttle > 0 {
		rate = min(rate, float64(throttle))
	}
	return time.Duration(float64(keys) / rate * float64(time.Second))
}

// await holds the next keys back as long as the throttle demands. A job that is
// ending does not wait.
func (p *pace) await(ctx context.Context, j *Job, keys int) {
	for {
		w, changed := j.wanted()
		if w.throttle <= 0 || w.ending() || j.leaving() {
			return
		}
		p.mu.Lock()
		now := time.Now()
		if p.free.Before(now) {
			p.free = now.Add(time.Duration(float64(keys) / float64(w.throttle) * float64(time.Second)))
			p.mu.Unlock()
			return
		}
		wait := p.free.Sub(now)
		p.mu.Unlock()
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-changed:
		case <-j.leave:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}
