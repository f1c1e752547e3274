package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/proof"
)

// script writes a hook.
func script(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "hook")
	if err := os.WriteFile(name, []byte("#!/bin/bash\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

// shutdownHook ends the server that it is told of.
func shutdownHook(t *testing.T) string {
	return script(t, `echo "restarting $SLOTDECK_NODE"
exec 3<>/dev/tcp/$SLOTDECK_NODE_HOST/$SLOTDECK_NODE_PORT || exit 1
printf 'SHUTDOWN NOSAVE\r\n' >&3
cat <&3`)
}

// supervise starts servers again that have ended, as an init system would.
func supervise(t *testing.T, c *lab.Cluster) {
	ctx, stop := context.WithCancel(t.Context())
	var done sync.WaitGroup
	for _, n := range c.Nodes() {
		done.Go(func() {
			for ctx.Err() == nil {
				if n.State() == lab.Gone {
					if err := n.Restart(ctx); err != nil && ctx.Err() == nil {
						t.Error(err)
						return
					}
				}
				select {
				case <-time.After(20 * time.Millisecond):
				case <-ctx.Done():
				}
			}
		})
	}
	t.Cleanup(func() { stop(); done.Wait() })
}

func pidsOf(c *lab.Cluster) (out []int) {
	for _, n := range c.Nodes() {
		out = append(out, n.PID())
	}
	return out
}

type rollingJSON struct {
	Refused string
	Plan    struct{ Skipped []struct{ Addr string } }
	Report  struct {
		Outcome, Text, Began string
		Steps                []struct {
			Act, Addr, Text string
			OK              bool
			Run, After      struct {
				RunID   string `json:"run_id"`
				Version string
			}
		}
	}
}

func TestRollingRestartUnderWritesRestartsAllAndLosesNone(t *testing.T) {
	onVersions(t, []string{"redis-7.0", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Replicas: 1})
		judge := proof.Open(addrsOf(c.Nodes()), "")
		t.Cleanup(judge.Close)
		load, err := judge.StartLoad(t.Context(), proof.LoadConfig{Rate: 500})
		if err != nil {
			t.Fatal(err)
		}
		before := pidsOf(c)
		supervise(t, c)
		got := expect(t, Fine, "rolling-restart", c.Seed(), "--hook", shutdownHook(t), "--yes", "--pause", "100ms", "-o", "json")
		tally := load.Stop()
		answer := decode[rollingJSON](t, got.out)
		restarted, handed := 0, 0
		for _, s := range answer.Report.Steps {
			switch {
			case !s.OK:
				t.Errorf("%s %s is not verified: %s", s.Act, s.Addr, s.Text)
			case s.Act == "hand over":
				handed++
			case s.Run.RunID != s.After.RunID && s.Run.Version == s.After.Version && s.Run.Version != "":
				restarted++
			}
		}
		if answer.Report.Outcome != "done" || restarted != 6 || handed != 3 {
			t.Errorf("%d restarted, %d handed over: %s\n%s", restarted, handed, answer.Report.Text, got.err)
		}
		for i, pid := range pidsOf(c) {
			if pid == before[i] {
				t.Errorf("%s was not restarted", c.Nodes()[i].Addr)
			}
		}
		if !strings.Contains(got.err, "| restarting "+c.Nodes()[3].Addr) {
			t.Errorf("what the hook prints is not told:\n%s", got.err)
		}
		verdict, err := load.Check(t.Context())
		if err != nil || !verdict.OK() || tally.Acked < 1000 {
			t.Errorf("%v; %v; %v", tally, verdict, err)
		}
		t.Logf("%s: %v; %v", server, tally, verdict)
	})
}

func TestRollingRestartEndsSafelyAndGoesOnLater(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Binary: labtest.Only(t, "valkey-9.1").Path, Replicas: 1})
	nodes, before := c.Nodes(), pidsOf(c)
	rolling := func(code Exit, more ...string) (rollingJSON, string) {
		t.Helper()
		got := expect(t, code, append([]string{"rolling-restart", c.Seed(), "--yes", "--pause", "0s", "-o", "json"}, more...)...)
		return decode[rollingJSON](t, got.out), got.err
	}
	began := time.Now().UTC().Format(time.RFC3339)

	answer, _ := rolling(No, "--hook", script(t, "echo going down; echo no such unit >&2; exit 3"))
	for _, want := range []string{"the hook failed for " + nodes[3].Addr, "exit status 3: no such unit", "it runs as before", "nothing else was touched", "--since "} {
		if !strings.Contains(answer.Report.Text, want) {
			t.Errorf("it does not say %q: %s", want, answer.Report.Text)
		}
	}
	answer, _ = rolling(No, "--hook", "true", "--back", "300ms")
	if !strings.Contains(answer.Report.Text, "the hook has ended, but "+nodes[3].Addr+" was not restarted within 300ms") {
		t.Errorf("a hook that does nothing: %s", answer.Report.Text)
	}
	answer, _ = rolling(No, "--hook", shutdownHook(t), "--back", "500ms")
	if !strings.Contains(answer.Report.Text, nodes[3].Addr+" did not come back within 500ms") {
		t.Errorf("a node that stays away: %s", answer.Report.Text)
	}
	for i, pid := range pidsOf(c) {
		if nodes[i].PID() != pid || i != 3 && (pid != before[i] || nodes[i].State() != lab.Running) {
			t.Errorf("%s was touched", nodes[i].Addr)
		}
	}
	if answer, _ = rolling(No, "--hook", shutdownHook(t)); !strings.Contains(answer.Refused, nodes[3].Addr+" does not answer") {
		t.Errorf("with a node away: %s", answer.Refused)
	}

	supervise(t, c) // and now it comes back
	labtest.Until(t, 10*time.Second, "it is back in sync", func() bool {
		return strings.Contains(nodes[3].Do(t.Context(), "INFO", "replication").String(), "master_link_status:up")
	})
	answer, told := rolling(Fine, "--hook", shutdownHook(t), "--since", began, "--only", nodes[3].Addr, "--only", nodes[0].Addr)
	if s := answer.Report.Steps; len(s) != 2 || s[0].Act != "hand over" || s[1].Addr != nodes[0].Addr || len(answer.Plan.Skipped) != 1 || answer.Plan.Skipped[0].Addr != nodes[3].Addr {
		t.Errorf("it went on with %+v\n%s", answer, told)
	}
	got := expect(t, Fine, "rolling-restart", c.Seed(), "--since", began, "--only", nodes[3].Addr, "--only", nodes[0].Addr)
	if !strings.Contains(got.out, "nothing to do") {
		t.Errorf("once more: %s", got.out)
	}
}

func TestHookGetsTheNodeAndNoPassword(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out")
	var lines []string
	w := &World{Environ: []string{"PATH=" + os.Getenv("PATH"), "REDISCLI_AUTH=hush", "VALKEYCLI_AUTH=hush", "SLOTDECK_PASSWORD=hush", "OWN_TOKEN=mine", "OUT=" + file}, Err: &bytes.Buffer{}}
	h, err := newHook(w, script(t, `env > $OUT; echo "$1|$2"; printf 'red \033[31m'`)+" one $(two)", func(line string) { lines = append(lines, line) })
	if err != nil {
		t.Fatal(err)
	}
	err = h.restart(t.Context(), plan.RestartStep{Shard: "A", Node: "abc", Addr: "[::1]:7001", Run: plan.ServerRun{Version: "redis 7.0.15"}})
	if err != nil {
		t.Fatal(err)
	}
	env, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"SLOTDECK_NODE=[::1]:7001", "SLOTDECK_NODE_HOST=::1", "SLOTDECK_NODE_PORT=7001", "SLOTDECK_NODE_ID=abc", "SLOTDECK_SHARD=A", "OWN_TOKEN=mine"} {
		if !strings.Contains(string(env), want+"\n") {
			t.Errorf("the hook was not given %s", want)
		}
	}
	if strings.Contains(string(env), "hush") {
		t.Error("the hook was given a password")
	}
	if len(lines) != 2 || lines[0] != "one|$(two)" || strings.Contains(lines[1], "\x1b") {
		t.Errorf("it printed %q: a shell was in between, or control bytes got through", lines)
	}
	if _, err := newHook(w, " ", nil); err == nil {
		t.Error("no program will do")
	}
	if _, err := newHook(w, "/no/such/program", nil); err == nil || ExitOf(err) != Usage {
		t.Errorf("a program that is not there: %v", err)
	}
}

func TestSinceIsALengthOfTimeOrATime(t *testing.T) {
	now := time.Date(2026, 1, 31, 14, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{"": {}, "2h": now.Add(-2 * time.Hour), "2026-01-31T13:00:00Z": now.Add(-time.Hour)} {
		if got, err := sinceTime(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"yesterday", "-2h", "2026-01-31T15:00:00Z"} {
		if got, err := sinceTime(text, now); ExitOf(err) != Usage {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
}
