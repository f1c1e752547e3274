package doctor

import (
	"fmt"
	"time"

	"slotdeck/cluster"
)

// spreading is for how long nodes may tell of different owners while all is
// well: after a failover, a move or a meeting they hear of it one by one, and
// the console asks them one by one.
const spreading = 2 * time.Second

// youngDispute reports whether the disagreement began a moment ago, before the
// console's eyes. One that was there at its first look is not young.
func (e *examination) youngDispute() bool {
	var began time.Time
	for _, ev := range e.s.Events {
		if ev.Kind == cluster.DisputeChanged {
			if ev.Gravity == cluster.Good {
				began = time.Time{}
			} else if began.IsZero() {
				began = ev.At
			}
		}
	}
	return !began.IsZero() && e.s.At.Sub(began) < spreading
}

func disputed(e *examination) (Status, string, bool) {
	if len(e.s.Disputes) == 0 || e.youngDispute() {
		return 0, "", false
	}
	slots := 0
	for _, d := range e.s.Disputes {
		slots += d.Range.Len()
	}
	d := e.s.Disputes[0]
	var claims []string
	for _, c := range d.Says {
		who := nameOf(e.s, c.Owner)
		if c.Owner != "" {
			who += fmt.Sprintf(" (epoch %d)", c.Epoch)
		}
		claims = append(claims, fmt.Sprintf("%d %s %s", len(c.By), verb(len(c.By), "says", "say"), who))
	}
	what := "slots "
	if d.Range.Len() == 1 {
		what = "slot "
	}
	text := "The nodes disagree about who owns " + what + d.Range.String() + ": " + list(claims) + "."
	if len(e.s.Disputes) > 1 {
		text += fmt.Sprintf(" %d slots are in dispute in all.", slots)
	}
	return Degraded, text + " The higher epoch wins; clients are sent back and forth until then.", true
}
