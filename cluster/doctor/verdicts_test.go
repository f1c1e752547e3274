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
		{"primary dead and agreed", dead(1, 5*sec), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed. Replica 10.0.0.16:7006 is 0 B behind and eligible: expect it within 2 s."},
		{"primary dead and agreed, full coverage", dead(1, 5*sec).set("cluster-require-full-coverage", "yes").allFail(), Down, 0,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed, so no key is served (full coverage). Replica 10.0.0.16:7006 is 0 B behind and eligible: expect it within 2 s."},
		{"primary dead, coverage rule not known", dead(1, 5*sec).forgetSettings().allFail(), Down, 0,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed, so no key is served. Replica 10.0.0.16:7006 is 0 B behind and eligible: expect it within 2 s."},
		{"primary dead without a replica", dead(0, 5*sec), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed. It will not heal by itself: it has no replica."},
		{"primary dead just now, nobody noticed", build(3, 1).silent(1200*time.Millisecond, "C"), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 1.2 s; none of 2 others suspects it yet. Replica 10.0.0.16:7006 is 0 B behind and eligible: expect it within 6 s."},
		{"primary frozen, one other suspects it", build(3, 1).silent(3300*time.Millisecond, "C").say(cluster.PFail, "C", "A", "A1"), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 3.3 s; 1 of 2 others suspects it. Replica 10.0.0.16:7006 is 0 B behind and eligible: expect it within 4 s."},
		{"primary's process gone", build(3, 1).health(cluster.Refused, 400*time.Millisecond, "C"), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has refused connections for 0.4 s; none of 2 others suspects it yet. Replica 10.0.0.16:7006 is 0 B behind and eligible: expect it within 7 s."},
		{"election overdue", dead(1, 90*sec), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 90 s; 2 of 2 others agree that it failed. Replica 10.0.0.16:7006 is eligible, yet its election is overdue by 80 s: do not count on it."},
		{"agreement overdue", build(3, 1).silent(30*sec, "C").say(cluster.PFail, "C", "A"), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 30 s; 1 of 2 others suspects it. The others should have agreed 22 s ago that it failed: do not count on it."},
		{"node timeout not known, not agreed", build(3, 1).forgetSettings().silent(3*sec, "C").say(cluster.PFail, "C", "A"), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 3.0 s; 1 of 2 others suspects it. Replica 10.0.0.16:7006 is 0 B behind and eligible; when it takes over is not known, as the node timeout is not."},
		{"two of five primaries dead", two(1), Degraded, 9830,
			"2 shards have no serving primary (6554 slots, 40 % of the key space): B 10.0.0.12:7002 and E 10.0.0.15:7005 (up to 5.0 s). B and E are expected to heal by themselves within 2 s."},
		{"two of five primaries dead, one without a replica", two(0), Degraded, 9830,
			"2 shards have no serving primary (6554 slots, 40 % of the key space): E 10.0.0.15:7005 and B 10.0.0.12:7002 (up to 5.0 s). E will not heal by itself: it has no replica; B is expected to."},
		{"only primary dead", build(1, 0).silent(5*sec, "A"), NoContact, 0,
			"The only known node does not answer the console: its own network may be at fault. The last answer came 5.0 s ago."},
		{"only primary dead, its replica cannot be elected", build(1, 1).silent(65*sec, "A"), Down, 0,
			"10.0.0.11:7001, primary of shard A (0-16383, 100 % of the key space), has not answered for 65 s. It will not heal by itself: no voting primary is left to elect a replica."},
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
		{"replica dead, too", dead(1, 5*sec).silent(5*sec, "C1").say(cluster.Fail, "C1", "A", "B"), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed. It will not heal by itself: replica 10.0.0.16:7006 has failed."},
		{"replica too old", dead(1, 5*sec).linkDown("C1", 400), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed. It will not heal by itself: replica 10.0.0.16:7006 is too old (link down 400 s, limit 43 s)."},
		{"both replicas too old", dead(2, 5*sec).linkDown("C1", 400).linkDown("C2", 900), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed. It will not heal by itself: no replica is eligible; 10.0.0.16:7006 is too old (link down 400 s, limit 43 s)."},
		{"replica old, limit not known", dead(1, 5*sec).linkDown("C1", 400).forgetSettings(), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed. Replica 10.0.0.16:7006 is 0 B behind, but has had no link for 400 s (limit unknown): if it can, then within 2 s."},
		{"replica old, no limit set", dead(1, 5*sec).linkDown("C1", 400).set("cluster-replica-validity-factor", "0"), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed. Replica 10.0.0.16:7006 is 0 B behind and eligible: expect it within 2 s."},
		{"replica never linked", dead(1, 5*sec).linkDown("C1", -1), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed. It will not heal by itself: replica 10.0.0.16:7006 has never been linked to its primary."},
		{"replica must not fail over", noFailover, Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed. It will not heal by itself: replica 10.0.0.16:7006 has cluster-replica-no-failover set."},
		{"replica set not to fail over", dead(1, 5*sec).set("cluster-replica-no-failover", "yes"), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed. It will not heal by itself: replica 10.0.0.16:7006 has cluster-replica-no-failover set."},
		{"replica loading", dead(1, 5*sec).health(cluster.Loading, 20*sec, "C1"), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed. It will not heal by itself: replica 10.0.0.16:7006 is loading its dataset."},
		{"replica not known to the majority", dead(1, 5*sec).ignore("C1", "A", "B"), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed. It will not heal by itself: replica 10.0.0.16:7006 is not known to 2 of the 2 voting primaries that answer."},
		{"replica locked to the console", locked, Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed. Replica 10.0.0.16:7006 is 0 B behind, but does not let the console in: if it can, then within 2 s."},
		{"the replica further ahead is named", ahead, Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed. Replica 10.0.0.19:7009 is 0 B behind and eligible: expect it within 2 s."},
		{"replica behind", behind, Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed. Replica 10.0.0.16:7006 is 5.0 MiB behind and eligible: expect it within 2 s."},
		{"offsets not known", noOffset, Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed. Replica 10.0.0.16:7006 is an unknown way behind and eligible: expect it within 2 s."},
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
		{"majority lost", lost, Down, 0,
			"Only 1 of 3 voting primaries answers, 2 are needed: no replica can be elected. C 10.0.0.13:7003 and B 10.0.0.12:7002 are silent (up to 20 s). No key is served. If the rest lives elsewhere, it may go on without this side."},
		{"minority side of a partition", minority, Down, 0,
			"Only 1 of 3 voting primaries answers, 2 are needed: no replica can be elected. C 10.0.0.13:7003 and B 10.0.0.12:7002 are silent (up to 20 s). No key is served. If the rest lives elsewhere, it may go on without this side."},
		{"no bus port is open", bus, Down, 0,
			"The primaries do not reach one another: all 3 answer the console, but none sees more than 1 of 3, and 2 are needed. No key is served. Check the bus ports and the network between the nodes."},
	}
}

func primaryOdd(all, ab int) []verdictCase {
	bus := build(3, 1).say(cluster.Fail, "C", "A", "B", "A1", "B1", "C1").say(cluster.PFail, "A", "C").say(cluster.PFail, "B", "C").fails("C")
	bus.node("C").Since = noon.Add(-time.Hour)
	headless := dead(1, 5*sec)
	five := build(5, 1).event(cluster.FlagChanged, 4*sec, "E", "fail").say(cluster.Fail, "E", "A", "B", "C", "D").fails("E")
	headless.s.Shards[2].Primary = ""
	return []verdictCase{
		{"one bus port closed", bus, Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), answers the console but not the other nodes; 2 of 2 others agree that it failed. Replica 10.0.0.16:7006 is 0 B behind and eligible: expect it within 2 s."},
		{"primary loading", build(3, 1).health(cluster.Loading, 12*sec, "C").info("C", "loading_eta_seconds", "40"), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has been loading its dataset for 12 s; none of 2 others suspects it yet. It will be back when that is done: expect it within 40 s."},
		{"primary loading, end not known", build(3, 0).health(cluster.Loading, 12*sec, "C"), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has been loading its dataset for 12 s; none of 2 others suspects it yet. It will be back when that is done; when is not known."},
		{"primary loading for so long that it failed", dead(1, 5*sec).health(cluster.Loading, 12*sec, "C"), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has been loading its dataset for 12 s; 2 of 2 others agree that it failed. Replica 10.0.0.16:7006 is eligible, yet its election is overdue by 2.0 s: do not count on it."},
		{"primary out of the console's sight", build(3, 1).silent(40*sec, "C"), Degraded, all,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 40 s, but none of 2 others suspects it: clients are probably served. Check the way from here to there."},
		{"primary out of sight, too early for the others to know", build(3, 1).silent(7*sec, "C"), Degraded, ab,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 7.0 s; none of 2 others suspects it yet. Replica 10.0.0.16:7006 is 0 B behind and eligible: expect it within 2 s."},
		{"one primary of five cut off, answering", five, Degraded, 13107,
			"10.0.0.15:7005, primary of shard E (13107-16383, 20 % of the key space), has answered the console but not the other nodes for 4.0 s; 4 of 4 others agree that it failed. Replica 10.0.0.20:7010 is 0 B behind and eligible: expect it within 2 s."},
		{"primary locked to the console", build(3, 1).health(cluster.Denied, 40*sec, "C"), Degraded, all,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), refuses the console's user or password, but none of 2 others suspects it: clients are probably served."},
		{"primary is something else", build(3, 1).health(cluster.Rubbish, 40*sec, "C"), Degraded, all,
			"10.0.0.13:7003, primary of shard C (10922-16383, 33 % of the key space), answers the console with something that is no server's answer, but none of 2 others suspects it: clients are probably served."},
		{"shard without a primary", headless, Degraded, ab,
			"No node claims to be the primary of shard C (10922-16383, 33 % of the key space). It will not heal by itself: replica 10.0.0.16:7006 stands only for a primary that has failed."},
	}
}

// cutOff is a cluster whose primary C hears nobody, and was replaced by C1.
func cutOff(says string) *bench {
	b := build(3, 1)
	old, next, shard := b.node("C"), b.node("C1"), &b.s.Shards[2]
	next.Member.Flags, next.Member.Primary, next.Member.Epoch, next.Member.Slots = cluster.Primary, "", 9, old.Member.Slots
	next.Stats.Role = cluster.Primary
	shard.Primary, shard.Replicas = next.ID, []cluster.NodeID{old.ID}
	rest := []string{"A", "B", "A1", "B1", "C1"}
	d := cluster.Dispute{Range: shard.Slots[0], Says: []cluster.Claim{{Owner: next.ID, Epoch: 9}, {Owner: old.ID, Epoch: 3, By: []cluster.NodeID{old.ID}}}}
	for _, nick := range rest {
		d.Says[0].By = append(d.Says[0].By, b.ids[nick])
		b.say(cluster.Fail, "C", nick).say(cluster.PFail, nick, "C")
	}
	b.s.Disputes, b.state[old.ID] = []cluster.Dispute{d}, says
	return b
}

func slotTrouble(all int) []verdictCase {
	disputed := build(3, 1)
	disputed.s.Disputes = []cluster.Dispute{{Range: keyslot.Range{First: 100, Last: 199}, Says: []cluster.Claim{
		{Owner: disputed.ids["A"], Epoch: 7, By: []cluster.NodeID{disputed.ids["A"], disputed.ids["C"]}},
		{Owner: disputed.ids["B"], Epoch: 5, By: []cluster.NodeID{disputed.ids["B"]}},
	}}}
	heard := cutOff("ok")
	for _, nick := range []string{"A", "B"} {
		delete(heard.says, [2]cluster.NodeID{heard.ids["C"], heard.ids[nick]})
	}
	return []verdictCase{
		{"primary cut off and replaced", cutOff("fail"), Degraded, all,
			"10.0.0.13:7003 is cut off from the other nodes, which replaced it: 10.0.0.16:7006 has slots 10922-16383 (epoch 9). The old primary has not heard of it, and refuses every key; once it hears the others it follows: check its bus port."},
		{"primary cut off and replaced, within its node timeout", cutOff("ok"), Degraded, all,
			"10.0.0.13:7003 is cut off from the other nodes, which replaced it: 10.0.0.16:7006 has slots 10922-16383 (epoch 9). The old primary has not heard of it, and still serves: its writes are lost; once it hears the others it follows: check its bus port."},
		{"replaced primary that hears the others", heard, Degraded, all,
			"The nodes disagree about who owns slots 10922-16383: 5 say 10.0.0.16:7006 (epoch 9) and 1 says 10.0.0.13:7003 (epoch 3). The higher epoch wins; clients are sent back and forth until then."},
		{"slot without owner, full coverage", build(3, 1).disown(5461, 5461).allFail(), Down, 0,
			"Slot 5461 has no owner (<1 % of the key space), and full coverage is required: no key is served. It will not heal by itself."},
		{"slots without owner, no coverage needed", build(3, 1).disown(100, 1099).set("cluster-require-full-coverage", "no"), Degraded, all - 1000,
			"Slots 100-1099 have no owner (6 % of the key space); the other slots are served. It will not heal by itself."},
		{"slots without owner in the view of one", build(3, 1).disown(100, 100).fails("A", "A1"), Degraded, 10923,
			"Slot 100 has no owner (<1 % of the key space): 2 of 6 nodes refuse every key, the others serve theirs. It will not heal by itself."},
		{"two nodes claim slots", disputed, Degraded, all,
			"The nodes disagree about who owns slots 100-199: 2 say 10.0.0.11:7001 (epoch 7) and 1 says 10.0.0.12:7002 (epoch 5). The higher epoch wins; clients are sent back and forth until then."},
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
		{"nothing assigned", build(3, 0).disown(0, keyslot.Count-1).allFail(), Forming, 0,
			"No slot has an owner: the cluster is not created yet; 3 nodes are known."},
		{"one lone node", build(1, 0).disown(0, keyslot.Count-1).allFail(), Forming, 0,
			"No slot has an owner: the cluster is not created yet; 1 node stands alone."},
		{"nodes joining", young, Forming, 0,
			"All slots have owners, but 3 of 3 nodes still say fail: the nodes are joining, which takes some seconds."},
		{"nodes meeting", meeting, Forming, 0,
			"All slots have owners, but 3 of 3 nodes still say fail: the nodes are joining, 1 handshake to go."},
		{"one primary rejoined", build(3, 1).fails("C"), Degraded, 10922,
			"1 of 6 nodes says that the cluster fails (10.0.0.13:7003), the others say ok: 5462 slots are not served there. After a failover or a rejoin that lasts some seconds."},
		{"all say fail without a reason", build(3, 1).allFail(), Down, 0,
			"Every slot has an owner and every primary answers, yet all 6 nodes say fail: no key is served. After a restart that takes some seconds; if it stays, check the bus ports."},
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
		{"console cut off from everything", build(3, 1).silent(30*sec, six...), NoContact, 0,
			"None of 6 nodes answers the console: its own network may be at fault. The last answer came 30 s ago."},
		{"nothing listens anywhere", build(3, 1).health(cluster.Refused, 30*sec, six...), NoContact, 0,
			"All 6 nodes refuse connections: nothing listens there. The last answer came 30 s ago."},
		{"everybody denies", build(3, 1).health(cluster.Denied, 30*sec, six...), NoContact, 0,
			"All 6 nodes refuse the console's user or password: the cluster may be well, but nothing can be read."},
		{"seeds do not answer", nobody, NoContact, 0,
			"No answer from 10.0.0.11:7001 and ten?[31m: nothing is known of the cluster."},
		{"nobody asked yet", unasked, NoContact, 0,
			"No node has answered yet."},
		{"nothing at all", build(0, 0), NoContact, 0,
			"No node has answered yet."},
	}
}

func quietOnes(all int) []verdictCase {
	failover := build(3, 1).event(cluster.RoleChanged, 8*sec, "C1", "is primary now")
	failover.s.Shards[2].Primary, failover.s.Shards[2].Replicas = failover.ids["C1"], []cluster.NodeID{failover.ids["C"]}
	failover.node("C1").Member.Flags, failover.node("C").Member.Flags = cluster.Primary, cluster.Replica
	failover.node("C1").Member.Slots, failover.node("C").Member.Slots = failover.node("C").Member.Slots, nil
	failover.node("C").Member.Primary, failover.node("C").Stats.LinkUp = failover.ids["C1"], true
	flapping := build(3, 1)
	for i := range 3 {
		flapping.event(cluster.HealthChanged, time.Duration(60-20*i)*sec, "C", "answers again")
	}
	once := build(3, 1).event(cluster.HealthChanged, 20*sec, "C", "answers again").event(cluster.FlagChanged, 19*sec, "C", "fail was lifted").
		event(cluster.HealthChanged, 9*sec, "C", "answers again")
	oldDead := build(3, 1).silent(12*sec, "C").say(cluster.Fail, "C", "A", "B", "C1")
	oldDead.s.Shards[2].Primary, oldDead.s.Shards[2].Replicas = oldDead.ids["C1"], []cluster.NodeID{oldDead.ids["C"]}
	oldDead.node("C1").Member.Flags, oldDead.node("C1").Member.Primary, oldDead.node("C1").Stats.Role = cluster.Primary, "", cluster.Primary
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
		{"all is well", build(3, 1), OK, all,
			"All 16384 slots are served by 3 primaries; all 6 nodes answer."},
		{"nobody has replicas", build(3, 0), OK, all,
			"All 16384 slots are served by 3 primaries; all 3 nodes answer."},
		{"clean failover, state ok all the while", failover, OK, all,
			"All 16384 slots are served; 10.0.0.16:7006 became primary of shard C 8.0 s ago."},
		{"flapping node", flapping, Degraded, all,
			"10.0.0.13:7003 comes and goes: it came back 3 times in the last 2 min, and may be failed over at any moment. All slots are served now."},
		{"one short outage", once, OK, all,
			"All 16384 slots are served by 3 primaries; all 6 nodes answer."},
		{"old primary dead after its failover", oldDead, Degraded, all,
			"All slots are served, but shard C has no replica that could take over: 10.0.0.13:7003 has failed."},
		{"only replica dead", build(3, 1).silent(12*sec, "C1"), Degraded, all,
			"All slots are served, but shard C has no replica that could take over: 10.0.0.16:7006 does not answer."},
		{"only replicas of two shards dead", build(3, 1).silent(12*sec, "B1", "C1").say(cluster.Fail, "C1", "A", "B", "C"), Degraded, all,
			"All slots are served, but shard B has no replica that could take over: 10.0.0.15:7005 does not answer; nor has C."},
		{"one of two replicas dead", build(3, 2).silent(12*sec, "C1"), OK, all,
			"All 16384 slots are served by 3 primaries; 10.0.0.16:7006 does not answer."},
		{"handshake that never ends", met, OK, all,
			"All 16384 slots are served by 3 primaries; 10.0.0.19:7009 is still in handshake."},
		{"address with control bytes", hostile, Degraded, 10922,
			"10?[2J?.0:7003, primary of shard C (10922-16383, 33 % of the key space), has not answered for 5.0 s; 2 of 2 others agree that it failed. It will not heal by itself: it has no replica."},
		{"half of the nodes not asked yet", start, OK, all,
			"All 16384 slots are served by 3 primaries; 3 nodes have not been asked yet."},
	}
}
