package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/quorum"
	"slotdeck/keyslot"
)

// situation tells whether it applies, and the verdict if so.
type situation func(*examination) (Status, string, bool)

// situations are all that are known, the worst first. The first that applies
// speaks; the last always does.
func situations() []situation {
	return []situation{
		noContact, forming, majorityLost, manyShardsDown, shardDown, slotsWithoutOwner,
		notTrusted, disputed, outOfSight, flapping, bare, served,
	}
}

func noContact(e *examination) (Status, string, bool) {
	if e.answer > 0 || slices.ContainsFunc(e.s.Nodes, func(n cluster.Node) bool { return n.Health == cluster.Loading }) {
		return 0, "", false
	}
	count := map[cluster.Health]int{}
	var last time.Time
	for i := range e.s.Nodes {
		count[e.s.Nodes[i].Health]++
		if seen := e.s.Nodes[i].LastSeen; seen.After(last) {
			last = seen
		}
	}
	all := len(e.s.Nodes)
	switch {
	case all == 0 && len(e.s.Seeds) == 0, all > 0 && count[cluster.Unknown] == all:
		return NoContact, "No node has answered yet.", true
	case all == 0:
		var addrs []string
		for _, seed := range e.s.Seeds {
			addrs = append(addrs, clean(seed.Addr))
		}
		return NoContact, "No answer from " + list(addrs) + ": nothing is known of the cluster.", true
	case count[cluster.Denied] == all:
		return NoContact, fmt.Sprintf("%s the console's user or password: the cluster may be well, but nothing can be read.",
			each(all, "refuses", "refuse")), true
	case count[cluster.Refused] == all:
		return NoContact, each(all, "refuses", "refuse") + " connections: nothing listens there." + lastAnswer(e.s.At, last), true
	}
	return NoContact, "None of " + plural(all, "node", "nodes") + " answers the console: its own network may be at fault." + lastAnswer(e.s.At, last), true
}

func each(n int, one, many string) string {
	if n == 1 {
		return "The only node " + one
	}
	return fmt.Sprintf("All %d nodes %s", n, many)
}

func lastAnswer(now, last time.Time) string {
	if last.IsZero() {
		return ""
	}
	return " The last answer came " + span(now.Sub(last)) + " ago."
}

func forming(e *examination) (Status, string, bool) {
	if e.verdict.Unassigned == keyslot.Count {
		text := "No slot has an owner: the cluster is not created yet; "
		if n := len(e.s.Nodes); n == 1 {
			return Forming, text + "1 node stands alone.", true
		}
		return Forming, text + plural(len(e.s.Nodes), "node is", "nodes are") + " known.", true
	}
	if len(e.verdict.Affected) > 0 || e.verdict.Unassigned > 0 || e.verdict.Served > 0 {
		return 0, "", false
	}
	young, meeting := true, 0
	for i := range e.s.Nodes {
		n := &e.s.Nodes[i]
		if n.Member.Flags.Has(cluster.Handshake) {
			meeting++
		}
		if n.Health == cluster.Answering && (!n.Info.Known() || n.Stats.Uptime > time.Minute) {
			young = false
		}
	}
	if meeting == 0 && !young {
		return 0, "", false
	}
	text := fmt.Sprintf("All slots have owners, but %d of %d nodes still say fail: the nodes are joining", len(e.verdict.SayFail), e.answer)
	if meeting > 0 {
		return Forming, text + ", " + plural(meeting, "handshake", "handshakes") + " to go.", true
	}
	return Forming, text + ", which takes some seconds.", true
}

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

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
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

// status is Down when no slot is served, else Degraded.
func (e *examination) status() Status {
	if e.verdict.Served == 0 {
		return Down
	}
	return Degraded
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
		return "answers the console but not the other nodes" + lasting
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
		return "It will not heal by itself: " + t.Blocked + "."
	}
	if t.Heals.Replica == "" {
		return "It will be back when that is done: " + within(t.Heals.Within, "expect it within ", "when is not known") + "."
	}
	return "Replica " + nameOf(e.s, t.Heals.Replica) + " " + t.Heals.Why + ": " +
		within(t.Heals.Within, "expect it within ", "when is not known, as the node timeout is not") + "."
}

func within(d time.Duration, known, unknown string) string {
	if d < 0 {
		return unknown
	}
	seconds := (d + time.Second - 1) / time.Second
	return known + fmt.Sprintf("%d s", seconds)
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
		text += list(healing) + " are expected to heal by themselves."
	case len(healing) == 0:
		text += "None will heal by itself; " + worst.Shard + ": " + worst.Blocked + "."
	default:
		text += worst.Shard + " will not heal by itself: " + worst.Blocked + "; " + list(healing) + verb(len(healing), " is", " are") + " expected to."
	}
	return e.status(), text, true
}

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
	return e.status(), fmt.Sprintf("%s of %d nodes %s that the cluster fails (%s), the others say ok: %s not served there. After a rejoin that takes some seconds.",
		fmt.Sprint(len(v.SayFail)), told, verb(len(v.SayFail), "says", "say"), list(who), plural(v.Failing, "slot is", "slots are")), true
}

func disputed(e *examination) (Status, string, bool) {
	if len(e.s.Disputes) == 0 {
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

// outOfSight speaks when others vouch for a primary that the console cannot read.
func outOfSight(e *examination) (Status, string, bool) {
	if len(e.verdict.Affected) == 0 {
		return 0, "", false
	}
	t := e.verdict.Affected[0]
	n, _ := e.s.Node(t.Node)
	others := fmt.Sprintf("none of %s suspects it: clients are probably served", plural(t.Of, "other", "others"))
	more := ""
	if k := len(e.verdict.Affected) - 1; k > 0 {
		more = fmt.Sprintf(" %s more like it.", plural(k, "primary", "primaries"))
	}
	if t.Cause == LockedOut {
		why := "refuses the console's user or password"
		if n.Health == cluster.Rubbish {
			why = "answers the console with something that is no server's answer"
		}
		return Degraded, e.subject(t) + why + ", but " + others + "." + more, true
	}
	return Degraded, e.subject(t) + e.complaint(t) + ", but " + others + "." + more + " Check the way from here to there.", true
}

const (
	flapWindow = time.Minute
	flapCount  = 4 // changes of health or flags of one node within the window
)

func flapping(e *examination) (Status, string, bool) {
	times := map[cluster.NodeID]int{}
	var worst cluster.NodeID
	for _, ev := range e.s.Events {
		if ev.Kind != cluster.HealthChanged && ev.Kind != cluster.FlagChanged || e.s.At.Sub(ev.At) > flapWindow {
			continue
		}
		if times[ev.Node]++; times[ev.Node] >= flapCount && times[ev.Node] > times[worst] {
			worst = ev.Node
		}
	}
	if worst == "" {
		return 0, "", false
	}
	return Degraded, fmt.Sprintf("%s comes and goes: its state changed %d times in the last minute, and it may be failed over at any moment. All slots are served now.",
		nameOf(e.s, worst), times[worst]), true
}

// bare speaks when a failure has left a shard without a working replica.
func bare(e *examination) (Status, string, bool) {
	var worst *cluster.Node
	var letters []string
	for i := range e.s.Shards {
		shard := &e.s.Shards[i]
		if shard.SlotLen == 0 || len(shard.Replicas) == 0 {
			continue
		}
		candidates := quorum.Candidates(e.s, shard)
		if len(candidates) == 0 || candidates[0].Eligible && sound(e.s, candidates[0].Node) {
			continue
		}
		letters = append(letters, shard.Letter)
		if worst == nil {
			worst, _ = e.s.Node(candidates[0].Node)
		}
	}
	if worst == nil {
		return 0, "", false
	}
	n, why := worst, "does not answer"
	for _, c := range quorum.Candidates(e.s, shardOf(e.s, n)) {
		if c.Node == n.ID && c.Why != "" {
			why = c.Why
		}
	}
	text := fmt.Sprintf("All slots are served, but shard %s has no replica that could take over: %s %s", letters[0], name(n), why)
	if len(letters) > 1 {
		text += "; so have " + list(letters[1:])
		text = strings.Replace(text, "so have", "nor have", 1)
	}
	return Degraded, text + ".", true
}

func sound(s *cluster.Snapshot, id cluster.NodeID) bool {
	n, ok := s.Node(id)
	return ok && n.Health != cluster.NoAnswer && n.Health != cluster.Refused
}

func shardOf(s *cluster.Snapshot, n *cluster.Node) *cluster.Shard {
	for i := range s.Shards {
		if slices.Contains(s.Shards[i].Replicas, n.ID) || s.Shards[i].Primary == n.ID {
			return &s.Shards[i]
		}
	}
	return &cluster.Shard{}
}

const freshFailover = time.Minute // for how long the verdict recalls a change of primary

func served(e *examination) (Status, string, bool) {
	text := "All 16384 slots are served"
	for i := len(e.s.Events) - 1; i >= 0; i-- {
		ev := e.s.Events[i]
		n, ok := e.s.Node(ev.Node)
		if ev.Kind == cluster.RoleChanged && ok && n.Member.Flags.Has(cluster.Primary) && e.s.At.Sub(ev.At) < freshFailover {
			return OK, fmt.Sprintf("%s; %s became primary of shard %s %s ago.", text, name(n), shardOf(e.s, n).Letter, span(e.s.At.Sub(ev.At))), true
		}
	}
	text += " by " + plural(len(e.verdict.Voters.IDs), "primary", "primaries")
	var gone []string
	for i := range e.s.Nodes {
		n := &e.s.Nodes[i]
		if n.Health == cluster.NoAnswer || n.Health == cluster.Refused {
			gone = append(gone, name(n))
		}
	}
	if len(gone) > 0 {
		return OK, text + "; " + list(gone) + verb(len(gone), " does", " do") + " not answer.", true
	}
	return OK, text + "; all " + plural(e.answer, "node", "nodes") + " answer.", true
}
