package doctor_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/watch"
	"slotdeck/cluster/wire"
)

// situation is something wrong with a real cluster: how it comes about, which
// findings above a note it must bring and no others, and how it goes again.
type situation struct {
	name  string
	do    func(*ward)
	want  string // IDs of rules, in order
	notes string // IDs that must be there as notes
	undo  func(*ward)
	by    map[string]float64 // thresholds
}

// ward is a cluster that is made ill and well again.
type ward struct {
	t      *testing.T
	ctx    context.Context
	c      *lab.Cluster
	a, b   *lab.Node // primaries
	ra     *lab.Node // replica of a
	stop   func()    // ends what goes on while a situation lasts
	mu     sync.Mutex
	latest *cluster.Snapshot
}

func (w *ward) ask(n *lab.Node, words string) any {
	w.t.Helper()
	var args []any
	for _, word := range strings.Fields(words) {
		args = append(args, strings.ReplaceAll(strings.ReplaceAll(word, "_", " "), "''", ""))
	}
	reply, err := n.Do(w.ctx, args...).Result()
	if err != nil {
		w.t.Fatalf("%s at %s: %v", words, n.Addr, err)
	}
	return reply
}

// try sends what is meant to be refused.
func (w *ward) try(n *lab.Node, times int, words ...any) {
	for range times {
		_ = n.Do(w.ctx, words...).Err()
	}
}

func (w *ward) everywhere(words string) {
	for _, n := range w.c.Nodes() {
		w.ask(n, words)
	}
}

// above are the findings louder than a note, by ID; notes are the others.
func above(s *cluster.Snapshot, by map[string]float64) (loud, notes []string, all []doctor.Finding) {
	all = doctor.Standards{Thresholds: by}.Findings(s)
	for _, f := range all {
		list := &loud
		if f.Severity == doctor.Note {
			list = &notes
		}
		if !slices.Contains(*list, f.ID) {
			*list = append(*list, f.ID)
		}
	}
	slices.Sort(loud)
	return loud, notes, all
}

// fresh reports whether all that a picture shows was read after a moment.
func fresh(s *cluster.Snapshot, since time.Time) bool {
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.Health == cluster.Answering && (!n.Info.At.After(since) || !n.View.At.After(since) || !n.Checkup.At.After(since)) {
			return false
		}
	}
	return len(s.Nodes) > 0
}

const patience = 90 * time.Second

// await waits for exactly the findings that are wanted.
func (w *ward) await(what, want, notes string, by map[string]float64) {
	w.t.Helper()
	since := time.Now()
	deadline := since.Add(patience)
	for {
		w.mu.Lock()
		s := w.latest
		w.mu.Unlock()
		if s != nil && fresh(s, since) {
			loud, quiet, all := above(s, by)
			missing := slices.ContainsFunc(strings.Fields(notes), func(id string) bool { return !slices.Contains(quiet, id) })
			if slices.Equal(loud, strings.Fields(want)) && !missing {
				return
			}
			if time.Now().After(deadline) {
				w.t.Errorf("%s: wanted %q and the notes %q, found %v", what, want, notes, all)
				return
			}
		} else if time.Now().After(deadline) {
			w.t.Fatalf("%s: no whole picture came", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestFindingsOnRealClustersAreThoseAndNoOthers(t *testing.T) {
	for _, name := range labtest.Matrix() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := labtest.Start(t, lab.Config{Binary: labtest.Only(t, name).Path, Replicas: 1, NodeTimeout: 20 * time.Second})
			nodes := c.Nodes()
			w := &ward{t: t, ctx: t.Context(), c: c, a: nodes[0], b: nodes[1], ra: nodes[3]}
			w.watch()
			w.await("a healthy cluster", "", "", nil)
			w.bigKey(name)
			if name != "redis-7.0" && name != "valkey-9.1" {
				return
			}
			all := append(situations(), lastSituations()...)
			if os.Getenv("SLOTDECK_SITUATIONS") == "" {
				all = all[:3] // "make situations" goes through all of them
			}
			for _, s := range all {
				t.Run(s.name, func(t *testing.T) {
					w.t = t
					s.do(w)
					w.await(s.name, s.want, s.notes, s.by)
					w.calm()
					if s.undo != nil {
						s.undo(w)
					}
					w.await("after "+s.name, "", "", map[string]float64{"reconnect-time": 0}) // what was just written is no rate
				})
			}
		})
	}
}

// bigKey gives a primary a big string: servers that count their keys by size tell
// of it, and those that log large commands tell how it came.
func (w *ward) bigKey(version string) {
	w.t.Helper()
	still := map[string]float64{"reconnect-time": 0} // what was just written is no rate
	w.try(w.a, 1, "SET", keyA+"big", strings.Repeat("x", 5<<20))
	switch {
	case strings.HasPrefix(version, "redis-8."):
		w.await("a big key", "keys-big", "", still)
	case strings.HasPrefix(version, "valkey-"):
		w.await("a big key", "", "keys-big", still)
	}
	w.ask(w.a, "DEL "+keyA+"big")
	w.try(w.a, 1, "COMMANDLOG", "RESET", "large-request")
	w.await("after a big key", "", "", map[string]float64{"reconnect-time": 0, "big-recent": 0})
}

// watch looks at the ward often, and keeps the newest picture.
func (w *ward) watch() {
	eye := watch.New(watch.Config{
		Seeds: []string{w.c.Seed()}, Interval: 100 * time.Millisecond, Settings: doctor.SettingNames(),
		Checkups: 300 * time.Millisecond, Thorough: true, Options: wire.Options{CallTimeout: 10 * time.Second},
	})
	ctx, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { _ = eye.Run(ctx) })
	done.Go(func() {
		for s := range eye.Updates() {
			w.mu.Lock()
			w.latest = s
			w.mu.Unlock()
		}
	})
	w.t.Cleanup(func() { stop(); done.Wait() })
}

// config is a situation that one setting on one node makes.
func config(name, setting, bad, good, want string) situation {
	return situation{name: name, want: want,
		do: func(w *ward) {
			if was, err := w.a.Do(w.ctx, "CONFIG", "GET", setting).Slice(); err == nil && len(was) == 2 && was[1] != "" {
				good = strings.ReplaceAll(was[1].(string), " ", "_")
			}
			w.ask(w.a, "CONFIG SET "+setting+" "+bad)
		},
		undo: func(w *ward) { w.ask(w.a, "CONFIG SET "+setting+" "+good) }}
}

// onAll is the same on all nodes.
func onAll(name, setting, bad, good, want, notes string) situation {
	return situation{name: name, want: want, notes: notes,
		do:   func(w *ward) { w.everywhere("CONFIG SET " + setting + " " + bad) },
		undo: func(w *ward) { w.everywhere("CONFIG SET " + setting + " " + good) }}
}

func (s situation) with(by map[string]float64) situation { s.by = by; return s }

const slotA, keyA = 100, "{b}" // a slot of the first primary, and a tag of another

func situations() []situation {
	limits := func(pairs ...any) map[string]float64 {
		by := map[string]float64{}
		for i := 0; i < len(pairs); i += 2 {
			by[pairs[i].(string)] = float64(pairs[i+1].(int))
		}
		return by
	}
	open := func(migrating, importing bool) func(*ward) {
		return func(w *ward) {
			if importing {
				w.ask(w.b, fmt.Sprintf("CLUSTER SETSLOT %d IMPORTING %s", slotA, w.a.ID))
			}
			if migrating {
				w.ask(w.a, fmt.Sprintf("CLUSTER SETSLOT %d MIGRATING %s", slotA, w.b.ID))
			}
		}
	}
	stable := func(w *ward) {
		w.ask(w.a, fmt.Sprintf("CLUSTER SETSLOT %d STABLE", slotA))
		w.ask(w.b, fmt.Sprintf("CLUSTER SETSLOT %d STABLE", slotA))
	}
	return []situation{
		{name: "a slot open on both sides", do: open(true, true), undo: stable, notes: "slots-open"},
		{name: "a slot that only its owner shows as open", do: open(true, false), undo: stable, want: "slots-open"},
		{name: "a slot that only the target shows as open", do: open(false, true), undo: stable, want: "slots-open"},
		config("another node timeout on one node", "cluster-node-timeout", "19000", "20000", "settings-differ"),
		config("another policy on one node", "maxmemory-policy", "allkeys-lru", "noeviction", "settings-differ"),
		config("snapshots on one node alone", "save", "3600_1", "''", "persistence-none settings-differ"),
		config("another password for primaries on one node", "masterauth", "s3cret", "''", "settings-differ"),
		config("another backlog on one node", "repl-backlog-size", "2097152", "1048576", "settings-differ"),
		config("another time until idle clients are cut off", "timeout", "900", "0", "settings-differ"),
		config("another coverage rule on one node", "cluster-require-full-coverage", "no", "yes", "settings-differ"),
		{name: "another log level on one node", notes: "settings-differ", do: func(w *ward) { w.ask(w.a, "CONFIG SET loglevel warning") }, undo: func(w *ward) { w.ask(w.a, "CONFIG SET loglevel notice") }},
		config("an append-only file on one node", "appendonly", "yes", "no", "persistence-none settings-differ"),
		onAll("a validity factor too strict", "cluster-replica-validity-factor", "1", "10", "validity-strict", "").with(limits("validity-time", 60)),
		onAll("protected mode off on loopback", "protected-mode", "no", "yes", "", "password-none"),
		onAll("no protection against a cut", "min-replicas-to-write", "0", "0", "", "split-brain"),
		onAll("more maxmemory than the host has", "maxmemory", "900gb", "0", "host-memory", ""),
		onAll("little maxmemory", "maxmemory", "1500000000", "0", "", "").with(limits("memory-look", 99)),
		onAll("full, and it would refuse writes", "maxmemory", "2000mb", "0", "memory-full", "").with(limits("memory-look", 0, "memory-urgent", 0)),
		{name: "more replicas asked for than there are", want: "settings-differ writes-refused",
			do: func(w *ward) { w.ask(w.a, "CONFIG SET min-replicas-to-write 3") }, undo: func(w *ward) { w.ask(w.a, "CONFIG SET min-replicas-to-write 0") }},
		{name: "a client that uses KEYS", want: "keys-command",
			do: func(w *ward) { w.busy(func() { w.try(w.a, 1, "KEYS", "nothing*") }) }},
		{name: "a slow log that grows", want: "slowlog-grows", by: limits("slow-commands", 5),
			do: func(w *ward) {
				w.ask(w.a, "CONFIG SET slowlog-log-slower-than 0")
				w.ask(w.ra, "CONFIG SET slowlog-log-slower-than 0")
				w.everywhere("CONFIG SET slowlog-log-slower-than 0")
			},
			undo: func(w *ward) { w.everywhere("CONFIG SET slowlog-log-slower-than 10000") }},
		{name: "a node that stood still", want: "latency-events",
			do: func(w *ward) {
				w.everywhere("CONFIG SET latency-monitor-threshold 120")
				w.ask(w.a, "DEBUG SLEEP 0.2")
			},
			undo: func(w *ward) {
				w.everywhere("CONFIG SET latency-monitor-threshold 0")
				w.ask(w.a, "LATENCY RESET")
			}},
		{name: "clients who do not know where keys are", want: "errors-routing", by: limits("errors", 5),
			do: func(w *ward) { w.busy(func() { w.try(w.a, 40, "GET", "foo") }) }},
		{name: "clients who use keys of several slots together", want: "errors-routing", by: limits("errors", 5),
			do: func(w *ward) { w.busy(func() { w.try(w.a, 40, "MGET", "foo", "bar") }) }},
		{name: "clients with a wrong password", want: "errors-login", by: limits("errors", 5),
			do: func(w *ward) { w.busy(func() { w.try(w.a, 40, "AUTH", "nobody", "x") }) }},
		{name: "clients who find nothing", notes: "hits-few", by: limits("least-lookups", 10),
			do: func(w *ward) { w.busy(func() { w.try(w.a, 40, "GET", keyA+"none") }) }},
		{name: "blocked clients", notes: "clients-blocked", by: limits("blocked-clients", 1),
			do:   func(w *ward) { go w.try(w.a, 1, "BLPOP", keyA+"queue", 3600) },
			undo: func(w *ward) { w.ask(w.a, "LPUSH "+keyA+"queue x") }},
		{name: "keys that are evicted", want: "keys-evicting settings-differ", by: limits("memory-look", 101, "reconnect-time", 0),
			do: func(w *ward) { w.ask(w.a, "CONFIG SET maxmemory-policy allkeys-random"); w.evicting() },
			undo: func(w *ward) {
				w.ask(w.a, "CONFIG SET maxmemory 0")
				w.ask(w.a, "CONFIG SET maxmemory-policy noeviction")
				w.ask(w.a, "FLUSHALL")
			}},
		{name: "writes that are refused for want of memory", want: "errors-refused memory-full settings-differ", by: limits("errors", 5),
			do: func(w *ward) {
				w.ask(w.a, "CONFIG SET maxmemory 1mb")
				w.busy(func() { w.try(w.a, 40, "SET", keyA+"x", "y") })
			},
			undo: func(w *ward) { w.ask(w.a, "CONFIG SET maxmemory 0") }},
		{name: "a volatile policy over keys that do not expire", want: "eviction-unfit",
			do: func(w *ward) {
				w.everywhere("CONFIG SET maxmemory 1gb maxmemory-policy volatile-lru")
				w.ask(w.a, "SET "+keyA+"stays 1")
			},
			undo: func(w *ward) {
				w.ask(w.a, "DEL "+keyA+"stays")
				w.everywhere("CONFIG SET maxmemory 0 maxmemory-policy noeviction")
			}},
		{name: "a cache that would refuse writes", notes: "eviction-off",
			do: func(w *ward) {
				w.everywhere("CONFIG SET maxmemory 1gb")
				w.ask(w.a, "SET "+keyA+"goes 1 EX 3600")
			},
			undo: func(w *ward) { w.ask(w.a, "DEL "+keyA+"goes"); w.everywhere("CONFIG SET maxmemory 0") }},
		{name: "changes that were never saved", want: "changes-unsaved", by: limits("unsaved-changes", 1, "unsaved-time", 0),
			do: func(w *ward) {
				w.everywhere("CONFIG SET save 360000_1000000")
				w.ask(w.a, "SET "+keyA+"x 1")
				w.ask(w.a, "DEL "+keyA+"x")
			},
			undo: func(w *ward) { w.everywhere("CONFIG SET save ''") }},
		{name: "a fork that took long", want: "fork-slow", by: limits("fork-time", 0),
			do: func(*ward) {}, undo: nil},
	}
}

// busy does something again and again until the situation is over: what is told
// as growing has to grow.
func (w *ward) busy(do func()) {
	over, ended := make(chan struct{}), make(chan struct{})
	w.stop = func() { close(over); <-ended }
	go func() {
		defer close(ended)
		for {
			do()
			select {
			case <-over:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
}

func (w *ward) calm() {
	if w.stop != nil {
		w.stop()
		w.stop = nil
	}
}

// evicting leaves little room, and writes on and on.
func (w *ward) evicting() {
	info, err := w.a.Do(w.ctx, "INFO", "memory").Text()
	if err != nil {
		w.t.Fatal(err)
	}
	parsed, err := cluster.ParseInfo(info)
	if err != nil {
		w.t.Fatal(err)
	}
	used, _ := parsed.Int("used_memory")
	w.ask(w.a, fmt.Sprintf("CONFIG SET maxmemory %d", used+16<<20))
	nr := 0
	w.busy(func() {
		for range 50 {
			nr++
			w.try(w.a, 1, "SET", fmt.Sprintf("%s%d", keyA, nr), strings.Repeat("x", 8000))
		}
	})
}

// stray lays a key into the second primary, of a slot that the first owns.
func (w *ward) stray() {
	w.ask(w.a, "SET "+keyA+"stray old")
	dump, err := w.a.Do(w.ctx, "DUMP", keyA+"stray").Text()
	if err != nil {
		w.t.Fatal(err)
	}
	slot := w.ask(w.a, "CLUSTER KEYSLOT "+keyA)
	w.ask(w.b, fmt.Sprintf("CLUSTER SETSLOT %v IMPORTING %s", slot, w.a.ID))
	if err := w.b.Do(w.ctx, "RESTORE-ASKING", keyA+"stray", 0, dump).Err(); err != nil {
		w.t.Fatal(err)
	}
	w.ask(w.b, fmt.Sprintf("CLUSTER SETSLOT %v STABLE", slot))
}

// cannotWrite puts a thing in the way of a file that the node wants to write.
func (w *ward) cannotWrite(name, command string, mkdir bool) {
	path := filepath.Join(w.a.Dir, name)
	var err error
	if mkdir {
		err = os.MkdirAll(filepath.Join(path, "in the way"), 0o700)
	} else {
		err = os.WriteFile(path, nil, 0o600)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.try(w.a, 1, command)
}

func (w *ward) canWrite(name, command string) {
	if err := os.RemoveAll(filepath.Join(w.a.Dir, name)); err != nil {
		w.t.Fatal(err)
	}
	w.try(w.a, 1, command)
}

// settled waits for the cluster's own word that all is well.
func (w *ward) settled() {
	if err := w.c.AwaitSettled(w.ctx); err != nil {
		w.t.Fatal(err)
	}
}

func lastSituations() []situation {
	last := func(w *ward) *lab.Node { return w.c.Nodes()[2] }
	one := map[string]float64{}
	with := func(name string, v float64) map[string]float64 { return map[string]float64{name: v} }
	return []situation{
		{name: "keys of a slot that is another's", want: "keys-stray", by: one, do: (*ward).stray, undo: func(w *ward) { w.ask(w.b, "FLUSHALL"); w.ask(w.a, "FLUSHALL") }},
		{name: "a user who may not look", want: "node-locked", do: func(w *ward) { w.ask(w.ra, "ACL SETUSER default -cluster|nodes -cluster|info") }, undo: func(w *ward) { w.ask(w.ra, "ACL SETUSER default +@all") }},
		{name: "a snapshot that failed", want: "save-failed", do: func(w *ward) { w.cannotWrite("dump.rdb", "BGSAVE", true) }, undo: func(w *ward) { w.canWrite("dump.rdb", "BGSAVE") }},
		{name: "no room for what a fork copies", want: "fork-room", by: with("fork-room", 0),
			do: func(w *ward) { w.try(w.a, 1, "BGSAVE") }},
		{name: "many clients", want: "clients-full", by: with("clients-share", 0.01), do: func(*ward) {}},
		{name: "one shard with all of the memory", want: "memory-uneven", by: map[string]float64{"uneven-memory": 50, "least-memory": 1, "reconnect-time": 0},
			do: func(w *ward) { w.try(w.a, 1, "SET", keyA+"big", strings.Repeat("x", 20<<20)) }, undo: func(w *ward) { w.ask(w.a, "DEL "+keyA+"big") }},
		{name: "one shard with all of the keys", notes: "keys-uneven", by: with("least-keys", 3),
			do: func(w *ward) {
				for i := range 9 {
					w.ask(w.a, fmt.Sprintf("SET %s%d x", keyA, i))
				}
			}, undo: func(w *ward) { w.ask(w.a, "FLUSHALL") }},
		{name: "writes that outrun the backlog", want: "backlog-small", by: with("reconnect-time", 36000),
			do: func(w *ward) { w.busy(func() { w.try(w.a, 10, "SET", keyA+"x", strings.Repeat("x", 4000)) }) }, undo: func(w *ward) { w.ask(w.a, "FLUSHALL") }},
		{name: "a replica without the right password", want: "link-down settings-differ",
			do: func(w *ward) {
				w.ask(w.ra, "CONFIG SET masteruser nobody masterauth bad")
				w.ask(w.ra, "CLIENT KILL TYPE master")
			},
			undo: func(w *ward) { w.ask(w.ra, "CONFIG SET masteruser '' masterauth ''"); w.settled() }},
		{name: "full syncs one after the other", want: "syncs-repeat", by: with("full-syncs", 1),
			do: func(w *ward) {
				w.busy(func() {
					w.try(w.a, 1, "DEBUG", "CHANGE-REPL-ID")
					w.try(w.a, 1, "CLIENT", "KILL", "TYPE", "replica")
					for i := 0; i < 300; i++ { // until the replica is back
						text, _ := w.ra.Do(w.ctx, "INFO", "replication").Text()
						if strings.Contains(text, "master_link_status:up") {
							break
						}
						time.Sleep(10 * time.Millisecond)
					}
				})
			}, undo: func(w *ward) { w.settled() }},
		{name: "a meeting with nobody", want: "handshake-stuck", by: with("handshake-time", 0),
			do: func(w *ward) { w.ask(w.a, "CLUSTER MEET 127.0.0.1 1") },
			undo: func(w *ward) {
				w.ask(w.a, "CONFIG SET cluster-node-timeout 700")
				labtest.Until(w.t, time.Minute, "the meeting is given up", func() bool {
					text, _ := w.a.Do(w.ctx, "CLUSTER", "NODES").Text()
					return text != "" && !strings.Contains(text, "handshake")
				})
				w.ask(w.a, "CONFIG SET cluster-node-timeout 20000")
				w.settled()
			}},
		{name: "a replica that does not run", want: "node-silent", do: func(w *ward) { _ = w.ra.Kill() },
			undo: func(w *ward) { _ = w.ra.Restart(w.ctx); w.settled() }},
		{name: "a replica that hangs", want: "node-silent", do: func(w *ward) { _ = w.ra.Freeze() }, undo: func(w *ward) { _ = w.ra.Thaw(); w.settled() }},
		{name: "a shard whose replica went to another", want: "replica-missing",
			do:   func(w *ward) { w.ask(w.ra, "CLUSTER REPLICATE "+string(w.b.ID)) },
			undo: func(w *ward) { w.ask(w.ra, "CLUSTER REPLICATE "+string(w.a.ID)); w.settled() }},
		{name: "a slot that its owner gave up alone", want: "slots-disputed state-differs",
			do: func(w *ward) { w.ask(last(w), "CLUSTER DELSLOTS 16383") }, undo: func(w *ward) { w.ask(last(w), "CLUSTER ADDSLOTS 16383"); w.settled() }},
		{name: "an orderly failover and back", do: func(w *ward) { w.takesOver(w.ra) }, undo: func(w *ward) { w.takesOver(w.a); w.settled() }},
		{name: "a primary that does not run", want: "slots-unserved", do: func(w *ward) { _ = w.a.Kill() },
			undo: func(w *ward) { _ = w.a.Restart(w.ctx); w.settled() }},
	}
}

// takesOver orders a failover until it has happened: voters of Redis refuse a
// second one of the same shard for two node timeouts.
func (w *ward) takesOver(n *lab.Node) {
	w.t.Helper()
	var ordered time.Time
	labtest.Until(w.t, time.Minute, n.Addr+" is the primary", func() bool {
		if time.Since(ordered) > 6*time.Second { // an order is good for 5 s
			_ = n.Do(w.ctx, "CLUSTER", "FAILOVER").Err()
			ordered = time.Now()
		}
		reply, err := n.Do(w.ctx, "ROLE").Slice()
		return err == nil && len(reply) > 0 && reply[0] == "master"
	})
}
