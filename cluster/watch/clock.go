package watch

import "time"

// Clock tells the time and wakes; tests bring their own.
type Clock interface {
	Now() time.Time
	// Wake returns a channel that receives once after d, and what releases it
	// before that.
	Wake(d time.Duration) (<-chan time.Time, func())
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Wake(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}
