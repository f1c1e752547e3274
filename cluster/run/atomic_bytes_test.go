package run

import (
	"testing"

	"slotdeck/cluster/plan"
)

func TestBytesOfAtomicMigrationsAreEstimatedFromMeasuredSizesOnly(t *testing.T) {
	sampled, guessed := plan.Amount{N: 5000, How: plan.Sampled}, plan.Amount{N: 5000, How: plan.Guessed}
	keys := plan.Amount{N: 100, How: plan.Reported}
	for _, c := range []struct {
		name       string
		move, plan plan.Amount
		want       int64
	}{
		{"of the move", sampled, plan.Amount{}, 2000},
		{"of the plan, on the way back", plan.Amount{}, sampled, 2000},
		{"guessed only", guessed, guessed, -1},
		{"not known", plan.Amount{}, plan.Amount{}, -1},
	} {
		j := &Job{plan: plan.Plan{Keys: keys, Bytes: c.plan}}
		b := &board{}
		m := &plan.Move{Keys: keys, Bytes: c.move}
		j.weigh(b, m, 0)
		if b.bytes.Done != 0 {
			t.Errorf("%s: %d bytes of no keys", c.name, b.bytes.Done)
		}
		j.weigh(b, m, 30)
		j.weigh(b, m, 10)
		if b.bytes.Done != c.want {
			t.Errorf("%s: %d bytes, want %d", c.name, b.bytes.Done, c.want)
		}
	}
}
