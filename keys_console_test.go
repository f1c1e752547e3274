package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// keyConsole is the program on its page of keys, before a cluster of one
// primary, which serves every key.
type keyConsole struct {
	*session
	node *lab.Node
}

func startOnKeys(t *testing.T, c *lab.Cluster, env []string, args ...string) keyConsole {
	t.Helper()
	k := keyConsole{startWith(t, usual, env, append(args, c.Seed())...), c.Nodes()[0]}
	k.shows("16384/16384 slots")
	k.press("4")
	k.shows("TAG FOR")
	k.press("\x1b[1;5C\x1b[1;5C") // twice to the right
	k.shows("LOOK FOR")
	return k
}

// do asks the server.
func (k keyConsole) do(words ...any) any {
	k.t.Helper()
	v, err := k.node.Do(k.t.Context(), words...).Result()
	if err != nil {
		k.t.Fatalf("%.80v: %v", words, err)
	}
	return v
}

// holds waits until the server answers so.
func (k keyConsole) holds(want string, words ...any) {
	k.t.Helper()
	var got string
	labtest.Until(k.t, 10*time.Second, fmt.Sprintf("%v is answered with %q; the screen shows\n%s", words, want, k.text()), func() bool {
		v, err := k.node.Do(k.t.Context(), words...).Result()
		got = fmt.Sprint(v)
		return err == nil && got == want
	})
}

// open looks for a key, from the field or from a key that is open, and opens it.
func (k keyConsole) open(key, kind string) {
	k.t.Helper()
	if strings.Contains(k.text(), "KEY   ") {
		k.press(escape + "a")
	}
	k.press("\x15" + key + "\r")
	k.shows("▸ " + key)
	k.press("\r")
	k.shows("KEY   "+key, kind+"  ")
}

// write presses a key that asks for a text, types it in the place of what stands
// there, and goes on to the plan.
func (k keyConsole) write(key, label, text, plan string) {
	k.t.Helper()
	k.press(key)
	k.shows(label)
	k.press("\x15" + text + "\r")
	k.shows("PLAN  " + plan)
}

// agree confirms the plan in front: once more after a pause when clients notice.
func (k keyConsole) agree() {
	k.t.Helper()
	const again, plan = "once more to run", "PLAN  "
	k.press("y")
	k.until("the plan runs, or asks once more", func(text string) bool {
		return strings.Contains(text, again) || !strings.Contains(text, plan)
	})
	if strings.Contains(k.text(), again) {
		k.press("y")
	}
	k.until("the plan is carried out", func(text string) bool { return !strings.Contains(text, plan) })
}

func TestTheConsoleChangesValuesOfEveryType(t *testing.T) {
	for _, version := range []string{"redis-8.6", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := labtest.Start(t, lab.Config{Primaries: 1, Binary: labtest.Only(t, version).Path})
			k := startOnKeys(t, c, nil)
			k.do("SET", "{k}text", "old", "PX", 900_000)
			k.do("HSET", "hash", "f1", "v1", "f2", "v2")
			k.do("RPUSH", "list", "a", "b")
			k.do("SADD", "set", "only")
			k.do("ZADD", "zset", 1, "m")
			k.do("XADD", "stream", "7-1", "f", "v")

			k.open("{k}text", "string")
			k.write("e", "NEW VALUE", `"new \x00"`, "SET")
			k.agree()
			k.holds("new \x00", "GET", "{k}text")
			if ms := k.do("PTTL", "{k}text").(int64); ms < 1 {
				t.Errorf("the time to live did not stay: %d", ms)
			}
			k.press("P")
			k.shows("PLAN  PERSIST")
			k.agree()
			k.holds("-1", "PTTL", "{k}text")
			k.write("t", "EXPIRES IN", "2h", "PEXPIRE")
			k.agree()
			labtest.Until(t, 10*time.Second, "it expires", func() bool { return k.do("PTTL", "{k}text").(int64) > 7_000_000 })
			k.press("R")
			k.shows("NEW NAME")
			k.press("\x15elsewhere\r")
			k.shows("RENAME stays in slot", "use a name with the same {tag}")
			k.press("\x15{k}renamed\r")
			k.shows("PLAN  RENAME")
			k.agree()
			k.shows("KEY   {k}renamed")
			k.holds("1", "EXISTS", "{k}renamed")
			k.press("U")
			k.shows("PLAN  DELETE")
			k.agree()
			k.shows("the key is not there (any more)")
			k.holds("0", "EXISTS", "{k}renamed")

			k.open("hash", "hash")
			k.write("f", "FIELD f1 EXPIRES IN", "200m", "HPEXPIRE")
			k.agree()
			labtest.Until(t, 10*time.Second, "the field expires", func() bool {
				return k.do("HPTTL", "hash", "FIELDS", 1, "f1").([]any)[0].(int64) > 10_000_000
			})
			k.shows("  3h")
			k.write("e", "NEW VALUE OF f1", "kept", "HSETEX")
			k.agree()
			k.holds("kept", "HGET", "hash", "f1")
			if ms := k.do("HPTTL", "hash", "FIELDS", 1, "f1").([]any)[0].(int64); ms < 10_000_000 {
				t.Errorf("the field's time to live did not stay: %d", ms)
			}
			k.shows("kept")
			k.write("a", "FIELD VALUE", "f1 other", "HSETNX")
			k.agree()
			k.shows("HSETNX found nothing to change")
			k.holds("kept", "HGET", "hash", "f1")
			k.press(escape)
			k.until("the field is closed", func(text string) bool { return !strings.Contains(text, "FIELD VALUE") })
			k.write("f", "FIELD f1 EXPIRES IN", "never", "HPERSIST")
			k.agree()
			k.holds("[-1]", "HPTTL", "hash", "FIELDS", 1, "f1")
			k.write("e", "NEW VALUE OF f1", "another", "HSET")
			k.agree()
			k.holds("another", "HGET", "hash", "f1")
			k.shows("another")
			k.press("d")
			k.shows("PLAN  HDEL")
			k.agree()
			k.holds("0", "HEXISTS", "hash", "f1")

			k.open("list", "list")
			k.write("e", "NEW ITEM 0", "changed", "LSET")
			k.agree()
			k.holds("changed", "LINDEX", "list", 0)
			k.write("a", "ITEM", `"with blanks"`, "RPUSH")
			k.agree()
			k.holds("with blanks", "LINDEX", "list", -1)

			k.open("set", "set")
			k.write("a", "MEMBER", "second", "SADD")
			k.agree()
			k.holds("1", "SISMEMBER", "set", "second")

			k.open("zset", "zset")
			k.write("e", "NEW SCORE OF m", "2.5", "ZADD")
			k.agree()
			k.holds("2.5", "ZSCORE", "zset", "m")

			k.open("stream", "stream")
			k.write("a", "FIELD VALUE", "g w", "XADD")
			k.agree()
			k.holds("2", "XLEN", "stream")
			k.press("d")
			k.shows("PLAN  XDEL")
			k.agree()
			k.holds("1", "XLEN", "stream")
		})
	}
}

func TestTheConsoleLosesNothingWhenAServerRefusesAChange(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Primaries: 1, Extra: []string{"maxmemory-policy noeviction"}})
	node := c.Nodes()[0]
	if err := node.Do(t.Context(), "ACL", "SETUSER", "ann", "on", "nopass", "~*", "&*", "+@all", "-unlink", "-pexpire").Err(); err != nil {
		t.Fatal(err)
	}
	k := startOnKeys(t, c, []string{"REDISCLI_AUTH=any"}, "--user", "ann")
	k.do("SET", "text", "old")
	k.do("HSET", "hash", "f", "v")

	k.open("text", "string")
	k.do("CONFIG", "SET", "maxmemory", "1")
	k.write("e", "NEW VALUE", "typed with care", "SET")
	k.agree()
	k.shows("nothing was changed", "OOM", "raise maxmemory", "typed with care")
	k.holds("old", "GET", "text")
	k.do("CONFIG", "SET", "maxmemory", "0")
	k.press("\r")
	k.shows("PLAN  SET")
	k.agree()
	k.holds("typed with care", "GET", "text")
	k.until("the field is closed", func(text string) bool { return !strings.Contains(text, "NEW VALUE") && !strings.Contains(text, "OOM") })

	k.write("t", "EXPIRES IN", "3h", "PEXPIRE")
	k.agree()
	k.shows("nothing was changed", "NOPERM", "use a user with more rights", "EXPIRES IN", "3h")
	k.holds("-1", "PTTL", "text")
	k.press(escape)
	k.until("the field is closed", func(text string) bool { return !strings.Contains(text, "EXPIRES IN") })
	k.press("U")
	k.shows("PLAN  DELETE")
	k.agree()
	k.shows("nothing was changed", "NOPERM", "use a user with more rights")
	k.holds("1", "EXISTS", "text")

	// While a value is being typed, its key becomes another, and then none.
	k.open("hash", "hash")
	k.press("e")
	k.shows("NEW VALUE OF f")
	k.do("DEL", "hash")
	k.do("SET", "hash", "a string now")
	k.press("\x15typed with care\r")
	k.shows("PLAN  HSET")
	k.agree()
	k.shows("nothing was changed: the key is not any more as it was shown", "typed with care", "a string now")
	k.press(escape)
	k.until("the field is closed", func(text string) bool { return !strings.Contains(text, "NEW VALUE") })
	k.press("e")
	k.shows("NEW VALUE")
	k.do("DEL", "hash")
	k.press("\x15typed with care\r")
	k.shows("PLAN  SET")
	k.agree()
	k.shows("nothing was changed: the key is not there (any more)", "below is what was read before that", "typed with care")
	k.holds("0", "EXISTS", "hash")
}

func TestBothEndsOfALongListAreReadAgainWhenTheCursorComesBack(t *testing.T) {
	t.Parallel()
	const many = 8000 // more than what is kept to both sides of the cursor
	c := labtest.Start(t, lab.Config{Primaries: 1})
	if err := c.Fill(t.Context(), many); err != nil {
		t.Fatal(err)
	}
	k := startOnKeys(t, c, nil)
	k.press("\r")
	k.shows("keys so far   at 1")
	k.until("the first key is described", func(text string) bool { return keyAtCursor(text) != "" })
	top := keyAtCursor(k.text())
	k.press("c")
	k.shows(fmt.Sprintf("%d keys, all   at 1", many))
	for range 2 {
		k.press("G")
		k.shows(fmt.Sprintf("at %d", many))
		k.until("the last key is described", func(text string) bool { return keyAtCursor(text) != "" })
		k.press("g")
		k.until("the first key is described again", func(text string) bool { return keyAtCursor(text) == top })
	}
}

// keyAtCursor is the key in the line with the cursor; empty while nothing is known
// of it but its place.
func keyAtCursor(text string) string {
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 6 && words[0] == "▸" {
			return words[1]
		}
	}
	return ""
}

// residentAtMost is what the program may hold while it looks at values of any
// size: what it holds before any, and pages of them.
const residentAtMost = 96 << 20

func TestLargeValuesAreLookedAtInBoundedMemory(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Primaries: 1})
	k := startOnKeys(t, c, nil)
	k.do("SETRANGE", "text", 100<<20, "the end")
	for i := range 100 { // a busy machine takes its time for each
		k.do("EVAL", `for part=1,10 do
			local pairs = {}
			for i=1,1000 do pairs[2*i-1], pairs[2*i] = 'field:'..ARGV[1]..':'..part..':'..i, 'value:'..i end
			redis.call('HSET', KEYS[1], unpack(pairs))
		end return 1`, 1, "hash", i)
	}
	k.open("text", "string")
	for part := 2; part <= 5; part++ {
		k.press("n")
		k.shows(fmt.Sprintf("part %d", part))
	}
	k.press("vv")
	k.shows("as bytes", "00010000")
	k.press("G")
	k.shows("00013ff0")
	k.open("hash", "hash")
	k.shows("1000000 fields")
	for part := 2; part <= 5; part++ {
		k.press("n")
		k.shows(fmt.Sprintf("part %d", part))
	}
	k.press("G")
	k.shows("value:")
	if most := highWater(t, k.cmd.Process.Pid); most > residentAtMost {
		t.Errorf("the program held %d MiB, and %d are enough", most>>20, residentAtMost>>20)
	} else {
		t.Logf("at most %d MiB were held", most>>20)
	}
}

// highWater is the most memory that a process has held, in bytes.
func highWater(t *testing.T, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if os.IsNotExist(err) {
		t.Skip("this system does not tell what a process holds")
	}
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

func TestTheConsoleDeletesWhatItCountedAndAReadOnlyOneReadsFromReplicas(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Replicas: 1})
	if err := c.Fill(t.Context(), 600); err != nil {
		t.Fatal(err)
	}
	count := func(pattern string) string {
		t.Helper()
		code, out, errs := plain(t, nil, "scan", c.Seed(), "--match", pattern, "--count")
		if code != 0 {
			t.Fatalf("scan ended with code %d: %s", code, errs)
		}
		return strings.TrimSpace(out)
	}
	all, carts := count("*"), count("cart:*")
	if carts == "0" || carts == all {
		t.Fatalf("%s carts of %s keys", carts, all)
	}
	k := startOnKeys(t, c, nil)
	k.press("cart:*\r")
	k.shows("▸ cart:")
	k.press("c")
	k.shows(carts + " keys, all")
	k.press("U")
	k.shows("PLAN  DELETE "+carts+" KEYS", "at most 1000 a second", "some of them", "lossy")
	k.press("y")
	k.shows("type " + carts + " to run")
	k.press("1\r")
	k.shows("nothing was done")
	if is := count("cart:*"); is != carts {
		t.Fatalf("%s carts are left of %s before that was agreed to", is, carts)
	}
	k.press("y")
	k.shows("type " + carts + " to run")
	k.press(carts + "\r")
	k.shows(carts + " of " + carts + " keys deleted")
	if is := count("cart:*"); is != "0" {
		t.Errorf("%s carts are left", is)
	}
	before, _ := strconv.Atoi(all)
	gone, _ := strconv.Atoi(carts)
	if is := count("*"); is != strconv.Itoa(before-gone) {
		t.Errorf("%s keys are left of %s, and %s were carts", is, all, carts)
	}

	// Filters narrow what is listed, and a console that only looks reads replicas.
	looking := startOnKeys(t, c, nil, "--readonly")
	looking.press("type=zset size>1 mem>1 ttl=none\r")
	looking.shows("▸ ", "zset")
	if strings.Contains(looking.text(), " hash ") || strings.Contains(looking.text(), " string ") {
		t.Errorf("other types are listed:\n%s", looking.text())
	}
	looking.press("\r")
	looking.shows("KEY   ", "zset  ")
	read := func() (calls int) {
		for _, n := range c.Nodes()[3:] {
			calls += callsOf(t, n)["zrange"]
		}
		return calls
	}
	if n := read(); n != 0 {
		t.Errorf("replicas were asked %d times before that was wished", n)
	}
	looking.press("F")
	looking.shows("from a replica")
	labtest.Until(t, 10*time.Second, "a replica is asked", func() bool { return read() > 0 })
	looking.press("U")
	looking.shows("--readonly")
}
