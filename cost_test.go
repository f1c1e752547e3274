package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/keyslot"
)

// tooSlow is what no command that slotdeck sends unasked may take a server.
const tooSlow = 5 * time.Millisecond

// populated is a six-node cluster with keys, most of each primary's in one slot:
// what walks through a slot or through all keys is slow there.
func populated(t testing.TB, server lab.Server, keys int) *lab.Cluster {
	t.Helper()
	c := labtest.Start(t, lab.Config{Binary: server.Path, Replicas: 1})
	for i := range 3 {
		middle := keyslot.Slot(i*keyslot.Count/3 + keyslot.Count/6)
		tag, err := keyslot.FindTag(keyslot.SetOf(keyslot.Range{First: middle, Last: middle}), keyslot.TagSearch{Count: 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Nodes()[i].Do(t.Context(), "DEBUG", "POPULATE", keys/3, "{"+tag[0]+"}", 64).Err(); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// TestTheConsoleSendsNoSlowCommandUnasked lets the program look at 100,000 keys
// through a whole examination and on all screens. A server that the machine held
// up in the middle of a command calls that one slow, too; a command that is slow
// by itself is so every time.
func TestTheConsoleSendsNoSlowCommandUnasked(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"redis-7.0", "valkey-9.1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := populated(t, labtest.Only(t, name), 100_000)
			ask := func(n *lab.Node, words ...any) {
				t.Helper()
				if err := n.Do(t.Context(), words...).Err(); err != nil {
					t.Fatal(err)
				}
			}
			for _, n := range c.Nodes() {
				ask(n, "CONFIG", "SET", "slowlog-log-slower-than", tooSlow.Microseconds(), "slowlog-max-len", 1_000_000)
				ask(n, "SLOWLOG", "RESET")
				ask(n, "CONFIG", "RESETSTAT")
			}
			labtest.Until(t, 2*time.Minute, "no command was slow half of the times", func() bool {
				s := start(t, "--interval", "100ms", c.Seed())
				s.shows(whole...)
				for _, key := range screens {
					s.turn(key)
				}
				s.press("7")
				s.until("the screen of health", func(text string) bool { return strings.Contains(text, "HEALTH") })
				for _, n := range c.Nodes()[:3] { // each primary was looked through for strays, the last part of an examination
					labtest.Until(t, time.Minute, "the examination is whole", func() bool {
						return callsOf(t, n)["cluster|countkeysinslot"] >= keyslot.Count-keyslot.Count/3-1
					})
				}
				s.press("q")
				s.ends()
				plain(t, terminalEnv(), "check", c.Seed())
				bad := slowCommands(t, c)
				if len(bad) > 0 {
					t.Logf("slow at least half of the times, so far: %v", bad)
				}
				return len(bad) == 0
			})
			sent := callsOf(t, c.Nodes()[0])
			t.Logf("sent to %s: %v", c.Nodes()[0].Addr, sent)
			for _, command := range []string{"keys", "client|list", "monitor", "scan", "memory|usage", "debug"} { // these grow with keys or clients
				if sent[command] > 0 {
					t.Errorf("%s was sent unasked", command)
				}
			}
		})
	}
}

// callsOf is how often a server was sent each command.
func callsOf(t testing.TB, n *lab.Node) map[string]int {
	t.Helper()
	text, err := n.Do(t.Context(), "INFO", "commandstats").Text()
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]int{}
	for line := range strings.Lines(text) {
		name, rest, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		if number, _, _ := strings.Cut(rest, ","); ok {
			calls[name], _ = strconv.Atoi(number)
		}
	}
	return calls
}

// slowCommands are those whose calls are in the slow log half of the times.
func slowCommands(t testing.TB, c *lab.Cluster) (bad []string) {
	t.Helper()
	calls, slow := map[string]int{}, map[string]int{}
	for _, n := range c.Nodes() {
		for name, count := range callsOf(t, n) {
			calls[name] += count
		}
		entries, err := n.Do(t.Context(), "SLOWLOG", "GET", -1).Slice()
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			words, _ := entry.([]any)[3].([]any)
			name := strings.ToLower(fmt.Sprint(words[0]))
			if len(words) > 1 && calls[name+"|"+strings.ToLower(fmt.Sprint(words[1]))] > 0 {
				name += "|" + strings.ToLower(fmt.Sprint(words[1]))
			}
			slow[name]++
		}
	}
	for name, count := range slow {
		if 2*count >= calls[name] {
			bad = append(bad, fmt.Sprintf("%s, %d of %d", name, count, calls[name]))
		}
	}
	slices.Sort(bad)
	return bad
}

// BenchmarkCostToTheServers is how much processor time a node at rest uses by
// itself, and more while the console looks at it, its examination every minute
// included: percent of one core, by what the servers count.
func BenchmarkCostToTheServers(b *testing.B) {
	c := populated(b, labtest.Any(b), 100_000)
	span := 70 * time.Second // an examination is due every minute
	var alone, watched, added []float64
	for b.Loop() {
		rest := usedBy(b, c, span)
		s := start(b, c.Seed())
		s.shows(whole...)
		looked := usedBy(b, c, span)
		s.kill()
		for i := range rest {
			alone, watched, added = append(alone, rest[i]), append(watched, looked[i]), append(added, looked[i]-rest[i])
		}
	}
	report(b, alone, "%alone")
	report(b, watched, "%watched")
	report(b, added, "%added")
	b.ReportMetric(slices.Max(added), "%added-most")
}

// usedBy is the processor time that each node uses within a span, in percent.
func usedBy(b *testing.B, c *lab.Cluster, span time.Duration) (out []float64) {
	b.Helper()
	used := func(n *lab.Node) float64 {
		text, err := n.Do(b.Context(), "INFO", "cpu").Text()
		if err != nil {
			b.Fatal(err)
		}
		info, err := cluster.ParseInfo(text)
		if err != nil {
			b.Fatal(err)
		}
		user, _ := info.Float("used_cpu_user")
		sys, _ := info.Float("used_cpu_sys")
		return user + sys
	}
	var before []float64
	for _, n := range c.Nodes() {
		before = append(before, used(n))
	}
	began := time.Now()
	<-time.After(span)
	for i, n := range c.Nodes() {
		out = append(out, 100*(used(n)-before[i])/time.Since(began).Seconds())
	}
	return out
}
