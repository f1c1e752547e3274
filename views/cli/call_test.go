package cli

import (
	"strings"
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

func TestCallAndSetTimeoutTellEachNodesAnswer(t *testing.T) {
	t.Parallel()
	onVersions(t, memberVersions(), func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Replicas: 1})
		host, port, _ := strings.Cut(c.Seed(), ":")
		for _, form := range [][]string{{c.Seed()}, {host, port}} {
			got := expect(t, Fine, append(append([]string{"call"}, form...), "PING")...)
			if strings.Count(got.out, ": PONG\n") != 6 {
				t.Errorf("PING at %v: %q", form, got.out)
			}
		}
		got := decode[[]callAnswer](t, expect(t, Fine, "call", c.Seed(), "ROLE", "--cluster-only-replicas", "-o", "json").out)
		if len(got) != 3 || got[0].Role != "replica" || got[0].Reply.([]any)[0] != "slave" {
			t.Errorf("ROLE of replicas: %+v", got)
		}
		if got := expect(t, Fine, "call", c.Seed(), "--only-masters", "DBSIZE"); strings.Count(got.out, ": 0\n") != 3 {
			t.Errorf("DBSIZE: %q", got.out)
		}

		answers := decode[struct {
			Outcome string
			Nodes   []struct {
				OK   bool
				Text string
			}
		}](t, expect(t, Fine, "set-timeout", host, port, "4321", "--yes", "-o", "json").out)
		if answers.Outcome != "done" || len(answers.Nodes) != 6 {
			t.Errorf("set-timeout: %+v", answers)
		}
		for i, n := range c.Nodes() {
			if text := asked(t, n, "INFO", "server"); !strings.Contains(text, "config_file:/") {
				t.Fatal("no configuration file") // else the next claim means nothing
			}
			if v := n.Do(t.Context(), "CONFIG", "GET", "cluster-node-timeout").Val().([]any); v[1] != "4321" {
				t.Errorf("%s has %v", n.Addr, v)
			}
			if text := readFile(t, n.Dir+"/server.conf"); !strings.Contains(text, "cluster-node-timeout 4321") {
				t.Errorf("node %d did not keep it", i)
			}
		}
	})
}

func TestCallIsOneForNodesThatAnswerWithAnErrorOrNot(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Replicas: 1})
	dead := c.Nodes()[5]
	if err := dead.Kill(); err != nil {
		t.Fatal(err)
	}
	got := expect(t, No, "call", c.Seed(), "PING")
	if strings.Count(got.out, ": PONG\n") != 5 || !strings.Contains(got.out, dead.Addr+": (error) connecting to") {
		t.Errorf("with a dead node: %q", got.out)
	}
	if got := expect(t, No, "call", c.Seed(), "NONSENSE", "--yes"); strings.Count(got.out, "(error)") != 6 {
		t.Errorf("an unknown command: %q", got.out)
	}
	expect(t, Usage, "set-timeout", c.Seed(), "50", "--yes")
}

func TestCallChangesNothingWithoutATerminalOrYes(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{})
	if err := c.Fill(t.Context(), 50); err != nil {
		t.Fatal(err)
	}
	if got := expect(t, Fine, "call", c.Seed(), "FLUSHALL", "--yes", "--dry-run"); !strings.HasPrefix(got.out, "FLUSHALL would be sent to 3 nodes; it can lose keys") || !strings.Contains(got.out, c.Nodes()[2].Addr) {
		t.Errorf("--dry-run: %q", got.out)
	}
	if p := decode[callPlan](t, expect(t, Fine, "call", c.Seed(), "DBSIZE", "--dry-run", "-o", "json").out); len(p.Nodes) != 3 || p.Risk != "only reads" {
		t.Errorf("--dry-run -o json: %+v", p)
	}
	for _, words := range []string{"FLUSHALL", "CONFIG SET maxmemory 100mb", "SHUTDOWN NOSAVE", "KEYS *"} {
		got := expect(t, Usage, append([]string{"call", c.Seed()}, strings.Fields(words)...)...)
		if !strings.Contains(got.err, "nothing was changed") {
			t.Errorf("%s: %q", words, got.err)
		}
	}
	keys := 0
	for _, a := range decode[[]callAnswer](t, expect(t, Fine, "call", c.Seed(), "DBSIZE", "-o", "json").out) {
		keys += int(a.Reply.(float64))
	}
	if keys != 50 {
		t.Errorf("%d keys are left of 50", keys)
	}
	expect(t, Usage, "call", c.Seed(), "MONITOR")
	expect(t, Unreachable, "call", "127.0.0.1:1", "PING")
}

func TestCallTellsFlagsFromACommandsWords(t *testing.T) {
	for _, c := range []struct{ args, words string }{
		{"h:1 LRANGE k 0 -1 --only-masters", "h:1 LRANGE k 0 -1"},
		{"-a pw h:1 XADD s * -p 3 --yes", "h:1 XADD s * -p 3"},
		{"h 1 PING -o json", "h 1 PING"},
		{"--cluster-only-masters h:1 -- SET k --yes", "h:1 SET k --yes"},
		{"h:1 EVAL --output=json x", "h:1 EVAL x"},
	} {
		words, err := commandWords(newCall(&World{}), strings.Fields(c.args), "only-masters", "yes", "output")
		if err != nil || strings.Join(words, " ") != c.words {
			t.Errorf("%s: %q, %v", c.args, words, err)
		}
	}
}

func TestCommandsAreAskedAboutByWhatTheyCanDo(t *testing.T) {
	for words, want := range map[string]danger{
		"PING": harmless, "config get x": harmless, "CLUSTER NODES": harmless, "INFO": harmless, "get k": harmless,
		"CONFIG SET a b": changing, "SET k v": changing, "keys *": changing, "BGSAVE": changing, "CLIENT KILL x": changing, "NEVERHEARDOF": changing,
		"flushall": losing, "CLUSTER RESET HARD": losing, "cluster forget x": losing, "SHUTDOWN": losing, "DEBUG SLEEP 1": losing,
	} {
		var args []any
		for _, w := range strings.Fields(words) {
			args = append(args, w)
		}
		if got := dangerOf(args); got != want {
			t.Errorf("%s: %d, want %d", words, got, want)
		}
	}
}
