package cli

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/wire"
)

// randomCommands are lines whose answers depend on nothing but the lines before:
// reads and writes of every type, in one slot and over several, wrong ones, and
// transactions within one slot.
func randomCommands(random *rand.Rand, n int) []string {
	key := func() string {
		switch k := random.IntN(60); random.IntN(10) {
		case 0:
			return keyspace.Quoted(fmt.Sprintf("bin\x00\xff\n%d", k))
		case 1, 2, 3:
			return fmt.Sprintf("{tag%d}:%d", k%6, k%4)
		default:
			return fmt.Sprintf("key:%d", k)
		}
	}
	twin := func() (string, string) {
		k := random.IntN(6)
		return fmt.Sprintf("{tag%d}:%d", k, random.IntN(4)), fmt.Sprintf("{tag%d}:%d", k, random.IntN(4))
	}
	value := func() string { return keyspace.Quoted(fmt.Sprintf("v%d\r\n\"\xfe", random.IntN(1000))) }
	number := func() int { return random.IntN(20) - 5 }
	forms := []func() string{
		func() string { return "set " + key() + " " + value() },
		func() string { return fmt.Sprintf("set %s %d", key(), number()) },
		func() string { return "get " + key() },
		func() string { return "append " + key() + " " + value() },
		func() string { return fmt.Sprintf("incrby %s %d", key(), number()) },
		func() string { return fmt.Sprintf("getrange %s %d %d", key(), number(), number()) },
		func() string { return fmt.Sprintf("hset %s f%d %s f%d x", key(), number(), value(), number()) },
		func() string { return fmt.Sprintf("hmget %s f1 f2 f3", key()) },
		func() string { return "hgetall " + key() },
		func() string { return fmt.Sprintf("hdel %s f%d", key(), number()) },
		func() string { return fmt.Sprintf("rpush %s %s %d", key(), value(), number()) },
		func() string { return fmt.Sprintf("lpop %s", key()) },
		func() string { return fmt.Sprintf("lrange %s %d %d", key(), number(), number()) },
		func() string { return fmt.Sprintf("sadd %s %d %d", key(), number(), number()) },
		func() string { return "smembers " + key() },
		func() string { return fmt.Sprintf("zadd %s %d m%d", key(), number(), number()) },
		func() string { return fmt.Sprintf("zrange %s 0 -1 withscores", key()) },
		func() string { return fmt.Sprintf("xadd %s %d-1 a %s", key(), 1+random.IntN(5000), value()) },
		func() string { return fmt.Sprintf("xrange %s - + count 3", key()) },
		func() string { return fmt.Sprintf("xread count 2 streams %s %d", key(), random.IntN(5000)) },
		func() string {
			a, b := twin()
			return "xread count 1 streams " + a + " " + b + " 0 0"
		},
		func() string {
			a, _ := twin()
			return "xgroup create " + a + " g 0 mkstream\nxreadgroup group g c count 2 streams " + a + " >\nxpending " + a + " g\nxinfo groups " + a
		},
		func() string { return fmt.Sprintf("xlen %s", key()) },
		func() string { return fmt.Sprintf("incrbyfloat %s %d.37", key(), number()) },
		func() string { return fmt.Sprintf("hincrbyfloat %s f%d 0.1", key(), number()) },
		func() string { return fmt.Sprintf("zincrby %s %d.1 m%d", key(), number(), number()) },
		func() string { return fmt.Sprintf("zscore %s m%d", key(), number()) },
		func() string { return fmt.Sprintf("zmscore %s m1 m%d m2", key(), number()) },
		func() string { return fmt.Sprintf("zadd %s inf m%d -inf m%d 1e300 big", key(), number(), number()) },
		func() string { return fmt.Sprintf("zrangebyscore %s -inf (7.5 withscores limit 1 3", key()) },
		func() string { return fmt.Sprintf("zpopmin %s 2", key()) },
		func() string { return fmt.Sprintf("zrank %s m%d", key(), number()) },
		func() string {
			return fmt.Sprintf("geoadd %s 13.361389 38.115556 a%d 15.087269 37.502669 b", key(), number())
		},
		func() string { return fmt.Sprintf("geopos %s a1 b nobody", key()) },
		func() string { return fmt.Sprintf("geodist %s a1 b km", key()) },
		func() string { return fmt.Sprintf("lpos %s %d count 0", key(), number()) },
		func() string { return fmt.Sprintf("lmpop 1 %s left count 2", key()) },
		func() string { return fmt.Sprintf("lset %s %d %s", key(), number(), value()) },
		func() string { return fmt.Sprintf("linsert %s before %d %s", key(), number(), value()) },
		func() string { return fmt.Sprintf("smismember %s 1 2 %d", key(), number()) },
		func() string { return fmt.Sprintf("sismember %s %d", key(), number()) },
		func() string { return fmt.Sprintf("setbit %s %d 1", key(), random.IntN(99)) },
		func() string {
			return fmt.Sprintf("bitfield %s incrby u8 #1 200 overflow fail incrby u8 #1 200", key())
		},
		func() string { return fmt.Sprintf("pfadd %s a%d\npfcount %s", key(), number(), key()) },
		func() string { return fmt.Sprintf("getset %s %s", key(), value()) },
		func() string { return "getdel " + key() },
		func() string {
			k := random.IntN(9) // streams keep times in their DUMP
			return fmt.Sprintf("set dumped:%d %s\ndump dumped:%d", k, value(), k)
		},
		func() string { return fmt.Sprintf("setrange %s %d %s", key(), random.IntN(99), value()) },
		func() string { return "command info get nonsense" },
		func() string { return "type " + key() },
		func() string { return "exists " + key() },
		func() string { return "strlen " + key() },
		func() string { return "persist " + key() },
		func() string { return "del " + key() },
		func() string { return "unlink " + key() },
		func() string { return "object encoding " + key() },
		func() string { return "get" },
		func() string { return fmt.Sprintf("nonsense %d", number()) },
		func() string { return "mget " + key() + " " + key() },
		func() string { return "del " + key() + " " + key() + " " + key() },
		func() string { a, b := twin(); return "mget " + a + " " + b },
		func() string { a, b := twin(); return fmt.Sprintf("mset %s %d %s x", a, number(), b) },
		func() string { a, b := twin(); return "rename " + a + " " + b },
		func() string { a, b := twin(); return "sunionstore " + a + " " + b + " " + a },
		func() string {
			a, b := twin()
			return `eval "return {redis.call('get',KEYS[1]),{1,redis.status_reply('fine')},false,{}}" 2 ` + a + " " + b
		},
		func() string {
			a, b := twin()
			return "get " + a + "\nmulti\nset " + a + " 1\nget " + b + "\nincr " + a + "\nexec"
		},
		func() string { a, _ := twin(); return "get " + a + "\nmulti\nset " + a + " 1\ndiscard" },
		func() string { return "cluster keyslot " + key() },
		func() string { return "echo " + value() },
		func() string { return "select 0" },
	}
	var out []string
	for len(out) < n {
		out = append(out, forms[random.IntN(len(forms))]())
	}
	return out
}

func TestRandomCommandsAreAnsweredAsByRedisCli(t *testing.T) {
	for _, r := range []struct {
		version, form string
		lines         int
	}{{"redis-7.0", "--raw", 4000}, {"redis-8.6", "--no-raw", 10000}, {"valkey-9.1", "--no-raw", 4000}} {
		t.Run(r.version, func(t *testing.T) {
			t.Parallel()
			server := labtest.Only(t, r.version)
			c := labtest.Start(t, lab.Config{Binary: server.Path})
			// Redis-cli carries on only the command of a transaction that is
			// redirected; so each is preceded by a read that leads to its node.
			input := strings.Join(randomCommands(rand.New(rand.NewPCG(7, 9)), r.lines), "\n") + "\n"
			host, port, _ := strings.Cut(c.Seed(), ":")
			cli := filepath.Join(filepath.Dir(server.Path), strings.Split(r.version, "-")[0]+"-cli")
			cmd := exec.CommandContext(t.Context(), cli, "-c", r.form, "-h", host, "-p", port)
			cmd.Stdin = strings.NewReader(input)
			theirs, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			emptied(t, c)
			ours := run(t, input, nil, "exec", c.Seed(), "--yes", r.form)
			compareLines(t, notRedirected(string(theirs)), ours.out, r.lines)
		})
	}
}

func emptied(t *testing.T, c *lab.Cluster) {
	t.Helper()
	for _, n := range c.Nodes() {
		if err := n.Do(t.Context(), "FLUSHALL").Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// notRedirected is redis-cli's output without the lines that tell of redirections.
func notRedirected(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "-> Redirected to slot") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func compareLines(t *testing.T, theirs, ours string, least int) {
	t.Helper()
	a, b := strings.Split(theirs, "\n"), strings.Split(ours, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Errorf("line %d: redis-cli %q, slotdeck %q; before it %q", i, a[i], b[i], a[max(0, i-2):i])
			return
		}
	}
	if len(a) != len(b) || len(a) < least {
		t.Errorf("redis-cli printed %d lines, slotdeck %d", len(a), len(b))
	}
}

func TestExecAsksBeforeItChangesAnything(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{})
	expect(t, Fine, "exec", c.Seed(), "SET", "k", "v", "--yes")
	for _, words := range []string{"SET k w", "DEL k", "FLUSHALL", "MULTI ; SET k w ; EXEC", "EVAL x 1 k", "NEVERHEARD k"} {
		got := expect(t, Usage, append([]string{"exec", c.Seed()}, strings.Fields(words)...)...)
		if !strings.Contains(got.err, "nothing was changed") {
			t.Errorf("%s: %s", words, got.err)
		}
		expect(t, Usage, append([]string{"trace", c.Seed()}, strings.Fields(words)...)...)
	}
	if got := run(t, "get k\nset k w\nget k\n", nil, "exec", c.Seed()); got.code != Usage || got.out != "v\n" || !strings.Contains(got.err, "line 2") {
		t.Errorf("lines that change something: %+v", got)
	}
	for _, got := range []outcome{run(t, "", nil, "exec", "--readonly", c.Seed(), "SET", "k", "w", "--yes"), run(t, "set k w\n", nil, "exec", "--readonly", c.Seed(), "--yes")} {
		if got.code != No || !strings.Contains(got.err, "--readonly was given") {
			t.Errorf("a change with --readonly: %+v", got)
		}
	}
	if got := expect(t, Fine, "exec", c.Seed(), "GET", "k"); got.out != "v\n" {
		t.Errorf("the key holds %q", got.out)
	}
	if got := run(t, "multi\nset k w\n", nil, "exec", c.Seed(), "--yes"); got.code != Usage || !strings.Contains(got.err, "nothing of the transaction") {
		t.Errorf("a transaction without an end: %+v", got)
	}
	for _, words := range []string{"SUBSCRIBE x", "MONITOR", "HELLO 3", "MULTI"} {
		expect(t, Usage, append([]string{"exec", c.Seed(), "--yes"}, strings.Fields(words)...)...)
	}
	if got := expect(t, No, "exec", c.Seed(), "LPUSH", "k", "x", "--yes", "-o", "json"); !strings.Contains(got.out, `"error":"WRONGTYPE`) {
		t.Errorf("an error as JSON: %s", got.out)
	}
	expect(t, Unreachable, "exec", "127.0.0.1:1", "GET", "k")
}

func TestExecSaysThatAnAnswerIsTooLarge(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Primaries: 1})
	n := wire.Open(c.Seed(), wire.Options{CallTimeout: 30 * time.Second})
	defer n.Close()
	if _, err := n.Do(t.Context(), "SETRANGE", "big", 100<<20, "x"); err != nil {
		t.Fatal(err)
	}
	if got := expect(t, No, "exec", c.Seed(), "GET", "big"); !strings.Contains(got.err, "GETRANGE") {
		t.Errorf("100 MiB: %s", got.err)
	}
	if got := expect(t, Fine, "exec", c.Seed(), "STRLEN", "big"); got.out != "104857601\n" {
		t.Errorf("its length: %q", got.out)
	}
}

func TestTraceAsProgramsGetIt(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{})
	seed := c.Seed()
	got := decode[traceAnswer](t, expect(t, Fine, "trace", seed, "GET", "k\xff", "-o", "json").out)
	if len(got.Keys) != 1 || got.KeysBy != "server" || got.Outcome != "answered" || got.Hops[0].Addr != seed {
		t.Errorf("%+v", got)
	}
	got = decode[traceAnswer](t, expect(t, No, "trace", seed, "MGET", "user:1:a", "user:1:b", "-o", "json").out)
	if len(got.Keys) != 2 || got.Outcome != "CROSSSLOT" || !strings.Contains(got.Notes[0], "{user:1}") {
		t.Errorf("%+v", got)
	}
	if out := expect(t, No, "trace", seed, "SELECT", "20").out; !strings.Contains(out, "database 0 alone") || strings.Contains(out, "no part in it") {
		t.Errorf("SELECT is not explained: %s", out)
	}
	out := expect(t, No, "trace", seed, "MULTI", ";", "INCR", "user:1:a", ";", "INCR", "user:1:b", ";", "EXEC", "--yes").out
	if !strings.Contains(out, "EXECABORT") || !strings.Contains(out, "{user:1} all of them") || strings.Contains(out, "QUEUED") {
		t.Errorf("a transaction over two slots: %s", out)
	}
}

func TestExecTellsWhatAServerRefuses(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Primaries: 1, Extra: []string{"maxmemory 3mb", "maxmemory-policy noeviction"}})
	full := run(t, strings.Repeat("append k "+strings.Repeat("x", 200000)+"\n", 40), nil, "exec", c.Seed(), "--yes")
	if full.code != No || !strings.Contains(full.out, "OOM command not allowed") {
		t.Errorf("without memory: code %d, %.200s", full.code, full.out[max(0, len(full.out)-200):])
	}
	asked(t, c.Nodes()[0], "ACL", "SETUSER", "watcher", "on", ">secret", "~user:*", "+get", "+cluster|nodes")
	env := map[string]string{"REDISCLI_AUTH": "secret"}
	if got := run(t, "", env, "exec", "--user", "watcher", c.Seed(), "GET", "other"); got.code != No || !strings.Contains(got.out, "NOPERM") || strings.Contains(got.out+got.err, "secret") {
		t.Errorf("without the right: %+v", got)
	}
	if got := run(t, "", env, "trace", "--user", "watcher", c.Seed(), "GET", "user:1"); got.code != Fine || !strings.Contains(got.out, "slotdeck's own table") {
		t.Errorf("without the right to COMMAND GETKEYS: %+v", got)
	}
}
