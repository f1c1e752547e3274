package doctor

import (
	"fmt"
	"time"
)

// majorityLost speaks when nothing can be elected any more.
func majorityLost(e *examination) (Status, string, bool) {
	v := e.verdict.Voters
	down := e.down()
	if len(down) == 0 || len(v.IDs) < 2 {
		return 0, "", false
	}
	reach := len(v.Answering)
	if reach >= v.Need {
		best := 0
		for _, id := range v.Answering {
			if seen, ok := v.Sees(e.s, id); !ok || seen >= v.Need {
				return 0, "", false
			} else {
				best = max(best, seen)
			}
		}
		return e.status(), fmt.Sprintf("The primaries do not reach one another: all %d answer the console, but none sees more than %d of %d, and %d are needed. %s Check the bus ports and the network between the nodes.",
			reach, best, v.Size, v.Need, e.refusal()), true
	}
	text := fmt.Sprintf("Only %d of %d voting primaries %s, %d are needed: no replica can be elected. ", reach, v.Size, verb(reach, "answers", "answer"), v.Need)
	text += list(e.names(down)) + " " + verb(len(down), "is", "are") + " silent" + e.longest(down) + ". "
	return e.status(), text + e.refusal() + " If the rest lives elsewhere, it may go on without this side.", true
}

func (e *examination) names(ts []ShardTrouble) []string {
	var out []string
	for _, t := range ts {
		if t.Cause == CutOff {
			continue
		}
		out = append(out, t.Shard+" "+nameOf(e.s, t.Node))
	}
	return out
}

func (e *examination) longest(ts []ShardTrouble) string {
	d := time.Duration(-1)
	for _, t := range ts {
		if t.Cause != CutOff {
			d = max(d, t.Silent)
		}
	}
	if d < 0 {
		return ""
	}
	return " (up to " + span(d) + ")"
}
