package proof

import (
	"context"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/keyslot"
)

// court is a small cluster with keys in it, and a judge who saw it whole.
type court struct {
	*lab.Cluster
	judge  *Judge
	load   *Load
	before Digest
}

func newCourt(t *testing.T, server lab.Server, config lab.Config) *court {
	config.Binary = server.Path
	c := &court{Cluster: labtest.Start(t, config)}
	var addrs []string
	for _, n := range c.Nodes() {
		addrs = append(addrs, n.Addr)
	}
	c.judge = Open(addrs, c.Password())
	t.Cleanup(c.judge.Close)
	ctx := t.Context()
	if err := c.judge.Plant(ctx, 1500, keyslot.SetOf(keyslot.Range{First: 0, Last: 99}), 7); err != nil {
		t.Fatal(err)
	}
	var err error
	if c.before, err = c.judge.Digest(ctx, PlantPrefix); err != nil {
		t.Fatal(err)
	}
	if c.before.Len() != 1500 {
		t.Fatalf("the digest covers %d of 1500 keys", c.before.Len())
	}
	c.load, err = c.judge.StartLoad(ctx, LoadConfig{Slots: keyslot.SetOf(keyslot.Range{First: 0, Last: 99}), Wait: config.Replicas})
	if err != nil {
		t.Fatal(err)
	}
	labtest.Until(t, 20*time.Second, "some hundred writes were acknowledged", func() bool { return c.load.Tally().Acked > 2000 })
	if tally := c.load.Stop(); tally.Refused+tally.Unsure != 0 {
		t.Fatalf("writes failed on a healthy cluster: %v", tally)
	}
	return c
}

func (c *court) verdict(t *testing.T) Verdict {
	t.Helper()
	v, err := c.load.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (c *court) changes(t *testing.T) Changes {
	t.Helper()
	after, err := c.judge.Digest(t.Context(), PlantPrefix)
	if err != nil {
		t.Fatal(err)
	}
	return c.before.Compare(after)
}

func (c *court) do(t *testing.T, n *lab.Node, args ...any) {
	t.Helper()
	if err := n.Do(t.Context(), args...).Err(); err != nil {
		t.Fatalf("%v on %s: %v", args, n.Addr, err)
	}
}

// someCell is a written key that its owner holds, on the first primary.
func (c *court) someCell(t *testing.T, fits func(*cell) bool) *cell {
	t.Helper()
	for _, w := range c.load.writers {
		for _, one := range w.cells {
			if keyslot.Of(one.name.key) < 100 && one.name.db == 0 && fits(one) {
				return one
			}
		}
	}
	t.Fatal("the load wrote no such key")
	return nil
}

func plainCell(c *cell) bool { return !c.counter && c.deleted == 0 && c.tried == 1 }

func TestJudgeFindsNothingWhereNothingIsWrong(t *testing.T) {
	t.Parallel()
	labtest.EachVersion(t, func(t *testing.T, server lab.Server) {
		c := newCourt(t, server, lab.Config{Replicas: 1})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if a := c.judge.AwaitAgreement(ctx); !a.OK() {
			t.Error(a)
		}
		if v := c.verdict(t); !v.OK() || len(v.Async) > 0 || v.Keys < 1000 || v.Census.Keys < 2400 {
			t.Error(v)
		}
		if changes := c.changes(t); !changes.OK() {
			t.Error(changes)
		}
		if l := LatencyOf(c.load.TakeTimes()); l.N < 2000 || l.P50 <= 0 || l.P99 < l.P50 || l.Worst < l.P99 {
			t.Error(l)
		}
	})
}

func TestJudgeFindsWhatWasTampered(t *testing.T) {
	t.Parallel()
	c := newCourt(t, labtest.Any(t), lab.Config{})
	a := c.Nodes()[0]
	one := c.someCell(t, plainCell)
	c.do(t, a, "DEL", one.name.key)
	if v := c.verdict(t); v.OK() || len(v.Lost) != 1 || !strings.Contains(v.Lost[0], one.name.String()) {
		t.Errorf("a lost write: %v", v)
	}
	c.do(t, a, "SET", one.name.key, "1"+filler)
	if v := c.verdict(t); !v.OK() {
		t.Errorf("the write is back: %v", v)
	}
	c.do(t, a, "SET", one.name.key, "2"+filler)
	if v := c.verdict(t); v.OK() || len(v.Wrong) != 1 {
		t.Errorf("a value nobody wrote: %v", v)
	}
	c.do(t, a, "SET", one.name.key, "1"+filler)

	counter := c.someCell(t, func(c *cell) bool { return c.counter && c.tried > 1 })
	c.do(t, a, "DECR", counter.name.key)
	if v := c.verdict(t); len(v.Lost) != 1 || !strings.Contains(v.Lost[0], counter.name.String()) {
		t.Errorf("a counter that went back: %v", v)
	}
	c.do(t, a, "INCRBY", counter.name.key, 2)
	if v := c.verdict(t); len(v.Wrong) != 1 {
		t.Errorf("a counter that counted twice: %v", v)
	}
	c.do(t, a, "DECR", counter.name.key)

	gone := c.someCell(t, func(c *cell) bool { return c.deleted > 0 })
	c.do(t, a, "SET", gone.name.key, "1"+filler)
	if v := c.verdict(t); len(v.Risen) != 1 {
		t.Errorf("a removed key that is back: %v", v)
	}
}

func TestDigestSeesEveryChange(t *testing.T) {
	t.Parallel()
	c := newCourt(t, labtest.Any(t), lab.Config{})
	a, tag := c.Nodes()[0], newTags()
	keyOf := func(i int) string { // as Plant names them
		for n := range c.before.keys {
			if strings.HasPrefix(n.key, PlantPrefix+"{"+tag[i%100]+"}:") && strings.Contains(n.key+"\x00", ":"+itoa(i)+"\x00") {
				return n.key
			}
		}
		t.Fatalf("no key %d was planted", i)
		return ""
	}
	if changes := c.changes(t); !changes.OK() {
		t.Fatal(changes)
	}
	c.do(t, a, "APPEND", keyOf(1), "x")
	c.do(t, a, "HSET", keyOf(2), "a", "other")
	c.do(t, a, "RPUSH", keyOf(3), "x")
	c.do(t, a, "SADD", keyOf(4), "x")
	c.do(t, a, "ZADD", keyOf(14), 1, "x")
	c.do(t, a, "XADD", keyOf(6), "*", "f", "x")
	c.do(t, a, "HDEL", keyOf(7), "field3")
	c.do(t, a, "PERSIST", keyOf(16))
	c.do(t, a, "EXPIRE", keyOf(9), 100000)
	c.do(t, a, "XGROUP", "DESTROY", keyOf(15), "readers")
	c.do(t, a, "DEL", keyOf(25))
	c.do(t, a, "SET", PlantPrefix+"{"+tag[3]+"}:new", "x")
	changes := c.changes(t)
	if len(changes.Changed) != 10 || len(changes.Missing) != 1 || len(changes.Added) != 1 {
		t.Errorf("%d changed, %d missing, %d added, want 10, 1, 1: %v", len(changes.Changed), len(changes.Missing), len(changes.Added), changes)
	}
}

func TestCensusFindsDoublesAndStrays(t *testing.T) {
	t.Parallel()
	labtest.EachVersion(t, func(t *testing.T, server lab.Server) {
		c := newCourt(t, server, lab.Config{})
		a, b := c.Nodes()[0], c.Nodes()[1]
		one := c.someCell(t, plainCell)
		slot := int(keyslot.Of(one.name.key))
		c.do(t, b, "CLUSTER", "SETSLOT", slot, "IMPORTING", string(a.ID))
		c.do(t, a, "MIGRATE", "127.0.0.1", b.Port, "", 0, 5000, "COPY", "KEYS", one.name.key)
		v := c.verdict(t)
		if v.OK() || len(v.Census.Doubled) != 1 {
			t.Errorf("a key on two primaries, in an open slot: %v", v)
		}
		c.do(t, b, "CLUSTER", "SETSLOT", slot, "STABLE")
		v = c.verdict(t)
		if hides := server.Name == "redis-8.6"; hides && v.Census.Hidden != 1 || !hides && len(v.Census.Doubled) != 1 {
			t.Errorf("a key on two primaries: %v", v)
		}
		c.do(t, a, "DEL", one.name.key)
		if v = c.verdict(t); len(v.Lost) != 1 || v.Census.OK() {
			t.Errorf("a key on the wrong primary alone: %v", v)
		}
	})
}

func TestAgreementNoticesWhatIsNotAtRest(t *testing.T) {
	t.Parallel()
	labtest.EachVersion(t, func(t *testing.T, server lab.Server) {
		c := newCourt(t, server, lab.Config{Replicas: 1})
		a, b := c.Nodes()[0], c.Nodes()[1]
		wants := func(what, word string) {
			t.Helper()
			var now Agreement
			labtest.Until(t, 20*time.Second, what, func() bool {
				now = c.judge.Agreement(t.Context())
				return strings.Contains(strings.Join(now.Faults, "\n"), word)
			})
		}
		atRest := func() {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			if now := c.judge.AwaitAgreement(ctx); !now.OK() {
				t.Fatal(now)
			}
		}
		atRest()
		c.do(t, a, "CLUSTER", "SETSLOT", 5, "MIGRATING", string(b.ID))
		wants("a slot that migrates", a.Addr+" has slot 5 open")
		c.do(t, a, "CLUSTER", "SETSLOT", 5, "STABLE")
		c.do(t, b, "CLUSTER", "SETSLOT", 5, "IMPORTING", string(a.ID))
		wants("a slot that is imported", b.Addr+" has slot 5 open")
		c.do(t, b, "CLUSTER", "SETSLOT", 5, "STABLE")
		atRest()
		c.do(t, a, "CLUSTER", "DELSLOTS", 0)
		wants("a slot that one node gave up", "disagree about who owns 0")
		wants("a slot without owner", a.Addr+" knows no owner of 0")
		c.do(t, a, "CLUSTER", "ADDSLOTS", 0)
		atRest()
		replica := c.Nodes()[3]
		if err := replica.Freeze(); err != nil {
			t.Fatal(err)
		}
		wants("a node that does not answer", replica.Addr+" cannot be asked")
		if err := replica.Thaw(); err != nil {
			t.Fatal(err)
		}
		atRest()
	})
}

func TestReplicasLeftOpenAreNoticed(t *testing.T) {
	t.Parallel()
	c := newCourt(t, labtest.Only(t, "valkey-8.1"), lab.Config{Replicas: 1})
	a, b, replica := c.Nodes()[0], c.Nodes()[1], c.Nodes()[3]
	// The primary, having asked its frozen replica in vain, does not open the
	// slot; the replica does, once it thaws.
	if err := replica.Freeze(); err != nil {
		t.Fatal(err)
	}
	err := a.Do(t.Context(), "CLUSTER", "SETSLOT", 5, "MIGRATING", string(b.ID)).Err()
	if err == nil || !strings.HasPrefix(err.Error(), "NOREPLICAS") {
		t.Fatalf("the primary answered %v", err)
	}
	if err := replica.Thaw(); err != nil {
		t.Fatal(err)
	}
	labtest.Until(t, 20*time.Second, "the open slot of the replica is noticed", func() bool {
		now := c.judge.Agreement(t.Context())
		return strings.Contains(now.String(), replica.Addr+" has slot 5 open")
	})
}
