package doctor

import (
	"time"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

const sec = time.Second

type verdictCase struct {
	name     string
	made     *bench
	status   Status
	served   int // slots
	sentence string
}

// dead is a cluster whose primary C is gone and agreed to be, under no full coverage.
func dead(replicas int, ago time.Duration) *bench {
	b := build(3, replicas).silent(ago, "C").set("cluster-require-full-coverage", "no")
	for nick := range b.ids {
		b.say(cluster.Fail, "C", nick)
	}
	return b
}

func verdicts() []verdictCase {
	const all, ab = 16384, 10922
	var out []verdictCase
	for _, group := range [][]verdictCase{
		primaryGone(all, ab), replicasUnfit(ab), majorityGone(), primaryOdd(all, ab),
		slotTrouble(all), youngClusters(), noContacts(), quietOnes(all),
	} {
		out = append(out, group...)
	}
	return out
}

func primaryGone(all, ab int) []verdictCase {
	return []verdictCase{
		{"primary dead and agreed", dead(1, 5*sec), Degraded, ab, ""},
		{"primary dead and agreed, full coverage", dead(1, 5*sec).set("cluster-require-full-coverage", "yes").allFail(), Down, 0, ""},
		{"primary dead, coverage rule not known", dead(1, 5*sec).forgetSettings().allFail(), Down, 0, ""},
		{"primary dead without a replica", dead(0, 5*sec), Degraded, ab, ""},
		{"primary dead just now, nobody noticed", build(3, 1).silent(1200*time.Millisecond, "C"), Degraded, ab, ""},
		{"primary frozen, one other suspects it", build(3, 1).silent(3300*time.Millisecond, "C").say(cluster.PFail, "C", "A", "A1"), Degraded, ab, ""},
		{"primary's process gone", build(3, 1).health(cluster.Refused, 400*time.Millisecond, "C"), Degraded, ab, ""},
		{"election overdue", dead(1, 90*sec), Degraded, ab, ""},
		{"agreement overdue", build(3, 1).silent(30*sec, "C").say(cluster.PFail, "C", "A"), Degraded, ab, ""},
		{"node timeout not known, not agreed", build(3, 1).forgetSettings().silent(3*sec, "C").say(cluster.PFail, "C", "A"), Degraded, ab, ""},
		{"two of five primaries dead", two(1), Degraded, 9830, ""},
		{"two of five primaries dead, one without a replica", two(0), Degraded, 9830, ""},
		{"only primary dead", build(1, 0).silent(5*sec, "A"), NoContact, 0, ""},
		{"only primary dead, its replica cannot be elected", build(1, 1).silent(65*sec, "A"), Down, 0, ""},
	}
}

// two primaries of five are gone; B1 is the only replica of B, and E has so many.
func two(replicasOfE int) *bench {
	b := build(5, 1).silent(5*sec, "B", "E").set("cluster-require-full-coverage", "no")
	for _, nick := range []string{"A", "C", "D", "A1", "B1"} {
		b.say(cluster.Fail, "B", nick).say(cluster.Fail, "E", nick)
	}
	if replicasOfE == 0 {
		b.s.Shards[4].Replicas = nil
	}
	return b
}

func replicasUnfit(ab int) []verdictCase {
	noFailover := dead(1, 5*sec)
	noFailover.node("C1").Member.Flags |= cluster.NoFailover
	ahead := dead(2, 5*sec)
	ahead.node("C1").Stats.Offset = 400
	behind := dead(1, 5*sec)
	behind.node("C").Stats.Offset = 5<<20 + 1000
	noOffset := dead(1, 5*sec)
	noOffset.node("C").Info = cluster.Reading[cluster.Info]{}
	locked := dead(1, 5*sec).health(cluster.Denied, 9*sec, "C1")
	return []verdictCase{
		{"replica dead, too", dead(1, 5*sec).silent(5*sec, "C1").say(cluster.Fail, "C1", "A", "B"), Degraded, ab, ""},
		{"replica too old", dead(1, 5*sec).linkDown("C1", 400), Degraded, ab, ""},
		{"both replicas too old", dead(2, 5*sec).linkDown("C1", 400).linkDown("C2", 900), Degraded, ab, ""},
		{"replica old, limit not known", dead(1, 5*sec).linkDown("C1", 400).forgetSettings(), Degraded, ab, ""},
		{"replica old, no limit set", dead(1, 5*sec).linkDown("C1", 400).set("cluster-replica-validity-factor", "0"), Degraded, ab, ""},
		{"replica never linked", dead(1, 5*sec).linkDown("C1", -1), Degraded, ab, ""},
		{"replica must not fail over", noFailover, Degraded, ab, ""},
		{"replica set not to fail over", dead(1, 5*sec).set("cluster-replica-no-failover", "yes"), Degraded, ab, ""},
		{"replica loading", dead(1, 5*sec).health(cluster.Loading, 20*sec, "C1"), Degraded, ab, ""},
		{"replica not known to the majority", dead(1, 5*sec).ignore("C1", "A", "B"), Degraded, ab, ""},
		{"replica locked to the console", locked, Degraded, ab, ""},
		{"the replica further ahead is named", ahead, Degraded, ab, ""},
		{"replica behind", behind, Degraded, ab, ""},
		{"offsets not known", noOffset, Degraded, ab, ""},
	}
}

func majorityGone() []verdictCase {
	lost := build(3, 1).silent(20*sec, "B", "C").say(cluster.PFail, "B", "A", "A1", "B1", "C1").say(cluster.PFail, "C", "A", "A1", "B1", "C1").allFail()
	minority := build(3, 1).silent(20*sec, "B", "C", "B1", "C1", "A1").fails("A")
	for _, of := range []string{"B", "C", "B1", "C1", "A1"} {
		minority.say(cluster.PFail, of, "A")
	}
	bus := build(3, 1).allFail()
	for _, who := range []string{"A", "B", "C"} {
		for _, of := range []string{"A", "B", "C"} {
			if who != of {
				bus.say(cluster.PFail, of, who)
			}
		}
	}
	return []verdictCase{
		{"majority lost", lost, Down, 0, ""},
		{"minority side of a partition", minority, Down, 0, ""},
		{"no bus port is open", bus, Down, 0, ""},
	}
}

func primaryOdd(all, ab int) []verdictCase {
	bus := build(3, 1).say(cluster.Fail, "C", "A", "B", "A1", "B1", "C1").say(cluster.PFail, "A", "C").say(cluster.PFail, "B", "C").fails("C")
	bus.node("C").Since = noon.Add(-time.Hour)
	headless := dead(1, 5*sec)
	headless.s.Shards[2].Primary = ""
	return []verdictCase{
		{"one bus port closed", bus, Degraded, ab, ""},
		{"primary loading", build(3, 1).health(cluster.Loading, 12*sec, "C").info("C", "loading_eta_seconds", "40"), Degraded, ab, ""},
		{"primary loading, end not known", build(3, 0).health(cluster.Loading, 12*sec, "C"), Degraded, ab, ""},
		{"primary loading for so long that it failed", dead(1, 5*sec).health(cluster.Loading, 12*sec, "C"), Degraded, ab, ""},
		{"primary out of the console's sight", build(3, 1).silent(40*sec, "C"), Degraded, all, ""},
		{"primary locked to the console", build(3, 1).health(cluster.Denied, 40*sec, "C"), Degraded, all, ""},
		{"primary is something else", build(3, 1).health(cluster.Rubbish, 40*sec, "C"), Degraded, all, ""},
		{"shard without a primary", headless, Degraded, ab, ""},
	}
}

func slotTrouble(all int) []verdictCase {
	disputed := build(3, 1)
	disputed.s.Disputes = []cluster.Dispute{{Range: keyslot.Range{First: 100, Last: 199}, Says: []cluster.Claim{
		{Owner: disputed.ids["A"], Epoch: 7, By: []cluster.NodeID{disputed.ids["A"], disputed.ids["C"]}},
		{Owner: disputed.ids["B"], Epoch: 5, By: []cluster.NodeID{disputed.ids["B"]}},
	}}}
	return []verdictCase{
		{"slot without owner, full coverage", build(3, 1).disown(5461, 5461).allFail(), Down, 0, ""},
		{"slots without owner, no coverage needed", build(3, 1).disown(100, 1099).set("cluster-require-full-coverage", "no"), Degraded, all - 1000, ""},
		{"slots without owner in the view of one", build(3, 1).disown(100, 100).fails("A", "A1"), Degraded, 10923, ""},
		{"two nodes claim slots", disputed, Degraded, all, ""},
	}
}

func youngClusters() []verdictCase {
	young := build(3, 0).allFail()
	meeting := build(3, 0).allFail()
	meeting.node("B").Member.Flags = cluster.Handshake
	for _, nick := range []string{"A", "B", "C"} {
		young.node(nick).Stats.Uptime = 3 * sec
	}
	return []verdictCase{
		{"nothing assigned", build(3, 0).disown(0, keyslot.Count-1).allFail(), Forming, 0, ""},
		{"one lone node", build(1, 0).disown(0, keyslot.Count-1).allFail(), Forming, 0, ""},
		{"nodes joining", young, Forming, 0, ""},
		{"nodes meeting", meeting, Forming, 0, ""},
		{"one primary rejoined", build(3, 1).fails("C"), Degraded, 10922, ""},
		{"all say fail without a reason", build(3, 1).allFail(), Down, 0, ""},
	}
}

func noContacts() []verdictCase {
	nobody := build(0, 0)
	nobody.s.Seeds = []cluster.SeedState{{Addr: "10.0.0.11:7001"}, {Addr: "ten\x1b[31m"}}
	unasked := build(3, 1)
	for i := range unasked.s.Nodes {
		unasked.s.Nodes[i].Health = cluster.Unknown
	}
	six := []string{"A", "B", "C", "A1", "B1", "C1"}
	return []verdictCase{
		{"console cut off from everything", build(3, 1).silent(30*sec, six...), NoContact, 0, ""},
		{"nothing listens anywhere", build(3, 1).health(cluster.Refused, 30*sec, six...), NoContact, 0, ""},
		{"everybody denies", build(3, 1).health(cluster.Denied, 30*sec, six...), NoContact, 0, ""},
		{"seeds do not answer", nobody, NoContact, 0, ""},
		{"nobody asked yet", unasked, NoContact, 0, ""},
		{"nothing at all", build(0, 0), NoContact, 0, ""},
	}
}

func quietOnes(all int) []verdictCase {
	failover := build(3, 1).event(cluster.RoleChanged, 8*sec, "C1", "is primary now")
	failover.s.Shards[2].Primary, failover.s.Shards[2].Replicas = failover.ids["C1"], []cluster.NodeID{failover.ids["C"]}
	failover.node("C1").Member.Flags, failover.node("C").Member.Flags = cluster.Primary, cluster.Replica
	failover.node("C1").Member.Slots, failover.node("C").Member.Slots = failover.node("C").Member.Slots, nil
	failover.node("C").Member.Primary, failover.node("C").Stats.LinkUp = failover.ids["C1"], true
	flapping := build(3, 1)
	for i := range 5 {
		flapping.event(cluster.FlagChanged, time.Duration(50-10*i)*sec, "C", "fail?")
	}
	met := build(3, 1)
	stuck := met.join("X", -1, 9)
	stuck.Member.Flags, stuck.Health = cluster.Handshake, cluster.NoAnswer
	hostile := dead(0, 5*sec)
	hostile.node("C").Member.Endpoint.IP = "10\x1b[2J\n.0"
	start := build(3, 1)
	for _, nick := range []string{"B", "C", "C1"} {
		n := start.node(nick)
		n.Health, n.LastSeen = cluster.Unknown, time.Time{}
	}
	return []verdictCase{
		{"all is well", build(3, 1), OK, all, ""},
		{"nobody has replicas", build(3, 0), OK, all, ""},
		{"clean failover, state ok all the while", failover, OK, all, ""},
		{"flapping node", flapping, Degraded, all, ""},
		{"only replica dead", build(3, 1).silent(12*sec, "C1"), Degraded, all, ""},
		{"only replicas of two shards dead", build(3, 1).silent(12*sec, "B1", "C1").say(cluster.Fail, "C1", "A", "B", "C"), Degraded, all, ""},
		{"one of two replicas dead", build(3, 2).silent(12*sec, "C1"), OK, all, ""},
		{"handshake that never ends", met, OK, all, ""},
		{"address with control bytes", hostile, Degraded, 10922, ""},
		{"half of the nodes not asked yet", start, OK, all, ""},
	}
}
