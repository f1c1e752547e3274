package doctor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// checkup gives a node a checkup, or changes the one that it has.
func (b *bench) checkup(nick string, set func(*cluster.Checkup)) *bench {
	n := b.node(nick)
	if n.Checkup.Value == nil {
		n.Checkup = cluster.Reading[*cluster.Checkup]{At: noon, Value: &cluster.Checkup{
			Settings: map[string]string{}, Commands: map[string]cluster.CommandUse{}, SlowLogged: -1,
		}}
	}
	set(n.Checkup.Value)
	return b
}

// told gives all nodes a setting.
func (b *bench) told(name, value string) *bench {
	for nick := range b.ids {
		b.toldBy(nick, name, value)
	}
	return b
}

func (b *bench) toldBy(nick, name, value string) *bench {
	return b.checkup(nick, func(c *cluster.Checkup) { c.Settings[name] = value })
}

// minuteAgo lets a field of INFO have had another value a minute ago.
func (b *bench) minuteAgo(nick, field, then, now string) *bench {
	n := b.info(nick, field, now).node(nick)
	if n.Earlier == nil {
		n.Earlier = &cluster.Sample{At: noon.Add(-time.Minute)}
	}
	n.Earlier.Info.Sections = append(n.Earlier.Info.Sections, cluster.InfoSection{Fields: []cluster.InfoField{{Name: field, Value: then}}})
	return b
}

func told(name, value string) change { return func(b *bench) { b.told(name, value) } }

func lateSlotFindings() []findingCase {
	stray := func(b *bench) {
		b.node("A").Strays = b.node("A").Strays.Succeed([]cluster.SlotKeys{{Slot: 9000, Keys: 3}, {Slot: 9001, Keys: 1}}, noon.Add(-time.Minute))
	}
	late := func(since time.Duration) change {
		return func(b *bench) {
			dispute(b)
			for _, nick := range []string{"A1", "B1", "C1"} {
				b.s.Disputes[0].Says[0].By = append(b.s.Disputes[0].Says[0].By, b.ids[nick])
			}
			b.s.Unsettled = noon.Add(-since)
		}
	}
	return []findingCase{
		{"keys-stray", stray, Look, "10.0.0.11:7001 holds 4 keys in 2 slots that it does not own", "A", func(b *bench) { stray(b); move("B", "A", 9000, 9001)(b) }},
		{"slots-claimed-twice", func(b *bench) {
			b.s.Disputes = []cluster.Dispute{{Range: keyslot.Range{First: 5, Last: 9}, Says: []cluster.Claim{
				{Owner: b.ids["A"], Epoch: 7, By: []cluster.NodeID{b.ids["A"], b.ids["C"]}},
				{Owner: b.ids["B"], Epoch: 2, By: []cluster.NodeID{b.ids["B"]}},
			}}}
		}, Urgent, "slots 5-9: 10.0.0.11:7001 and 10.0.0.12:7002 each claim them as their own", "B", dispute},
		{"views-differ", late(12 * sec), Look, "the nodes have not agreed on slots and epochs for 12 s; others than most say 10.0.0.12:7002", "", late(9 * sec)},
		{"address-twice", func(b *bench) { b.node("B1").Member.Endpoint = b.node("C1").Member.Endpoint }, Look,
			"10.0.0.16:7006 is the address of two members, 00000000 and 00000000", "C1", func(b *bench) { // the other has no address any more
				b.node("B1").Member.Endpoint = b.node("C1").Member.Endpoint
				b.node("B1").Member.Flags |= cluster.NoAddr
			}},
		{"replica-chained", func(b *bench) { b.node("A1").Member.Primary = b.ids["B1"] }, Look, "10.0.0.14:7004 follows 10.0.0.15:7005, which is a replica itself", "A1", func(b *bench) { b.node("A1").Member.Primary = b.ids["B"] }},
		{"voters-even", fourth("10.0.0.99"), Note, "4 primaries vote: a split into halves leaves no majority", "", func(b *bench) { // it votes without slots no more
			fourth("10.0.0.99")(b)
			b.s.Shards[3].SlotLen, b.size = 0, 3
		}},
		{"voters-even", func(b *bench) {
			fourth("10.0.0.99")(b)
			host1("A", "B")(b)
			b.node("C").Member.Endpoint.IP = "10.0.0.98"
			b.node("D").Member.Endpoint.IP = "10.0.0.98"
		}, Look,
			"4 primaries vote, half of them in each of two hosts: a break between the two leaves no majority", "", nil},
	}
}

// fourth gives the cluster one more primary.
func fourth(ip string) change {
	return func(b *bench) {
		n := b.join("D", 3, 9)
		n.Member.Endpoint.IP, n.Member.Flags, n.Member.Epoch = ip, cluster.Primary, 9
		n.Stats.Role = cluster.Primary
		b.s.Shards[2].Slots, b.s.Shards[2].SlotLen = []keyslot.Range{{First: 10922, Last: 14000}}, 3079
		b.node("C").Member.Slots = b.s.Shards[2].Slots
		n.Member.Slots = []keyslot.Range{{First: 14001, Last: 16383}}
		b.s.Shards = append(b.s.Shards, cluster.Shard{Letter: "D", Primary: n.ID, Slots: n.Member.Slots, SlotLen: 2383})
		for slot := 14001; slot < keyslot.Count; slot++ {
			b.s.Owner[slot] = 3
		}
		b.size = 4
	}
}

func lateReplicaFindings() []findingCase {
	behind := func(mib int64) change {
		return func(b *bench) { b.node("A").Stats.Offset = 1000 + mib<<20 }
	}
	writes := func(perMinute string) change {
		return func(b *bench) {
			b.minuteAgo("A", "master_repl_offset", "1000", perMinute).info("A", "repl_backlog_size", "1048576")
		}
	}
	holds := func(held string) change {
		return func(b *bench) {
			b.info("A", "mem_clients_slaves", held).toldBy("A", "client-output-buffer-limit", "normal 0 0 0 slave 268435456 67108864 60 pubsub 1 1 1")
		}
	}
	good := func(n string) change {
		return func(b *bench) { b.info("A", "min_slaves_good_slaves", n).toldBy("A", "min-replicas-to-write", "1") }
	}
	ack := func(lag string) change {
		return func(b *bench) {
			b.node("A").Info.Value.Sections = []cluster.InfoSection{{Name: "Replication", Fields: []cluster.InfoField{
				{Name: "slave0", Value: "ip=10.0.0.14,port=7004,state=online,offset=1000,lag=" + lag}}}}
		}
	}
	return []findingCase{
		{"replica-lag", ack("14"), Look, "10.0.0.14:7004 has acknowledged nothing to its primary for 14 s", "A1", ack("1")},
		{"replica-behind", behind(65), Look, "10.0.0.14:7004 is 65.0 MiB behind its primary", "A1", behind(63)},
		{"syncs-repeat", func(b *bench) { b.minuteAgo("A", "sync_full", "1", "3") }, Look, "10.0.0.11:7001 has sent all of its data 2 times within 60 s", "A",
			func(b *bench) { b.minuteAgo("A", "sync_full", "1", "2") }},
		{"backlog-small", writes("2000000"), Look, "10.0.0.11:7001 writes 32.5 KiB/s, and its backlog of 1.0 MiB holds 31 s of that", "A", writes("900000")},
		{"buffer-near", holds("60000000"), Look, "10.0.0.11:7001 holds 57.2 MiB for its replicas; the limit for one is 64.0 MiB", "A", holds("50000000")},
		{"validity-strict", func(b *bench) { b.set("cluster-replica-validity-factor", "1").set("repl-ping-replica-period", "1") }, Look,
			"10.0.0.14:7004, 10.0.0.15:7005 and 10.0.0.16:7006 may not take over after 7.0 s without a link", "",
			func(b *bench) { b.set("cluster-replica-validity-factor", "0") }},
		{"writes-refused", good("0"), Urgent, "10.0.0.11:7001 refuses writes: 0 replicas are in good order, and min-replicas-to-write is 1", "A", good("1")},
		{"split-brain", told("min-replicas-to-write", "0"), Note,
			"10.0.0.11:7001, 10.0.0.12:7002 and 10.0.0.13:7003 accept writes while they are cut off, until the node timeout has passed", "", told("min-replicas-to-write", "1")},
	}
}

func balanceFindings() []findingCase {
	keys := func(n int64) change {
		return func(b *bench) {
			for _, nick := range []string{"A", "B", "C"} {
				b.node(nick).Stats.Keys = 1000
			}
			b.node("A").Stats.Keys = n
		}
	}
	used := func(n int64) change {
		return stats("A", func(s *cluster.Stats) { s.UsedMemory, s.MaxMemory = n<<20, 1<<40 })
	}
	ops := func(n int64) change { return stats("A", func(s *cluster.Stats) { s.OpsPerSec = n }) }
	slots := func(n int) change { return func(b *bench) { b.s.Shards[0].SlotLen = n } }
	return []findingCase{
		{"slots-uneven", slots(16000), Note, "10.0.0.11:7001 has 16000 slots, the mean of the shards is 8974 slots", "A", slots(6000)},
		{"primary-empty", func(b *bench) { b.node("C").Member.Slots = nil; b.s.Shards[2].SlotLen = 0 }, Note, "10.0.0.13:7003 is a primary without slots", "C", func(b *bench) {
			b.silent(5*sec, "C").node("C").Member.Slots = nil
		}},
		{"keys-uneven", keys(30000), Note, "10.0.0.11:7001 has 30000 keys, the mean of the shards is 10666 keys", "A", keys(2500)},
		{"memory-uneven", used(900), Look, "10.0.0.11:7001 has 900.0 MiB, the mean of the shards is 326.7 MiB", "A", used(60)},
		{"traffic-uneven", ops(90000), Note, "10.0.0.11:7001 has 90000 commands a second, the mean of the shards is 30000 commands a second", "A", ops(900)},
	}
}

func lateMemoryFindings() []findingCase {
	expires := func(policy string, expiring int64) change {
		return func(b *bench) {
			b.info("A", "maxmemory_policy", policy)
			b.node("A").Stats.Keys, b.node("A").Stats.Expires = 100, expiring
		}
	}
	lazy := func(value string) change {
		return func(b *bench) {
			b.told("lazyfree-lazy-user-del", value).told("lazyfree-lazy-eviction", "no").told("lazyfree-lazy-expire", "no")
		}
	}
	hostOf := func(total string) change { return func(b *bench) { b.info("A", "total_system_memory", total) } }
	// The host has so much memory and the node no limit; its last fork copied so much.
	unlimited := func(total, copied string) change {
		return func(b *bench) {
			b.info("A", "total_system_memory", total).node("A").Stats.MaxMemory = 0
			if copied != "" {
				b.info("A", "rdb_last_cow_size", copied)
			}
		}
	}
	sizes := func(counts ...cluster.SizeCount) change {
		return func(b *bench) { b.checkup("A", func(c *cluster.Checkup) { c.Sizes = counts }) }
	}
	largeCall := func(command string, reply bool, ago time.Duration) change {
		return func(b *bench) {
			b.checkup("A", func(c *cluster.Checkup) {
				c.Large = []cluster.LargeCall{{Reply: reply, Command: command, Bytes: 5 << 20, At: noon.Add(-ago)}}
			})
		}
	}
	evicted := func(then string) change {
		return func(b *bench) { b.minuteAgo("A", "evicted_keys", then, "12").node("A").Stats.Evicted = 12 }
	}
	all := func(used int64) change {
		return func(b *bench) {
			for _, nick := range []string{"A", "B", "C"} {
				b.node(nick).Stats.UsedMemory = used << 20
			}
		}
	}
	return []findingCase{
		{"memory-swapped", stats("A", func(s *cluster.Stats) { s.UsedMemory, s.MaxMemory, s.RSS = 1<<30, 0, 1<<29 }), Look,
			"10.0.0.11:7001 has 1.0 GiB of data, and only 512.0 MiB of it in the host's memory", "A", stats("A", func(s *cluster.Stats) { s.UsedMemory, s.RSS = 2<<20, 1<<20 })},
		{"eviction-unfit", expires("volatile-lru", 3), Look, "10.0.0.11:7001 has the policy volatile-lru, and 3 keys of its 100 keys have a time to live", "A", expires("allkeys-lru", 3)},
		{"eviction-off", expires("noeviction", 95), Note, "10.0.0.11:7001 has keys that expire, as a cache, and the policy noeviction", "A", expires("noeviction", 50)},
		{"lazyfree-piling", func(b *bench) { b.info("A", "lazyfree_pending_objects", "2000000") }, Look, "10.0.0.11:7001 has 2000000 objects that wait to be freed", "A",
			func(b *bench) { b.info("A", "lazyfree_pending_objects", "5") }},
		{"lazyfree-off", lazy("no"), Note, "all 6 nodes free big keys in the foreground", "", lazy("yes")},
		{"host-memory", hostOf("90000000"), Look, "the maxmemory of 1 node on 10.0.0.11 adds up to 100.0 MiB, and the host has 85.8 MiB", "A", hostOf("900000000")},
		{"fork-room", unlimited("70000000", ""), Note,
			"1 node on 10.0.0.11 uses 40.0 MiB of 66.8 MiB: a fork of the largest may not fit, if all of it is written meanwhile", "A", unlimited("70000000", "1000000")},
		{"fork-room", unlimited("70000000", "30000000"), Look,
			"1 node on 10.0.0.11 uses 40.0 MiB, and a fork of 10.0.0.11:7001 copied 28.6 MiB more: the host has 66.8 MiB", "A", unlimited("90000000", "30000000")},
		{"keys-big", sizes(cluster.SizeCount{Type: "string", Bytes: true, From: 8 << 20, Keys: 2}, cluster.SizeCount{DB: 1, Type: "list", From: 1 << 17, Keys: 1}), Look,
			"10.0.0.11:7001 holds 3 big keys, by its own counts", "A", sizes(cluster.SizeCount{Type: "string", Bytes: true, From: 2 << 20, Keys: 2}, cluster.SizeCount{Type: "list", From: 1 << 16, Keys: 1})},
		{"keys-big", largeCall("HGETALL", true, 20*time.Minute), Note, "10.0.0.11:7001 answered a HGETALL with 5.0 MiB 20 min ago", "A", largeCall("HGETALL", true, 2*time.Hour)},
		{"keys-big", largeCall("set", false, time.Minute), Note, "10.0.0.11:7001 was sent a SET of 5.0 MiB 60 s ago", "A", largeCall("keys", true, time.Minute)},
		{"keys-big", largeCall("GET", true, time.Minute), Note, "10.0.0.11:7001 answered a GET with 5.0 MiB 60 s ago", "A", func(b *bench) {
			largeCall("GET", true, time.Minute)(b)
			b.node("A").Stats.Role = cluster.Replica
		}},
		{"shard-room", all(60), Note, "without shard A the others would hold 180.0 MiB of at most 200.0 MiB", "A", all(50)},
		{"keys-evicting", evicted("2"), Look, "10.0.0.11:7001 has evicted 10 keys within 60 s", "A", evicted("12")},
	}
}

func diskFindings() []findingCase {
	sync := func(policy string) change {
		return func(b *bench) { b.info("A", "aof_enabled", "1").toldBy("A", "appendfsync", policy) }
	}
	unsaved := func(age time.Duration) change {
		return func(b *bench) {
			b.info("A", "rdb_changes_since_last_save", "2000000").info("A", "rdb_last_save_time", fmt.Sprint(noon.Add(-age).Unix())).toldBy("A", "save", "3600 1")
		}
	}
	return []findingCase{
		{"rewrite-failed", func(b *bench) { b.info("A", "aof_last_bgrewrite_status", "err") }, Look, "10.0.0.11:7001 could not rewrite its append-only file", "A",
			func(b *bench) { b.info("A", "aof_last_bgrewrite_status", "ok") }},
		{"persistence-none", told("save", ""), Note, "all 6 nodes save nothing to disk", "", told("save", "3600 1")},
		{"persistence-none", func(b *bench) { b.told("save", "3600 1").toldBy("A", "save", "") }, Look, "10.0.0.11:7001 saves nothing to disk", "A",
			func(b *bench) {
				b.told("save", "").info("A", "aof_enabled", "1")
				b.toldBy("A", "save", "")
				for _, n := range []string{"B", "C", "A1", "B1", "C1"} {
					b.info(n, "aof_enabled", "1")
				}
			}},
		{"fsync-never", sync("no"), Note, "10.0.0.11:7001 leaves the append-only file to the kernel", "A", sync("everysec")},
		{"fsync-always", sync("always"), Note, "10.0.0.11:7001 waits for the disk with every write", "A", sync("everysec")},
		{"fork-slow", func(b *bench) { b.info("A", "latest_fork_usec", "800000") }, Look, "10.0.0.11:7001 was stopped for 800 ms by its last fork", "A",
			func(b *bench) { b.info("A", "latest_fork_usec", "80000") }},
		{"changes-unsaved", unsaved(3 * time.Hour), Look, "10.0.0.11:7001 has 2000000 changes in no snapshot; the last is 3 h old", "A", unsaved(time.Minute)},
	}
}

func loadFindings() []findingCase {
	lookups := func(hits, misses string) change {
		return func(b *bench) {
			b.minuteAgo("A", "keyspace_hits", "0", hits).minuteAgo("A", "keyspace_misses", "0", misses)
		}
	}
	earlier := func(set func(then, now *cluster.Checkup)) change {
		return func(b *bench) {
			b.minuteAgo("A", "x", "1", "1").checkup("A", func(*cluster.Checkup) {})
			n := b.node("A")
			n.Earlier.Checkup = &cluster.Checkup{Commands: map[string]cluster.CommandUse{}}
			set(n.Earlier.Checkup, n.Checkup.Value)
		}
	}
	slow := func(now int64) change {
		return earlier(func(then, c *cluster.Checkup) { then.SlowLogged, c.SlowLogged = 5, now })
	}
	event := func(ago, most time.Duration) change {
		return func(b *bench) {
			b.checkup("A", func(c *cluster.Checkup) {
				c.Latency = []cluster.LatencyEvent{{Name: "fork", At: noon.Add(-ago), Max: most}}
			})
		}
	}
	costly := func(each time.Duration) change {
		return earlier(func(then, now *cluster.Checkup) {
			then.Commands["smembers"] = cluster.CommandUse{Calls: 100, Each: time.Millisecond}
			now.Commands["smembers"] = cluster.CommandUse{Calls: 120, Each: (100*time.Millisecond + 20*each + 119) / 120}
		})
	}
	count := func(kind string, now int) change {
		return func(b *bench) {
			b.minuteAgo("A", "x", "1", "1")
			n := b.node("A")
			n.Earlier.Info.Sections = append(n.Earlier.Info.Sections, cluster.InfoSection{Name: "Errorstats", Fields: []cluster.InfoField{{Name: "errorstat_" + kind, Value: "count=7"}}})
			n.Info.Value.Sections = append(n.Info.Value.Sections, cluster.InfoSection{Name: "Errorstats", Fields: []cluster.InfoField{{Name: "errorstat_" + kind, Value: fmt.Sprintf("count=%d", now)}}})
		}
	}
	return []findingCase{
		{"hits-few", lookups("100", "1900"), Note, "10.0.0.11:7001 found a key in 5 % of 2000 lookups within 60 s", "A", lookups("1900", "100")},
		{"clients-blocked", stats("A", func(s *cluster.Stats) { s.BlockedClients = 120 }), Note, "10.0.0.11:7001 has 120 clients waiting in blocking commands", "A",
			stats("A", func(s *cluster.Stats) { s.BlockedClients = 9 })},
		{"slowlog-grows", slow(25), Look, "10.0.0.11:7001 has written 20 commands to its slow log within 60 s", "A", slow(9)},
		{"latency-events", event(time.Minute, 300*time.Millisecond), Look, "10.0.0.11:7001 stood still for up to 300 ms, by its own monitor: fork, last 60 s ago", "A", event(time.Hour, 300*time.Millisecond)},
		{"keys-command", func(b *bench) {
			b.checkup("A", func(c *cluster.Checkup) { c.Commands["keys"] = cluster.CommandUse{Calls: 2} })
		}, Note, "10.0.0.11:7001 has answered KEYS 2 times since it started", "A", func(b *bench) { b.checkup("A", func(*cluster.Checkup) {}) }},
		{"keys-command", earlier(func(then, now *cluster.Checkup) { now.Commands["keys"] = cluster.CommandUse{Calls: 2} }), Look,
			"10.0.0.11:7001 has answered KEYS 2 times within 60 s", "A", nil},
		{"commands-costly", costly(50 * time.Millisecond), Look, "10.0.0.11:7001 took 50 ms on average for each of 20 calls of SMEMBERS", "A", costly(time.Millisecond)},
		{"errors-routing", count("MOVED", 500), Look, "10.0.0.11:7001 has answered MOVED 493 times within 60 s", "A", count("MOVED", 50)},
		{"errors-refused", count("OOM", 500), Look, "10.0.0.11:7001 has answered OOM 493 times within 60 s", "A", count("OOM", 50)},
		{"errors-login", count("NOPERM", 500), Look, "10.0.0.11:7001 has answered NOPERM 493 times within 60 s", "A", count("NOPERM", 50)},
	}
}

func settingFindings() []findingCase {
	clock := func(nick string, ahead time.Duration) change {
		return func(b *bench) {
			for name, id := range b.ids {
				n, _ := b.s.Node(id)
				n.Info.At = noon
				d := time.Duration(0)
				if name == nick {
					d = ahead
				}
				b.info(name, "server_time_usec", fmt.Sprint(noon.Add(d).UnixMicro()))
			}
		}
	}
	return []findingCase{
		{"settings-differ", func(b *bench) { b.told("maxmemory", "5").toldBy("A", "maxmemory", "6") }, Look, "maxmemory differs: 5 on 5 nodes and 6 on 1 node", "A",
			func(b *bench) { b.told("port", "5").toldBy("A", "port", "6") }},
		{"settings-differ", func(b *bench) { b.told("loglevel", "notice").toldBy("A", "loglevel", "debug") }, Note, "loglevel differs: notice on 5 nodes and debug on 1 node", "A", nil},
		{"huge-pages", told("disable-thp", "no"), Note, "all 6 nodes leave huge pages as their hosts have them", "", told("disable-thp", "yes")},
		{"backlog-tcp", told("tcp-backlog", "20"), Note, "all 6 nodes have a tcp-backlog that is low", "", told("tcp-backlog", "511")},
		{"clock-skew", clock("B", 5*sec), Look, "10.0.0.12:7002 has a clock 5.0 s ahead of the others'", "B", clock("B", sec)},
		{"clock-skew", clock("B", -5*sec), Look, "10.0.0.12:7002 has a clock 5.0 s behind the others'", "B", func(b *bench) {
			clock("B", -5*sec)(b)
			b.node("B").Earlier = &cluster.Sample{At: noon, Info: cluster.Info{Sections: []cluster.InfoSection{{Fields: []cluster.InfoField{{Name: "server_time_usec", Value: fmt.Sprint(noon.UnixMicro())}}}}}}
		}},
	}
}

func accessFindings() []findingCase {
	user := func(u cluster.DefaultUser, protected, bind string) change {
		return func(b *bench) {
			b.checkup("A", func(c *cluster.Checkup) { c.Default = &u }).toldBy("A", "protected-mode", protected).toldBy("A", "bind", bind)
		}
	}
	nobody := cluster.DefaultUser{On: true, NoPassword: true, EveryCommand: true, EveryKey: true}
	somebody := cluster.DefaultUser{On: true, EveryCommand: true, EveryKey: true}
	return []findingCase{
		{"password-none", user(nobody, "no", "127.0.0.1 -::1"), Note, "10.0.0.11:7001 asks for no password; it lets only its own host in", "A", user(somebody, "no", "*")},
		{"password-none", user(nobody, "no", "* -::*"), Look, "10.0.0.11:7001 asks for no password", "A", user(cluster.DefaultUser{NoPassword: true}, "no", "*")},
		{"protected-off", user(nobody, "no", "*"), Look, "10.0.0.11:7001 has protected mode off, and asks for no password", "A", user(nobody, "yes", "*")},
		{"default-user-open", user(somebody, "yes", "*"), Note, "10.0.0.11:7001 lets the user default do everything", "A", user(cluster.DefaultUser{On: true, EveryKey: true}, "yes", "*")},
		{"commands-open", func(b *bench) { b.toldBy("A", "enable-debug-command", "yes") }, Look, "10.0.0.11:7001 lets every connection use dangerous commands", "A",
			func(b *bench) { b.told("enable-debug-command", "local") }},
	}
}

func TestOpenSlotsTellHowManyKeysBothSidesHold(t *testing.T) {
	b := build(3, 1)
	move("A", "B", 100, 101)(b)
	b.node("A").Strays = b.node("A").Strays.Succeed([]cluster.SlotKeys{{Slot: 100, Keys: 3}, {Slot: 101, Keys: 2}}, noon.Add(-9*sec))
	b.node("B").Strays = b.node("B").Strays.Succeed([]cluster.SlotKeys{{Slot: 101, Keys: 1}}, noon.Add(-20*sec))
	all := Findings(b.done(t))
	want := []string{"10.0.0.11:7001 held 5 keys of them 9.0 s ago", "10.0.0.12:7002 held 1 key of them 20 s ago"}
	if len(all) != 1 || all[0].ID != "slots-open" || !slices.Equal(all[0].Evidence, want) {
		t.Errorf("%+v", all)
	}
}

func TestDriftComparesWithinVersionsAndHidesNoDifference(t *testing.T) {
	b := build(3, 1).told("maxmemory", "5").told("slave-read-only", "yes").told("replica-read-only", "yes")
	b.toldBy("A", "maxmemory", "6").toldBy("A", "slave-read-only", "no").toldBy("A", "replica-read-only", "no")
	b.toldBy("B", "masterauth", cluster.Hidden("one")).toldBy("C", "masterauth", cluster.Hidden("two"))
	b.node("C1").Stats.Version = "9.1.2"
	b.toldBy("C1", "new-setting", "yes")
	b.node("B1").Checkup = cluster.Reading[*cluster.Checkup]{Err: errors.New("refused")}
	var names []string
	for _, d := range Drift(b.done(t)) {
		names = append(names, d.Setting)
		if len(d.Values) < 2 {
			t.Errorf("%+v", d)
		}
		for _, v := range d.Values {
			if strings.Contains(v.Value, "one") || strings.Contains(v.Value, "two") {
				t.Errorf("a secret is shown: %+v", v)
			}
		}
	}
	if got := strings.Join(names, " "); got != "masterauth maxmemory replica-read-only" {
		t.Errorf("differ: %s", got)
	}
	if Drift(nil) != nil {
		t.Error("nothing differs in nothing")
	}
}

func TestThresholdsThatAreSetHold(t *testing.T) {
	s := build(3, 1).done(t)
	s.Nodes[0].Stats.UsedMemory = 60 << 20
	if got := Findings(s); len(got) != 0 {
		t.Errorf("found %v", got)
	}
	got := Standards{Thresholds: map[string]float64{"memory-look": 55}}.Findings(s)
	if len(got) != 1 || got[0].ID != "memory-full" {
		t.Errorf("found %v", got)
	}
}
