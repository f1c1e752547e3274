package run

import (
	"testing"
	"time"
)

func TestEachOfThreeSignalsSlowsAMove(t *testing.T) {
	const budget = 10 * time.Millisecond // so that 35 ms are the bound
	for claim, c := range map[string]struct {
		signals signals
		slow    bool
	}{
		"nothing is wrong":                        {signals{source: time.Millisecond, target: time.Millisecond}, false},
		"both are as slow as is borne":            {signals{source: 35 * time.Millisecond, target: 35 * time.Millisecond}, false},
		"the source is slow":                      {signals{source: 36 * time.Millisecond}, true},
		"the target is slow":                      {signals{target: 36 * time.Millisecond}, true},
		"a replica is as far behind as is borne":  {signals{behind: slowReplica}, false},
		"a replica is behind":                     {signals{behind: slowReplica + 1}, true},
		"the target has no limit":                 {signals{used: 1 << 40}, false},
		"the target has used what is borne of it": {signals{used: 90, limit: 100}, false},
		"the target is nearly full":               {signals{used: 91, limit: 100}, true},
	} {
		if got := c.signals.strained(budget); got != c.slow {
			t.Errorf("%s: %v", claim, got)
		}
	}
}
