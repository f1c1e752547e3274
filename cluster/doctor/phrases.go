package doctor

import (
	"fmt"
	"strings"
	"time"

	"slotdeck/cluster"
)

// subject is "10.0.0.13:7003, primary of shard C (10923-16383, 33 % of the key space), ".
func (e *examination) subject(t ShardTrouble) string {
	where := fmt.Sprintf("shard %s (%s, %s of the key space)", t.Shard, ranges(t.Ranges), percent(t.Slots))
	if t.Cause == NoPrimary {
		return "No node claims to be the primary of " + where
	}
	return nameOf(e.s, t.Node) + ", primary of " + where + ", "
}

func (e *examination) complaint(t ShardTrouble) string {
	lasting := ""
	if t.Silent >= 0 {
		lasting = " for " + span(t.Silent)
	}
	n, _ := e.s.Node(t.Node)
	switch t.Cause {
	case NoPrimary:
		return ""
	case Reading:
		return "has been loading its dataset" + lasting
	case Cut:
		if lasting == "" {
			return "answers the console but not the other nodes"
		}
		return "has answered the console but not the other nodes" + lasting
	case CutOff:
		return "is cut off from the majority"
	}
	if n != nil && n.Health == cluster.Refused {
		return "has refused connections" + lasting
	}
	if n != nil && n.Health == cluster.NoAddress {
		return "has no address any more"
	}
	if lasting == "" {
		return "does not answer"
	}
	return "has not answered" + lasting
}

func (e *examination) agreement(t ShardTrouble) string {
	switch {
	case t.Of == 0 || t.Cause == NoPrimary || t.Cause == CutOff:
		return ""
	case t.Agree > 0:
		return fmt.Sprintf("; %d of %d others agree that it failed", t.Agree, t.Of)
	case t.Suspects > 0:
		return fmt.Sprintf("; %d of %d others %s it", t.Suspects, t.Of, verb(t.Suspects, "suspects", "suspect"))
	}
	return fmt.Sprintf("; none of %s suspects it yet", plural(t.Of, "other", "others"))
}

// outlook is the second sentence: who takes over and when, or why nobody does.
func (e *examination) outlook(t ShardTrouble) string {
	if t.Heals == nil {
		if t.Overdue > 0 {
			return strings.ToUpper(t.Blocked[:1]) + t.Blocked[1:] + ": do not count on it."
		}
		return "It will not heal by itself: " + t.Blocked + "."
	}
	if t.Heals.Replica == "" {
		return "It will be back when that is done" + within(t.Heals.Within, ": expect it within ", "; when is not known") + "."
	}
	expect := ": expect it within "
	if len(t.Candidates) > 0 && t.Candidates[0].Doubt != "" {
		expect = ": if it can, then within "
	}
	return "Replica " + nameOf(e.s, t.Heals.Replica) + " " + t.Heals.Why +
		within(t.Heals.Within, expect, "; when it takes over is not known, as the node timeout is not") + "."
}

func within(d time.Duration, known, unknown string) string {
	if d < 0 {
		return unknown
	}
	seconds := (d + time.Second - 1) / time.Second
	return known + fmt.Sprintf("%d s", seconds)
}

// refusal says what the trouble means for all keys.
func (e *examination) refusal() string {
	v := e.verdict
	switch {
	case v.Served == 0:
		return "No key is served."
	case v.Failing+v.Unassigned > 0:
		return plural(v.Failing+v.Unassigned, "slot is", "slots are") + " not served (" + percent(v.Failing+v.Unassigned) + ")."
	}
	return ""
}

// status is Down when no slot is served, else Degraded.
func (e *examination) status() Status {
	if e.verdict.Served == 0 {
		return Down
	}
	return Degraded
}

// down are the troubles that keep slots from being served.
func (e *examination) down() []ShardTrouble {
	var out []ShardTrouble
	for _, t := range e.verdict.Affected {
		if !t.Cause.Serves() {
			out = append(out, t)
		}
	}
	return out
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
