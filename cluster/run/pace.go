package run

import (
	"context"
	"sync"
	"time"
)

// pace sizes the calls that hold a server: as large as the latency budget
// allows, by what the last ones took. A unit is one key of 512 bytes or less; a
// larger key counts for more.
type pace struct {
	mu     sync.Mutex
	units  float64   // that fit into one call
	strain float64   // 0 to 1: how much of the budget may be used now
	fixed  int       // Options.KeysPerCall
	free   time.Time // when the throttle lets the next keys go
	speed  float64   // units a second, lately
}

const (
	firstUnits = 64
	mostUnits  = 4096
	unitBytes  = 512
	// aim is which part of the budget a call shall take: what is left is for
	// keys that turn out dearer than the last ones.
	aim = 0.6
)

func newPace(keysPerCall int) *pace {
	return &pace{units: firstUnits, strain: 1, fixed: keysPerCall}
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
	return max(1, p.units*p.strain), mostUnits
}

// learn takes into account what a call took. One that was cut short by a lack
// of keys cannot make the next larger.
func (p *pace) learn(units float64, took, budget time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if units <= 0 || took <= 0 {
		return
	}
	rate := units / took.Seconds()
	if p.speed == 0 {
		p.speed = rate
	}
	p.speed += (rate - p.speed) / 4
	fit := units * aim * budget.Seconds() / took.Seconds()
	switch {
	case fit < p.units:
		p.units = max(1, min(fit, p.units), p.units/4)
	case units >= p.units*p.strain*0.7:
		p.units = min(fit, p.units*2, mostUnits)
	}
}

// slow and recover let the nodes breathe: the warden calls them.
func (p *pace) slow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.strain = max(p.strain/2, 1.0/16)
}

func (p *pace) recover() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.strain = min(1, p.strain*1.25)
}

// takes predicts how long so many keys will take.
func (p *pace) takes(keys int64, throttle int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	rate := p.speed
	if rate <= 0 {
		rate = 20000
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
