package run

import (
	"testing"

	"slotdeck/cluster/plan"
	"slotdeck/cluster/spawn"
)

// TestAJobThatPanicsHasNotEnded: whoever waits for it would tell of a report that
// nobody has written, before the panic is told.
func TestAJobThatPanicsHasNotEnded(t *testing.T) {
	caught := make(chan any, 1)
	spawn.OnPanic(func(v any, _ []byte) { caught <- v })
	defer spawn.OnPanic(nil)
	for name, start := range map[string]func() <-chan struct{}{
		"spread": func() <-chan struct{} {
			return StartSpread(t.Context(), nil, plan.SpreadPlan{Steps: make([]plan.SpreadStep, 1)}, SpreadOptions{}).Done()
		},
		"rolling": func() <-chan struct{} { return StartRolling(t.Context(), nil, RollingOptions{}).Done() },
	} {
		done := start()
		<-caught
		select {
		case <-done:
			t.Errorf("%s: it has ended", name)
		default:
		}
	}
}
