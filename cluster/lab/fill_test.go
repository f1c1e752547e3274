//go:build unix

package lab_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

func TestFillWritesEveryTypeAndAsManyKeysAsAsked(t *testing.T) {
	labtest.EachVersion(t, func(t *testing.T, server lab.Server) {
		const want = 12345
		c := labtest.Start(t, lab.Config{Binary: server.Path, Password: "secret"})
		began := time.Now()
		if err := c.Fill(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d keys in %v", want, time.Since(began).Round(time.Millisecond))
		var total int64
		for _, n := range c.Nodes() {
			size, err := n.Do(t.Context(), "DBSIZE").Int64()
			if err != nil || size < want/4 {
				t.Errorf("node %s has %d keys (%v): not its share", n.Addr, size, err)
			}
			total += size
		}
		if total != want {
			t.Errorf("%d keys, want %d", total, want)
		}
		for _, kind := range []string{"string", "hash", "list", "set", "zset", "stream"} {
			reply, err := c.Nodes()[0].Do(t.Context(), "SCAN", 0, "COUNT", 2000, "TYPE", kind).Slice()
			if err != nil || len(reply) != 2 {
				t.Fatalf("SCAN: %v, %v", reply, err)
			}
			if keys := reply[1].([]any); len(keys) == 0 {
				t.Errorf("no key of type %s", kind)
			}
		}
		if keyspace := text(t, c.Nodes()[0], "INFO", "keyspace"); strings.Contains(keyspace, "expires=0") {
			t.Errorf("no key expires: %s", keyspace)
		}
	})
}

func TestTrafficFollowsAFailover(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Replicas: 1, NodeTimeout: time.Second})
	if err := c.Fill(t.Context(), 3000); err != nil {
		t.Fatal(err)
	}
	traffic := c.Traffic(t.Context(), 500)
	both := func(since lab.TrafficCounts, by int64) func() bool {
		return func() bool {
			now := traffic.Counts()
			return now.Reads > since.Reads+by && now.Writes > since.Writes+by/8
		}
	}
	labtest.Until(t, 10*time.Second, "reads and writes are answered", both(lab.TrafficCounts{}, 100))
	if counts := traffic.Counts(); counts.Errors > 0 {
		t.Errorf("%d errors on a healthy cluster: %v", counts.Errors, counts.LastErr)
	}
	if err := c.Nodes()[0].Kill(); err != nil {
		t.Fatal(err)
	}
	labtest.Until(t, 20*time.Second, "the replica takes over", func() bool {
		return strings.Contains(text(t, c.Nodes()[3], "INFO", "replication"), "role:master")
	})
	calls := func() bool { return strings.Contains(text(t, c.Nodes()[3], "INFO", "commandstats"), "cmdstat_incr:") }
	labtest.Until(t, 10*time.Second, "the traffic reaches the new primary", calls)
	ended := traffic.Stop()
	if again := traffic.Stop(); again.Reads != ended.Reads || again.Writes != ended.Writes {
		t.Errorf("the traffic went on after Stop: %+v, then %+v", ended, again)
	}
}

func TestDemoSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	var said []string
	dir := t.TempDir()
	show, err := lab.Demo(t.Context(), lab.Config{
		Binary: labtest.Any(t).Path, Replicas: 1, Dir: dir,
		Progress: func(sentence string) { said = append(said, sentence) },
	}, 2000, 100)
	if err != nil {
		t.Fatal(err)
	}
	labtest.Until(t, 10*time.Second, "traffic flows", func() bool { return show.Traffic.Counts().Reads > 10 })
	if err := show.Stop(); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"starting 6 servers (" + show.Server.String() + ")", "attaching 3 replicas", "writing 2000 keys"} {
		if !slices.Contains(said, want) {
			t.Errorf("never said %q, only %q", want, said)
		}
	}
}
