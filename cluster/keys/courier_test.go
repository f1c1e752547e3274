package keys

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// some are the versions that differ in what is tested here.
func some(t *testing.T, f func(t *testing.T, server lab.Server)) {
	t.Helper()
	for _, v := range []string{"redis-7.0", "redis-8.6", "valkey-9.1"} {
		t.Run(v, func(t *testing.T) {
			t.Parallel()
			f(t, labtest.Only(t, v))
		})
	}
}

func courierTo(t *testing.T) Courier {
	t.Helper()
	doors := NewDoors(wire.Options{})
	t.Cleanup(doors.Close)
	return Courier{Doors: doors}
}

// way is the outcomes of a trace, hop by hop.
func way(t keyspace.Trace) string {
	var out []string
	for _, h := range t.Hops {
		text := h.Outcome.String()
		if h.Asking {
			text = "asking " + text
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func TestTraceTellsASlotThatIsHeldOpenInTheMiddleOfAMove(t *testing.T) {
	some(t, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path})
		ctx, courier := t.Context(), courierTo(t)
		slot := keyslot.Of("{open}")
		source, to := ownerOf(t, c, "{open}"), c.Nodes()[0]
		if to == source {
			to = c.Nodes()[1]
		}
		third := c.Nodes()[slices.IndexFunc(c.Nodes(), func(n *lab.Node) bool { return n != source && n != to })]
		must(t, source.Do(ctx, "MSET", "{open}stays", "s", "{open}goes", "g").Err())
		must(t, to.Do(ctx, "CLUSTER", "SETSLOT", int(slot), "IMPORTING", string(source.ID)).Err())
		must(t, source.Do(ctx, "CLUSTER", "SETSLOT", int(slot), "MIGRATING", string(to.ID)).Err())
		must(t, source.Do(ctx, "MIGRATE", "127.0.0.1", to.Port, "{open}goes", 0, 2000).Err())

		for _, tr := range []struct {
			start   *lab.Node
			command string
			way     string
			says    string
		}{
			{source, "GET {open}stays", "answered", "first node"},
			{third, "GET {open}stays", "MOVED, answered", "the owner of the slot"},
			{source, "GET {open}goes", "ASK, asking answered", "after ASKING"},
			{third, "GET {open}goes", "MOVED, ASK, asking answered", "after ASKING"},
			{source, "SET {open}new 1", "ASK, asking answered", "after ASKING"},
			{to, "GET {open}goes", "MOVED, ASK, asking answered", "after ASKING"},
			{source, "MGET {open}stays {open}goes", "TRYAGAIN", "partly here and partly there"},
			{source, "MGET {open}goes {open}never", "ASK, asking TRYAGAIN", "partly here and partly there"},
			{source, "MGET {open}goes elsewhere", "CROSSSLOT", "different slots"},
			{source, "LPUSH {open}stays x", "error", "the cluster played no part"},
		} {
			words := strings.Fields(tr.command)
			got := courier.Carry(ctx, keyspace.Begin(tr.start.Addr, words))
			if way(got) != tr.way || !strings.Contains(got.Verdict(), tr.says) {
				t.Errorf("%s from %s: %s (%s); want %s", tr.command, tr.start.Addr, way(got), got.Verdict(), tr.way)
			}
		}
		tx := [][]string{{"MULTI"}, {"SET", "{open}tx", "1"}, {"INCR", "{open}tx"}, {"EXEC"}}
		got := courier.Carry(ctx, keyspace.Begin(third.Addr, tx...))
		if way(got) != "MOVED, ASK, asking answered" || fmt.Sprint(got.Replies[3]) != "[OK 2]" {
			t.Errorf("a transaction on a slot in flight: %s, %v, %v", way(got), got.Replies, got.Errs)
		}
		apart := [][]string{{"MULTI"}, {"SET", "{open}tx", "7"}, {"SET", "elsewhere", "7"}, {"EXEC"}}
		got = courier.Carry(ctx, keyspace.Begin(third.Addr, apart...))
		if last, _ := got.Last(); last.Outcome == keyspace.Answered || len(got.Hops) > 4 {
			t.Errorf("a transaction over two slots: %s", way(got))
		}
		if v := courier.Carry(ctx, keyspace.Begin(to.Addr, []string{"GET", "{open}tx"})); v.Replies[0] != any("2") {
			t.Errorf("the transaction that was refused changed the key to %v", v.Replies)
		}
	})
}

func TestTraceTellsOfASlotThatNobodyServesAndOfANodeThatIsGone(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Extra: []string{"cluster-require-full-coverage no"}})
	ctx, courier := t.Context(), courierTo(t)
	slot := int(keyslot.Of("lost"))
	for _, n := range c.Nodes() {
		must(t, n.Do(ctx, "CLUSTER", "DELSLOTS", slot).Err())
	}
	got := courier.Carry(ctx, keyspace.Begin(c.Seed(), []string{"GET", "lost"}))
	if way(got) != "CLUSTERDOWN" || !strings.Contains(got.Verdict(), "nobody owns the slot") {
		t.Errorf("an uncovered slot: %s, %s", way(got), got.Verdict())
	}
	dead := ownerOf(t, c, "k")
	must(t, dead.Kill())
	start := c.Nodes()[0]
	if start == dead {
		start = c.Nodes()[1]
	}
	got = courier.Carry(ctx, keyspace.Begin(start.Addr, []string{"GET", "k"}))
	if way(got) != "MOVED, no answer" || !strings.Contains(got.Verdict(), "not known") {
		t.Errorf("a dead owner: %s, %s", way(got), got.Verdict())
	}
}

func TestTheTableOfKeysAgreesWithTheServers(t *testing.T) {
	some(t, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Primaries: 1})
		n := wire.Open(c.Seed(), wire.Options{})
		defer n.Close()
		for _, line := range []string{
			"GET a", "SET a 1", "MSET a 1 b 2", "DEL a b c", "EVAL s 2 a b c", "ZUNIONSTORE d 2 a b WEIGHTS 1 2", "XREAD COUNT 2 STREAMS a b 0 0",
			"XREADGROUP GROUP g c STREAMS a >", "BLPOP a b 0", "BITOP AND d a b", "SORT a BY x STORE d", "MIGRATE h 1 a 0 10", "OBJECT ENCODING a",
			"MIGRATE h 1 \"\" 0 10 KEYS a b", "MEMORY USAGE a", "SINTERCARD 2 a b", "LMPOP 2 a b LEFT", "BLMPOP 0 1 a LEFT", "RENAME a b", "LMOVE a b LEFT LEFT",
			"GEORADIUS a 1 1 1 km STORE d", "COPY a b", "PFMERGE a b", "XGROUP CREATE a g 0", "XINFO STREAM a", "FCALL f 1 a b", "WATCH a b", "HSET a f v", "LCS a b",
			"ZRANGESTORE a b 0 1", "GETEX a", "SMOVE a b m", "XADD a * f v", "ZINTER 2 a b", "EXPIRE a 1", "DUMP a", "TOUCH a b",
		} {
			words, err := keyspace.Words(line)
			must(t, err)
			told, byServer := KeysOf(t.Context(), n, words)
			own, known := keyspace.KeysOf(words)
			if !byServer || !known || !slices.Equal(told, own) && len(told)+len(own) > 0 {
				t.Errorf("%s: the server says %q (asked: %v), the table %q (known: %v)", line, told, byServer, own, known)
			}
		}
	})
}

func TestRedirectionsWithoutAHostLeadToTheSameHost(t *testing.T) {
	for _, c := range [][3]string{
		{"10.0.0.1:7001", "10.0.0.2:7002", "10.0.0.2:7002"}, {"10.0.0.1:7001", ":7002", "10.0.0.1:7002"}, {"10.0.0.1:7001", "?:7002", "10.0.0.1:7002"},
		{"[::1]:7001", "::2:7002", "[::2]:7002"}, {"[::1]:7001", ":7002", "[::1]:7002"}, {"10.0.0.1:7001", "host.example:7002", "host.example:7002"}, {"a:1", "nonsense", ""},
	} {
		if got := target(c[0], c[1]); got != c[2] {
			t.Errorf("from %s to %s: %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

// ownerOf is the node that serves a key.
func ownerOf(t *testing.T, c *lab.Cluster, key string) *lab.Node {
	t.Helper()
	for _, n := range c.Nodes() {
		if err := n.Do(context.Background(), "EXISTS", key).Err(); err == nil {
			return n
		}
	}
	t.Fatalf("no node serves %s", key)
	return nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestReplicasAnswerReadsWhenAskedTo(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Primaries: 1, Replicas: 1})
	must(t, c.Nodes()[0].Do(t.Context(), "SET", "k", "v").Err())
	courier, replica := courierTo(t), c.Nodes()[1].Addr
	labtest.Until(t, 5*time.Second, "the replica has the key", func() bool {
		courier.ReadOnly = true
		got := courier.Carry(t.Context(), keyspace.Begin(replica, []string{"GET", "k"}))
		return way(got) == "answered" && got.Replies[0] == any("v")
	})
	other := courierTo(t)
	if got := other.Carry(t.Context(), keyspace.Begin(replica, []string{"GET", "k"})); way(got) != "MOVED, answered" {
		t.Errorf("unasked: %s", way(got))
	}
	if got := courier.Carry(t.Context(), keyspace.Begin(replica, []string{"SET", "k", "w"})); way(got) != "MOVED, answered" {
		t.Errorf("a write: %s", way(got))
	}
}

func TestTraceTellsOfScriptsTransactionsAndWhatAClusterForbids(t *testing.T) {
	some(t, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path})
		ctx, courier := t.Context(), courierTo(t)
		slot := keyslot.Of("{open}")
		source, to := ownerOf(t, c, "{open}"), c.Nodes()[0]
		if to == source {
			to = c.Nodes()[1]
		}
		for _, tr := range []struct{ command, way, says, note string }{
			{"EVAL \"return redis.call('GET',KEYS[1])\" 1 {open}stays", "answered", "first node", "all of them have to live in one slot"},
			{"EVAL \"return 1\" 2 {open}stays elsewhere", "CROSSSLOT", "different slots", "with the tag {open}"},
			{"EVAL \"return redis.call('GET','elsewhere')\" 0", "error", "no part", "declare every key"},
			{"SELECT 1", "error", "", "database 0 alone"},
			{"SWAPDB 0 1", "error", "single server alone", "database 0 alone"},
			{"REPLICAOF NO ONE", "error", "single server alone", "slotdeck replicate"},
			{"RENAME {open}stays elsewhere", "CROSSSLOT", "different slots", "CROSSSLOT"},
		} {
			words, err := keyspace.Words(tr.command)
			must(t, err)
			n := wire.Open(source.Addr, wire.Options{})
			keys, _ := KeysOf(ctx, n, words)
			n.Close()
			got := courier.Carry(ctx, keyspace.Begin(source.Addr, words))
			if notes := strings.Join(keyspace.Note([][]string{words}, [][]string{keys}), "; "); way(got) != tr.way || !strings.Contains(got.Verdict(), tr.says) || !strings.Contains(notes, tr.note) {
				t.Errorf("%s: %s (%s), noted: %s", tr.command, way(got), got.Verdict(), notes)
			}
		}

		must(t, source.Do(ctx, "MSET", "{open}stays", "s", "{open}goes", "g").Err())
		must(t, to.Do(ctx, "CLUSTER", "SETSLOT", int(slot), "IMPORTING", string(source.ID)).Err())
		must(t, source.Do(ctx, "CLUSTER", "SETSLOT", int(slot), "MIGRATING", string(to.ID)).Err())
		must(t, source.Do(ctx, "MIGRATE", "127.0.0.1", to.Port, "{open}goes", 0, 2000).Err())
		for line, want := range map[string]string{
			"EVAL \"return redis.call('GET',KEYS[1])\" 1 {open}goes":                      "ASK, asking answered",
			"EVAL \"return redis.call('MGET',KEYS[1],KEYS[2])\" 2 {open}stays {open}goes": "TRYAGAIN",
			"SUNIONSTORE {open}new {open}goes {open}never":                                "ASK, asking TRYAGAIN",
		} {
			words, err := keyspace.Words(line)
			must(t, err)
			if got := courier.Carry(ctx, keyspace.Begin(source.Addr, words)); way(got) != want {
				t.Errorf("%s during a move: %s (%v), want %s", line, way(got), got.Errs, want)
			}
		}
		// A transaction with a key on either side: nothing of it may be carried out.
		both := [][]string{{"MULTI"}, {"SET", "{open}stays", "changed"}, {"SET", "{open}goes", "changed"}, {"EXEC"}}
		got := courier.Carry(ctx, keyspace.Begin(source.Addr, both...))
		if last, _ := got.Last(); last.Outcome == keyspace.Answered {
			t.Errorf("a transaction over both sides of a move: %s, %v", way(got), got.Replies)
		}
		if v := courier.Carry(ctx, keyspace.Begin(source.Addr, []string{"GET", "{open}stays"})); v.Replies[0] != any("s") {
			t.Errorf("a transaction that was refused has set %v", v.Replies)
		}
		if v := courier.Carry(ctx, keyspace.Begin(source.Addr, []string{"GET", "{open}goes"})); v.Replies[0] != any("g") {
			t.Errorf("a transaction that was refused has set %v", v.Replies)
		}
	})
}

func TestTraceTellsOfAClusterThatIsDown(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{NodeTimeout: 500 * time.Millisecond, Extra: []string{"cluster-allow-reads-when-down yes"}})
	ctx, courier := t.Context(), courierTo(t)
	alive := ownerOf(t, c, "k")
	for _, n := range c.Nodes() {
		if n != alive {
			must(t, n.Kill())
		}
	}
	carry := func(words ...string) keyspace.Trace { return courier.Carry(ctx, keyspace.Begin(alive.Addr, words)) }
	labtest.Until(t, 10*time.Second, "the last node holds the cluster for down", func() bool { return way(carry("SET", "k", "v")) == "CLUSTERDOWN" })
	if got := carry("SET", "k", "v"); !strings.Contains(got.Verdict(), "only lets reads through") {
		t.Errorf("a write: %s (%v)", got.Verdict(), got.Errs)
	}
	if got := carry("GET", "k"); way(got) != "answered" {
		t.Errorf("a read: %s (%v)", way(got), got.Errs)
	}
	must(t, alive.Do(ctx, "CONFIG", "SET", "cluster-allow-reads-when-down", "no").Err())
	if got := carry("GET", "k"); way(got) != "CLUSTERDOWN" || !strings.Contains(got.Verdict(), "holds the cluster for down") {
		t.Errorf("a read, when none are let through: %s, %s (%v)", way(got), got.Verdict(), got.Errs)
	}
}
