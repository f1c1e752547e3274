package doctor

import (
	"fmt"
	"time"

	"slotdeck/cluster/quorum"
	"slotdeck/keyslot"
)

func shardDown(e *examination) (Status, string, bool) {
	down := e.down()
	if len(down) != 1 {
		return 0, "", false
	}
	t := down[0]
	text := e.subject(t) + e.complaint(t) + e.agreement(t)
	if e.verdict.Served == 0 && t.Slots < keyslot.Count {
		text += ", so no key is served"
		if e.verdict.FullCoverage == quorum.Yes {
			text += " (full coverage)"
		}
	}
	return e.status(), text + ". " + e.outlook(t), true
}

func manyShardsDown(e *examination) (Status, string, bool) {
	down := e.down()
	if len(down) < 2 {
		return 0, "", false
	}
	slots := 0
	for _, t := range down {
		slots += t.Slots
	}
	text := fmt.Sprintf("%d shards have no serving primary (%s, %s of the key space): %s%s", len(down), slotCount(slots), percent(slots), list(e.names(down)), e.longest(down))
	if e.verdict.Served == 0 && slots < keyslot.Count {
		text += ", so no key is served"
	}
	var stuck, healing []string
	for _, t := range down {
		if t.Heals == nil {
			stuck = append(stuck, t.Shard)
		} else {
			healing = append(healing, t.Shard)
		}
	}
	text += ". "
	switch worst := down[0]; {
	case len(stuck) == 0:
		text += list(healing) + " are expected to heal by themselves" + e.when(down) + "."
	case len(healing) == 0:
		text += "None will heal by itself; " + worst.Shard + ": " + worst.Blocked + "."
	default:
		text += worst.Shard + " will not heal by itself: " + worst.Blocked + "; " + list(healing) + verb(len(healing), " is", " are") + " expected to."
	}
	return e.status(), text, true
}

// when is by when the last of the healing shards should be back.
func (e *examination) when(ts []ShardTrouble) string {
	var last time.Duration
	for _, t := range ts {
		if t.Heals == nil || t.Heals.Within < 0 {
			return ""
		}
		last = max(last, t.Heals.Within)
	}
	return within(last, " within ", "")
}
