package doctor

import (
	"fmt"

	"slotdeck/cluster/quorum"
	"slotdeck/keyslot"
)

func slotsWithoutOwner(e *examination) (Status, string, bool) {
	n := e.verdict.Unassigned
	if n == 0 {
		return 0, "", false
	}
	var free keyslot.Set
	for slot, owner := range e.s.Owner {
		if owner < 0 {
			free.Add(keyslot.Slot(slot))
		}
	}
	rs := free.Ranges()
	which := "Slot " + rs[0].String() + " has"
	if n > 1 {
		which = "Slots " + ranges(rs) + " have"
		if len(rs) > 2 {
			which = slotCount(n) + " have"
		}
	}
	text := which + " no owner (" + percent(n) + " of the key space)"
	switch {
	case e.verdict.Served == 0 && e.verdict.FullCoverage == quorum.Yes:
		text += ", and full coverage is required: no key is served."
	case e.verdict.Served == 0:
		text += ": no key is served."
	case e.verdict.Failing > 0:
		text += fmt.Sprintf(": %d of %d nodes refuse every key, the others serve theirs.", len(e.verdict.SayFail), e.answer)
	default:
		text += "; the other slots are served."
	}
	return e.status(), text + " It will not heal by itself.", true
}

// notTrusted speaks when every primary answers, and nodes still say fail.
func notTrusted(e *examination) (Status, string, bool) {
	v := e.verdict
	if len(v.SayFail) == 0 || v.Failing == 0 {
		return 0, "", false
	}
	var who []string
	for _, id := range v.SayFail {
		who = append(who, nameOf(e.s, id))
	}
	told := len(v.SayFail) + len(v.SayOK)
	if len(v.SayOK) == 0 {
		return e.status(), fmt.Sprintf("Every slot has an owner and every primary answers, yet all %d nodes say fail: no key is served. After a restart that takes some seconds; if it stays, check the bus ports.", told), true
	}
	return e.status(), fmt.Sprintf("%s of %d nodes %s that the cluster fails (%s), the others say ok: %s not served there. After a failover or a rejoin that lasts some seconds.",
		fmt.Sprint(len(v.SayFail)), told, verb(len(v.SayFail), "says", "say"), list(who), plural(v.Failing, "slot is", "slots are")), true
}
