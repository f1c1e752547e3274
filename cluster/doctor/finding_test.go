package doctor

import (
	"slices"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// change is how a test bends a bench.
type change func(*bench)

type findingCase struct {
	id       string
	fires    change
	severity Severity
	text     string
	node     string // nick; empty: none
	quiet    change // close to firing, and does not; nil where another case of the rule has one
}

func TestEachRuleFiresAndKeepsQuiet(t *testing.T) {
	for _, c := range findingCases() {
		t.Run(c.id+" fires: "+c.text, func(t *testing.T) {
			b := build(3, 1)
			c.fires(b)
			var got *Finding
			for _, f := range Findings(b.done(t)) {
				if f.ID == c.id && got == nil {
					got = &f
				}
			}
			if got == nil {
				t.Fatalf("nothing found, but %v", Findings(b.s))
			}
			if got.Text != c.text || got.Severity != c.severity || got.Node != b.ids[c.node] {
				t.Errorf("got %s %q about %s\nwant %s %q about %s", got.Severity, got.Text, got.Node, c.severity, c.text, b.ids[c.node])
			}
		})
		if c.quiet == nil {
			continue
		}
		t.Run(c.id+" keeps quiet", func(t *testing.T) {
			b := build(3, 1)
			c.quiet(b)
			for _, f := range Findings(b.done(t)) {
				if f.ID == c.id {
					t.Errorf("found %q", f.Text)
				}
			}
		})
	}
}

func TestEveryRuleIsTriedWhereItHasToKeepQuiet(t *testing.T) {
	tried := map[string]bool{}
	for _, c := range findingCases() {
		tried[c.id] = tried[c.id] || c.quiet != nil
	}
	for _, r := range Rules() {
		if !tried[r.ID] {
			t.Errorf("%s has no case that is close to firing and does not", r.ID)
		}
	}
}

func TestHealthyClusterHasNoFindings(t *testing.T) {
	if got := Findings(build(3, 1).done(t)); len(got) > 0 {
		t.Errorf("found %v", got)
	}
}

func TestWhatWasNeverReadRaisesNothing(t *testing.T) {
	b := build(3, 1).forgetSettings()
	for i := range b.s.Nodes {
		b.s.Nodes[i].Info = cluster.Reading[cluster.Info]{}
		b.s.Nodes[i].Stats = cluster.Stats{}
	}
	if got := Findings(b.done(t)); len(got) > 0 {
		t.Errorf("found %v", got)
	}
	if got := Findings(nil); got != nil {
		t.Errorf("found %v in nothing", got)
	}
}

func TestFindingsComeWorstFirst(t *testing.T) {
	b := dead(1, 5*sec).info("A", "rejected_connections", "3")
	b.node("A").Stats.MaxMemory = 0
	b.linkDown("B1", 30)
	got := Findings(b.done(t))
	if len(got) < 4 || !slices.IsSortedFunc(got, func(a, b Finding) int { return int(b.Severity) - int(a.Severity) }) {
		t.Errorf("found %v", got)
	}
	if got[0].ID != "slots-unserved" {
		t.Errorf("first comes %v", got[0])
	}
}

func stats(nick string, set func(*cluster.Stats)) change {
	return func(b *bench) { set(&b.node(nick).Stats) }
}

func move(from, to string, slots ...keyslot.Slot) change {
	return func(b *bench) {
		for _, slot := range slots {
			b.s.Moves = append(b.s.Moves, cluster.Move{Slot: slot, From: b.ids[from], To: b.ids[to]})
		}
	}
}

// handshake lets A have been meeting somebody for so long.
func handshake(ago time.Duration) change {
	return func(b *bench) {
		b.meeting = cluster.Member{ID: "5555", Flags: cluster.Handshake, Endpoint: cluster.Endpoint{IP: "10.0.0.19", Port: 7009}, PingSent: noon.Add(-ago)}
	}
}

// refused is the same with somebody who does not listen: no ping is ever sent.
func refused(ago time.Duration) change {
	return func(b *bench) {
		handshake(ago)(b)
		b.meeting.PingSent = time.Time{}
		b.s.Events = append(b.s.Events, cluster.Event{At: noon.Add(-ago), Kind: cluster.NodeAppeared, Node: b.meeting.ID})
	}
}

func host1(nicks ...string) change {
	return func(b *bench) {
		for _, nick := range nicks {
			b.node(nick).Member.Endpoint.IP = "10.0.0.99"
		}
	}
}

func dispute(b *bench) {
	b.s.Disputes = []cluster.Dispute{{Range: keyslot.Range{First: 5, Last: 9}, Says: []cluster.Claim{
		{Owner: b.ids["A"], Epoch: 7, By: []cluster.NodeID{b.ids["A"], b.ids["C"]}},
		{Owner: b.ids["C"], Epoch: 2, By: []cluster.NodeID{b.ids["B"]}},
	}}}
}

func findingCases() []findingCase {
	return slices.Concat(slotFindings(), memberFindings(), replicaFindings(), placeFindings(), memoryFindings(), operationFindings(),
		lateReplicaFindings(), balanceFindings(), lateMemoryFindings(), diskFindings(), loadFindings(), settingFindings(), accessFindings(), lateSlotFindings())
}

func slotFindings() []findingCase {
	return []findingCase{
		{"slots-unserved", func(b *bench) { b.silent(5*sec, "C").say(cluster.Fail, "C", "A", "B") }, Urgent,
			"shard C (10922-16383) is not served", "C", func(b *bench) { b.silent(5*sec, "C1") }},
		{"slots-unassigned", func(b *bench) { b.disown(7, 7) }, Urgent, "1 slot has no owner", "",
			func(b *bench) { b.disown(0, keyslot.Count-1) }},
		{"slots-open", move("A", "B", 100, 101, 102), Note, "slots 100-102 are open: moving from 10.0.0.11:7001 to 10.0.0.12:7002", "A", nil},
		{"slots-open", move("", "B", 100), Look, "slot 100 is open: only 10.0.0.12:7002 shows it, as importing", "B", dispute},
		{"slots-open", move("A", "", 1, 3, 5), Look, "3 slots are open: only 10.0.0.11:7001 shows it, as migrating", "A", nil},
		{"slots-disputed", dispute, Urgent, "slots 5-9: 10.0.0.12:7002 names 10.0.0.13:7003 (epoch 2), 10.0.0.11:7001 and 10.0.0.13:7003 name 10.0.0.11:7001 (epoch 7)", "B", func(b *bench) { // it began a moment ago
			dispute(b)
			b.s.Events = append(b.s.Events, cluster.Event{At: noon.Add(-sec), Kind: cluster.DisputeChanged, Gravity: cluster.Quiet})
		}},
		{"slots-disputed", func(b *bench) {
			b.s.Disputes = []cluster.Dispute{{Range: keyslot.Range{First: 5, Last: 9}, Says: []cluster.Claim{
				{Owner: b.ids["A"], Epoch: 7, By: []cluster.NodeID{b.ids["B"], b.ids["C"], b.ids["C1"]}}, {By: []cluster.NodeID{b.ids["A"]}},
			}}}
		}, Urgent, "slots 5-9: 10.0.0.11:7001 names nobody, 3 nodes name 10.0.0.11:7001 (epoch 7)", "A", nil},
		{"state-differs", func(b *bench) { b.fails("C") }, Look, "10.0.0.13:7003 says cluster_state:fail, 5 others say ok", "C", func(b *bench) { b.allFail() }},
		{"epoch-collision", func(b *bench) { b.node("B").Member.Epoch = 1 }, Look, "10.0.0.12:7002 has the same config epoch as 10.0.0.11:7001, 1", "B",
			func(b *bench) { b.node("A").Member.Epoch, b.node("B").Member.Epoch = 0, 0 }},
	}
}

func memberFindings() []findingCase {
	return []findingCase{
		{"member-unknown", func(b *bench) { b.ignore("C1", "A") }, Look, "10.0.0.16:7006 is not known to 10.0.0.11:7001", "C1", handshake(sec)},
		{"node-silent", func(b *bench) { b.silent(12*sec, "B1") }, Look, "10.0.0.15:7005 has not answered for 12 s", "B1",
			func(b *bench) { b.silent(5*sec, "C").say(cluster.Fail, "C", "A", "B") }},
		{"node-silent", func(b *bench) { b.health(cluster.Refused, 3*sec, "B1") }, Look, "10.0.0.15:7005 has refused connections for 3.0 s", "B1",
			func(b *bench) { b.health(cluster.Loading, 12*sec, "B1") }},
		{"node-locked", func(b *bench) { b.health(cluster.Denied, 3*sec, "B1") }, Look, "10.0.0.15:7005 refuses the console's user or password", "B1", func(b *bench) { // told as not served
			b.health(cluster.Denied, 3*sec, "C").say(cluster.Fail, "C", "A", "B")
		}},
		{"node-odd", func(b *bench) { b.health(cluster.Rubbish, 3*sec, "B1") }, Look, "10.0.0.15:7005 does not answer like a server", "B1", func(b *bench) { b.stranger("B1", b.ids["B"], false) }},
		{"node-suspected", func(b *bench) { b.say(cluster.PFail, "B1", "A", "C") }, Look,
			"10.0.0.15:7005 answers the console, but 2 voting primaries flag it", "B1", func(b *bench) { b.say(cluster.PFail, "B1", "A1") }},
		{"handshake-stuck", handshake(45 * sec), Look,
			"10.0.0.11:7001 has been meeting 10.0.0.19:7009 for 45 s: is its bus port open, and the one that was given?", "A", handshake(2 * sec)},
		{"handshake-stuck", refused(45 * sec), Look,
			"10.0.0.11:7001 has been meeting 10.0.0.19:7009 for 45 s: is its bus port open, and the one that was given?", "A", refused(2 * sec)},
		{"address-lost", func(b *bench) {
			n := b.node("C1")
			n.Health, n.Member.Flags, n.Member.Endpoint, n.Dialled = cluster.NoAddress, n.Member.Flags|cluster.NoAddr, cluster.Endpoint{}, ""
		}, Note, "node 00000000 has no address any more and owns nothing: it can be forgotten", "C1", func(b *bench) { b.silent(12*sec, "C1") }},
		{"address-moved", func(b *bench) {
			n := b.node("C1")
			n.Dialled, n.Member.Linked = "10.0.9.16:7006", false
		}, Urgent, "10.0.9.16:7006 came back under another address: 5 nodes look for it at 10.0.0.16:7006; slotdeck repair-addresses lets them meet", "C1",
			func(b *bench) { // a console that reaches all of them elsewhere
				for i := range b.s.Nodes {
					b.s.Nodes[i].Dialled = "192.168.0.1:" + b.s.Nodes[i].Dialled[len(b.s.Nodes[i].Dialled)-4:]
				}
				b.node("C1").Member.Linked = false
			}},
		{"address-reused", func(b *bench) { b.stranger("C1", b.ids["B"], false) }, Look, "10.0.0.16:7006 is not where it was: 10.0.0.12:7002 answers at its address", "C1", func(b *bench) { b.health(cluster.Rubbish, 3*sec, "C1") }},
		{"clusters-merge", func(b *bench) { b.stranger("C1", "ffffffffffff", true) }, Urgent,
			"10.0.0.16:7006 is not where it was: node ffffffff of another cluster has its address; a meeting would make one cluster of the two; forget this node on all others before anything is told to meet it", "C1",
			func(b *bench) { b.stranger("C1", "ffffffffffff", false) }},
		{"clusters-merge", func(b *bench) {
			b.stranger("C1", "ffffffffffff", true)
			n := b.join("X", -1, 9)
			n.Member.Flags, n.Health, n.Member.Endpoint = cluster.Handshake, cluster.NoAnswer, b.node("C1").Member.Endpoint
		}, Urgent, "10.0.0.16:7006 is not where it was: node ffffffff of another cluster has its address, and a meeting with that one is under way: two clusters are becoming one; stop that node, and forget this one", "C1", nil},
		{"address-lost", func(b *bench) { b.node("C").Member.Flags |= cluster.NoAddr }, Look, "10.0.0.13:7003 has no address any more", "C", nil},
	}
}

func replicaFindings() []findingCase {
	idle := func(d time.Duration) change {
		return stats("A1", func(s *cluster.Stats) { s.LinkIdle = d })
	}
	behind := func(offset int64) change {
		return func(b *bench) { b.info("A", "repl_backlog_size", "1048576").node("A").Stats.Offset = offset }
	}
	return []findingCase{
		{"replica-missing", func(b *bench) { b.s.Shards[1].Replicas = nil }, Look, "shard B (10.0.0.12:7002) has no replica", "B",
			func(b *bench) { b.s.Shards[1].Replicas, b.s.Shards[1].SlotLen = nil, 0 }},
		{"replica-missing", func(b *bench) {
			for i := range b.s.Shards {
				b.s.Shards[i].Replicas = nil
			}
		}, Look, "no shard has a replica: every lost primary takes its slots with it", "", nil},
		{"link-down", func(b *bench) { b.linkDown("A1", 95) }, Urgent, "10.0.0.14:7004 has had no link to its primary for 95 s", "A1",
			func(b *bench) { b.linkDown("A1", 95).node("A1").Stats.Syncing = true }},
		{"link-down", func(b *bench) { b.linkDown("A1", -1) }, Urgent, "10.0.0.14:7004 has never been linked to its primary", "A1",
			func(b *bench) { b.silent(9*sec, "A").linkDown("A1", 9) }},
		{"replica-syncing", func(b *bench) { b.linkDown("A1", 95).node("A1").Stats.Syncing = true }, Note,
			"10.0.0.14:7004 is in a full sync with its primary", "A1", func(b *bench) {
				b.silent(9*sec, "A").linkDown("A1", 9).node("A1").Stats.Syncing = true
			}},
		{"replica-lag", idle(13 * sec), Look, "10.0.0.14:7004 has heard nothing from its primary for 13 s", "A1", idle(11 * sec)},
		{"replica-lag", func(b *bench) { b.set("repl-ping-replica-period", "2"); idle(10 * sec)(b) }, Look,
			"10.0.0.14:7004 has heard nothing from its primary for 10 s", "A1", idle(10 * sec)},
		{"replica-lag", idle(61 * sec), Urgent, "10.0.0.14:7004 has heard nothing from its primary for 61 s", "A1", idle(-1)},
		{"backlog-outrun", behind(3<<20 + 1000), Look,
			"10.0.0.14:7004 is 3.0 MiB behind, more than its primary's backlog of 1.0 MiB: a broken link costs a full sync", "A1", behind(1<<20 + 1000)},
	}
}

func placeFindings() []findingCase {
	onlyTwo := func(b *bench) { b.s.Shards, b.size = b.s.Shards[:2], 2 }
	return []findingCase{
		{"voters-few", onlyTwo, Look, "only 2 primaries vote: when one fails, no majority is left to elect its replica", "", nil},
		{"voters-few", func(b *bench) { b.s.Shards, b.size = b.s.Shards[:1], 1 }, Look,
			"only 1 primary votes: nobody is left to elect a replica when it fails", "", func(b *bench) { b.silent(sec, "B", "C") }},
		{"host-only-one", host1("A", "B", "C", "A1", "B1", "C1"), Note,
			"all 6 nodes live on 10.0.0.99: fine for a lab, no protection against the loss of that host", "", host1("A", "B", "C")},
		{"host-shared", host1("A", "A1"), Look, "if 10.0.0.99 is lost, the primary of A and every replica of it go together", "A",
			host1("A", "B", "C", "A1", "B1", "C1")},
		{"host-heavy", host1("A", "B"), Look, "if 10.0.0.99 is lost, the majority of the voting primaries goes with it", "", host1("A", "B1")},
	}
}

func memoryFindings() []findingCase {
	used := func(percent int64, policy string) change {
		return func(b *bench) {
			b.node("A").Stats.UsedMemory = percent << 20
			if policy != "" {
				b.info("A", "maxmemory_policy", policy)
			}
		}
	}
	return []findingCase{
		{"memory-full", used(80, "allkeys-lru"), Look, "10.0.0.11:7001 uses 80 % of its maxmemory (80.0 MiB of 100.0 MiB); then it evicts", "A", used(79, "allkeys-lru")},
		{"memory-full", used(96, "allkeys-lru"), Look, "10.0.0.11:7001 uses 96 % of its maxmemory (96.0 MiB of 100.0 MiB); then it evicts", "A", nil},
		{"memory-full", used(96, "noeviction"), Urgent, "10.0.0.11:7001 uses 96 % of its maxmemory (96.0 MiB of 100.0 MiB); then it refuses writes", "A", nil},
		{"memory-full", used(90, ""), Look, "10.0.0.11:7001 uses 90 % of its maxmemory (90.0 MiB of 100.0 MiB); what happens then is not known", "A",
			stats("A", func(s *cluster.Stats) { s.MaxMemory = 0 })},
		{"memory-unbounded", stats("A", func(s *cluster.Stats) { s.MaxMemory = 0 }), Note, "10.0.0.11:7001 has no maxmemory", "",
			stats("A", func(s *cluster.Stats) { s.MaxMemory = -1 })},
		{"memory-unbounded", func(b *bench) {
			for i := range b.s.Nodes {
				b.s.Nodes[i].Stats.MaxMemory = 0
			}
		}, Note, "no node has a maxmemory", "", nil},
		{"memory-fragmented", stats("A", func(s *cluster.Stats) { s.UsedMemory, s.MaxMemory, s.RSS, s.Fragmentation = 1<<30, 0, 2<<30, 2 }), Look,
			"10.0.0.11:7001 takes 2.0 GiB of the host for 1.0 GiB of data (fragmentation 2.0)", "A",
			stats("A", func(s *cluster.Stats) { s.UsedMemory, s.RSS, s.Fragmentation = 2<<20, 20<<20, 10 })},
		{"keys-evicted", stats("A", func(s *cluster.Stats) { s.Evicted = 12 }), Note, "10.0.0.11:7001 has evicted 12 keys since it started 60 min ago", "A",
			stats("A", func(s *cluster.Stats) { s.Evicted = -1 })},
	}
}

func operationFindings() []findingCase {
	info := func(nick, field, value string) change { return func(b *bench) { b.info(nick, field, value) } }
	return []findingCase{
		{"save-failed", info("A", "rdb_last_bgsave_status", "err"), Urgent, "10.0.0.11:7001 could not write its last snapshot to disk: it may refuse writes", "A",
			info("A", "rdb_last_bgsave_status", "ok")},
		{"save-failed", func(b *bench) { b.info("A", "rdb_last_bgsave_status", "err").set("stop-writes-on-bgsave-error", "no") }, Urgent,
			"10.0.0.11:7001 could not write its last snapshot to disk", "A", nil},
		{"aof-failed", info("A", "aof_last_write_status", "err"), Urgent,
			"10.0.0.11:7001 could not write its append-only file: it refuses writes until it can", "A", info("A", "aof_last_write_status", "ok")},
		{"clients-full", func(b *bench) { b.info("A", "maxclients", "100").node("A").Stats.Clients = 80 }, Look,
			"10.0.0.11:7001 has 80 clients, 100 are allowed", "A", func(b *bench) { b.info("A", "maxclients", "100").node("A").Stats.Clients = 79 }},
		{"clients-rejected", info("A", "rejected_connections", "4"), Note,
			"10.0.0.11:7001 has turned away 4 connections since it started 60 min ago", "A", info("A", "rejected_connections", "0")},
		{"versions-mixed", stats("A", func(s *cluster.Stats) { s.Version, s.Flavor = "9.1.2", "valkey" }), Note,
			"the nodes run different versions: 5 × redis 7.0.15 and 1 × valkey 9.1.2", "", stats("A", func(s *cluster.Stats) { s.Version = "" })},
	}
}

// stranger lets another node answer at a node's address.
func (b *bench) stranger(nick string, id cluster.NodeID, foreign bool) {
	b.health(cluster.Rubbish, 3*sec, nick)
	b.node(nick).Stranger, b.node(nick).Foreign = id, foreign
}
