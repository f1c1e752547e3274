package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/keys"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	engine "slotdeck/cluster/run"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// deletedWithSaving deletes all keys of a cluster as the console does, their
// values saved first, and tells what DUMP and PEXPIRETIME said of each.
func deletedWithSaving(t *testing.T, c *lab.Cluster, path string) map[string][2]string {
	t.Helper()
	before := map[string][2]string{}
	for _, n := range c.Nodes() {
		names, err := n.Do(t.Context(), "KEYS", "*").StringSlice()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			before[name] = [2]string{content(t, n, name), fmt.Sprint(n.Do(t.Context(), "PEXPIRETIME", name).Val())}
		}
		node := wire.Open(n.Addr, wire.Options{})
		gone, err := saveValues(t.Context(), node, cluster.NodeID(n.ID), names, path)
		node.Close()
		if err != nil || len(gone) != len(names) {
			t.Fatalf("%d of %d were saved, %v", len(gone), len(names), err)
		}
		if err := n.Do(t.Context(), "FLUSHALL").Err(); err != nil {
			t.Fatal(err)
		}
	}
	return before
}

// content is a value, the same for the same value whatever its order.
func content(t *testing.T, n *lab.Node, key string) string {
	t.Helper()
	return fmt.Sprint(n.Do(t.Context(), "DEBUG", "DIGEST-VALUE", key).Val())
}

func TestSavedValuesAreBroughtBackAsTheyWere(t *testing.T) {
	for _, version := range []string{"redis-7.0", "redis-8.6", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := labtest.Start(t, lab.Config{Binary: labtest.Only(t, version).Path, Extra: []string{"enable-debug-command yes"}})
			if err := c.Fill(t.Context(), 900); err != nil {
				t.Fatal(err)
			}
			for _, line := range []string{`SET "bin\x00\xff\n" "\x00\xfe"`, `PEXPIRE "bin\x00\xff\n" 9000000`, "HSET large " + strings.Repeat("f v ", 3)} {
				run(t, line+"\n", nil, "exec", c.Seed(), "--yes")
			}
			path := filepath.Join(t.TempDir(), "saved.jsonl")
			before := deletedWithSaving(t, c, path)

			if got := expect(t, Fine, "restore", c.Seed(), path, "--dry-run"); !strings.Contains(got.out, "bring back 902 values") {
				t.Errorf("the plan is %s", got.out)
			}
			if got := expect(t, Usage, "restore", c.Seed(), path); !strings.Contains(got.err, "nothing was changed") {
				t.Errorf("unasked: %s", got.err)
			}
			if n := expect(t, Fine, "scan", c.Seed(), "--count").out; n != "0\n" {
				t.Fatalf("%s keys before anybody agreed", n)
			}
			if got := run(t, "", nil, "restore", c.Seed(), path, "--yes", "--readonly"); got.code == Fine {
				t.Errorf("with --readonly: %+v", got)
			}
			report := decode[engine.RestoreReport](t, expect(t, Fine, "restore", c.Seed(), path, "--yes", "-o", "json").out)
			if report.Restored != 902 || report.Left != 0 || report.Lines != 902 {
				t.Errorf("%+v", report)
			}
			found := 0
			for _, n := range c.Nodes() {
				names, _ := n.Do(t.Context(), "KEYS", "*").StringSlice()
				for _, name := range names {
					found++
					is := [2]string{content(t, n, name), fmt.Sprint(n.Do(t.Context(), "PEXPIRETIME", name).Val())}
					if is != before[name] {
						t.Errorf("%q is %v and was %v", name, is, before[name])
					}
				}
			}
			if found != len(before) {
				t.Errorf("%d keys are back of %d", found, len(before))
			}
		})
	}
}

func TestRestoringLeavesWhatExistsAndGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{})
	doors := keys.NewDoors(wire.Options{})
	defer doors.Close()
	path := filepath.Join(t.TempDir(), "saved.jsonl")
	save := func(key, value string, expires int64) {
		node := c.Nodes()[0]
		for _, n := range c.Nodes() {
			if n.Do(t.Context(), "EXISTS", key).Err() == nil {
				node = n
			}
		}
		if err := node.Do(t.Context(), "SET", key, value).Err(); err != nil {
			t.Fatal(err)
		}
		dump, err := node.Do(t.Context(), "DUMP", key).Text()
		if err == nil {
			err = engine.AppendSaved(path, engine.Saved{At: time.Now(), Job: "deletion", Addr: node.Addr, Slot: int(keyslot.Of(key)), Key: []byte(key), Dump: []byte(dump), Expires: expires})
		}
		if err == nil {
			err = node.Do(t.Context(), "DEL", key).Err()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	save("first", "old", -1)
	save("first", "new", -1)
	save("second", "2", -1)
	save("ended", "x", time.Now().Add(-time.Minute).UnixMilli())
	save("third", "3", time.Now().Add(time.Hour).UnixMilli())
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = file.WriteString(`{"key":"Zm91`) // its writer was killed
	_ = file.Close()
	is := func(key, want string) {
		t.Helper()
		if got := expect(t, Fine, "exec", c.Seed(), "GET", key).out; got != want+"\n" {
			t.Errorf("%s holds %q, want %q", key, got, want)
		}
	}

	expect(t, Fine, "exec", c.Seed(), "SET", "second", "other", "--yes")
	got := expect(t, No, "restore", c.Seed(), path, "--yes")
	if !strings.Contains(got.out, "2 of 3 values brought back") || !strings.Contains(got.out, `"second": the cluster has another value`) {
		t.Errorf("%s", got.out)
	}
	for _, words := range []string{"1 value is left out: their time", "1 value is left out: the same key", "1 line cannot be read"} {
		if !strings.Contains(got.out, words) {
			t.Errorf("%q is not said in %s", words, got.out)
		}
	}
	is("first", "new")
	is("second", "other")
	is("ended", "")
	if got := expect(t, Fine, "exec", c.Seed(), "PTTL", "third").out; len(got) < 7 {
		t.Errorf("the time to live that is left is %s", got)
	}
	if got := expect(t, No, "restore", c.Seed(), path, "--yes"); !strings.Contains(got.out, "0 of 3 values brought back (0.0 MiB), 2 were there already") {
		t.Errorf("once more: %s", got.out)
	}
	if got := expect(t, Fine, "restore", c.Seed(), path, "--yes", "--replace"); !strings.Contains(got.out, "3 of 3 values brought back") || !strings.Contains(got.out, "lossy") {
		t.Errorf("with --replace: %s", got.out)
	}
	is("second", "2")
	expect(t, Fine, "exec", c.Seed(), "DEL", "second", "--yes")
	expect(t, Fine, "exec", c.Seed(), "DEL", "third", "--yes")
	if got := expect(t, Fine, "restore", c.Seed(), path, "--yes", "--skip", "4"); !strings.Contains(got.out, "1 of 1 values brought back") {
		t.Errorf("behind four lines: %s", got.out)
	}
	is("second", "")
	is("third", "3")

	expect(t, Usage, "restore", c.Seed())
	expect(t, Usage, "restore", c.Seed(), path+".not")
	wrong := filepath.Join(t.TempDir(), "wrong")
	if err := os.WriteFile(wrong, []byte("REDIS0011\x00rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := expect(t, Usage, "restore", c.Seed(), wrong, "--yes"); !strings.Contains(got.err, "no saved value") {
		t.Errorf("what is no file of saved values: %s", got.err)
	}
}

func TestRestoringStopsWhereThereIsNoMemoryAndSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Primaries: 1})
	for i := range 40 {
		if err := c.Nodes()[0].Do(t.Context(), "SET", fmt.Sprint("k", i), strings.Repeat("x", 100_000)).Err(); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "saved.jsonl")
	for _, set := range [][]any{{"CONFIG", "SET", "rdbcompression", "no"}, {"CONFIG", "SET", "maxmemory-policy", "noeviction"}} {
		if err := c.Nodes()[0].Do(t.Context(), set...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	deletedWithSaving(t, c, path)
	if err := c.Nodes()[0].Do(t.Context(), "CONFIG", "SET", "maxmemory", "3mb").Err(); err != nil {
		t.Fatal(err)
	}
	got := expect(t, No, "restore", c.Seed(), path, "--yes")
	if !strings.Contains(got.err, "no memory left") || !strings.Contains(got.out, "--skip") {
		t.Fatalf("%s%s", got.out, got.err)
	}
	if err := c.Nodes()[0].Do(t.Context(), "CONFIG", "SET", "maxmemory", "0").Err(); err != nil {
		t.Fatal(err)
	}
	expect(t, Fine, "restore", c.Seed(), path, "--yes")
	if n := expect(t, Fine, "scan", c.Seed(), "--count").out; n != "40\n" {
		t.Errorf("%s keys are back", n)
	}
}

// TestAValueThatWasBroughtBackIsRecognisedWhenItIsBroughtBackOnceMore is about an
// interruption between a value and its answer: servers write sets and hashes down
// in another order each time.
func TestAValueThatWasBroughtBackIsRecognisedWhenItIsBroughtBackOnceMore(t *testing.T) {
	for _, version := range []string{"redis-7.0", "redis-8.6", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := labtest.Start(t, lab.Config{Primaries: 1, Binary: labtest.Only(t, version).Path, Extra: []string{"enable-debug-command yes"}})
			n := c.Nodes()[0]
			do := func(words ...any) {
				t.Helper()
				if err := n.Do(t.Context(), words...).Err(); err != nil {
					t.Fatalf("%v: %v", words, err)
				}
			}
			const grow = "for i=1,tonumber(ARGV[2]) do if ARGV[1]=='SADD' then redis.call('SADD',KEYS[1],'m'..i*7) else redis.call(ARGV[1],KEYS[1],i,'m'..i) end end return 1"
			for key, how := range map[string][]any{"set": {"SADD", 3000}, "hash": {"HSET", 3000}, "zset": {"ZADD", 3000}, "shrunk": {"HSET", 3000}} {
				do(append([]any{"EVAL", grow, 1, key}, how...)...)
			}
			do("EVAL", "for i=21,3000 do redis.call('HDEL',KEYS[1],i) end return 1", 1, "shrunk")
			want := 4
			if version != "redis-7.0" {
				do("EVAL", grow, 1, "timed", "HSET", 3000)
				do("HPEXPIRE", "timed", 9_000_000, "FIELDS", 2, "1", "2")
				want++
			}
			path := filepath.Join(t.TempDir(), "saved.jsonl")
			before := deletedWithSaving(t, c, path)
			expect(t, Fine, "restore", c.Seed(), path, "--yes")
			once := decode[engine.RestoreReport](t, expect(t, Fine, "restore", c.Seed(), path, "--yes", "-o", "json").out)
			if once.Present != int64(want) || once.Restored != 0 || once.Left != 0 {
				t.Errorf("once more: %+v", once)
			}
			for name, is := range before {
				if now := content(t, n, name); now != is[0] {
					t.Errorf("%s is %s and was %s", name, now, is[0])
				}
			}
			do("SADD", "set", "another")
			do("HSET", "hash", "1", "another")
			left := want - 2
			if version != "redis-7.0" {
				do("HPEXPIRE", "timed", 8_000_000, "FIELDS", 1, "1")
				left--
			}
			other := decode[engine.RestoreReport](t, expect(t, No, "restore", c.Seed(), path, "--yes", "-o", "json").out)
			if other.Present != int64(left) || other.Left != int64(want-left) {
				t.Errorf("after values changed: %+v", other)
			}
		})
	}
}
