package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/keyslot"
)

func TestMoveCommandsRefuseWhatMeansNothing(t *testing.T) {
	for _, c := range []struct{ args, says string }{
		{"reshard h:1 --slots 5", "--to is missing"},
		{"reshard h:1 --to A", "how many slots shall move?"},
		{"reshard h:1 --to A,B --slots 5", "--to names one primary"},
		{"reshard h:1 --to A --slots 5 --slot-ranges 0-9", "exclude each other"},
		{"reshard h:1 --to A --from B --slot-ranges 0-9", "leave --from out"},
		{"reshard h:1 --to A --slots 16385", "not 1 to 16384"},
		{"reshard h:1 --cluster-to A --cluster-slots 5 --driver best", "auto, migrate or atomic"},
		{"reshard h:1 --to A --slots 5 --max-block 0", "--max-block 0"},
		{"reshard h:1 --to A --slots 5 --big-keys eat", "--big-keys"},
		{"reshard h:1 --to A --slots 5 --on-conflict win", "leave, source, target or stop"},
		{"reshard h:1 --to A --slots 5 --replace --on-conflict target", "exclude each other"},
		{"rebalance h:1 --by colour", "slots, keys, memory or traffic"},
		{"rebalance h:1 --weight A", "not ID=W"},
		{"rebalance h:1 --threshold 100", "--threshold 100"},
		{"drain h:1", "--node is missing"},
		{"resume h:1 --finish --roll-back", "exclude each other"},
	} {
		got := run(t, "", nil, strings.Fields(c.args)...)
		if got.code != Usage || !strings.Contains(got.err, c.says) {
			t.Errorf("slotdeck %s: code %d, says %q; want 2 and %q", c.args, got.code, got.err, c.says)
		}
	}
}

// answered is the JSON report of a run.
func answered(t *testing.T, got outcome) (r reportAnswer) {
	t.Helper()
	if err := json.Unmarshal([]byte(got.out), &r); err != nil {
		t.Fatalf("no report (%v): code %d\n%s\n%s", err, got.code, got.out, got.err)
	}
	return r
}

func TestReshardAndRebalanceOnEveryVersion(t *testing.T) {
	t.Parallel()
	labtest.EachVersion(t, func(t *testing.T, server lab.Server) {
		t.Parallel()
		env := map[string]string{"XDG_STATE_HOME": t.TempDir()}
		c := labtest.Start(t, lab.Config{Binary: server.Path})
		if err := c.Fill(t.Context(), 3000); err != nil {
			t.Fatal(err)
		}
		host, port, _ := strings.Cut(c.Seed(), ":")
		got := run(t, "", env, "reshard", host, port, "--cluster-from", "A,B", "--cluster-to", "C", "--cluster-slots", "600", "--cluster-yes", "-o", "json")
		r := answered(t, got)
		if got.code != Fine || !r.OK || r.Keys == 0 {
			t.Fatalf("code %d: %+v\n%s", got.code, r, got.err)
		}
		if set, err := keyslot.ParseSet(r.Moved); err != nil || set.Len() != 600 {
			t.Errorf("moved %q", r.Moved)
		}
		for line := range strings.Lines(got.err) {
			var e moveEvent
			if err := json.Unmarshal([]byte(line), &e); err != nil || e.Event == "" {
				t.Errorf("not an event: %q", line)
			}
		}
		got = run(t, "", env, "rebalance", c.Seed(), "--yes")
		if got.code != Fine || !strings.Contains(got.out, "Moving ") || !strings.Contains(got.out, "[OK] ") {
			t.Fatalf("rebalance: code %d\n%s\n%s", got.code, got.out, got.err)
		}
		got = run(t, "", env, "rebalance", c.Seed(), "--yes")
		if got.code != Fine || got.out != "*** No rebalancing needed! All nodes are within the 2.00% threshold.\n" {
			t.Errorf("rebalance once more: code %d, %q, %q", got.code, got.out, got.err)
		}
		if got = run(t, "", env, "resume", c.Seed()); got.code != Fine || !strings.Contains(got.out, "No slot is open") {
			t.Errorf("resume: code %d, %q, %q", got.code, got.out, got.err)
		}
	})
}

func TestMovesNeedYesOrATerminal(t *testing.T) {
	t.Parallel()
	env := map[string]string{"XDG_STATE_HOME": t.TempDir()}
	c := labtest.Start(t, lab.Config{})
	got := run(t, "", env, "reshard", c.Seed(), "--to", "B", "--from", "A", "--slots", "5")
	if got.code != Usage || !strings.Contains(got.err, "no terminal to ask on") {
		t.Errorf("code %d, %q", got.code, got.err)
	}
	got = run(t, "", env, "reshard", c.Seed(), "--to", "Q", "--slots", "5", "--yes")
	if got.code != Usage || !strings.Contains(got.err, "is no node of this cluster") {
		t.Errorf("an unknown target: code %d, %q", got.code, got.err)
	}
	file := t.TempDir() + "/plan.json"
	got = run(t, "", env, "reshard", c.Seed(), "--to", "B", "--from", "A", "--slots", "5", "--dry-run", "--plan", file)
	if got.code != Fine || !strings.Contains(got.out, "SETSLOT") && !strings.Contains(got.out, "MIGRAT") {
		t.Errorf("--dry-run: code %d, %q, %q", got.code, got.out, got.err)
	}
	got = run(t, "", env, "reshard", c.Seed(), "--plan", file, "--yes")
	if got.code != Fine || !strings.Contains(got.out, "[OK] 5 slots") {
		t.Errorf("the plan file: code %d, %q, %q", got.code, got.out, got.err)
	}
	got = run(t, "", env, "reshard", c.Seed(), "--plan", file, "--yes")
	if got.code != No || !strings.Contains(got.err, "the cluster is not what plan") {
		t.Errorf("the plan file once more: code %d, %q, %q", got.code, got.out, got.err)
	}
}

// until cancels once the text has appeared on a stream.
type until struct {
	bytes.Buffer
	text   string
	cancel context.CancelFunc
	at     time.Time
}

func (u *until) Write(p []byte) (int, error) {
	n, err := u.Buffer.Write(p)
	if u.at.IsZero() && strings.Contains(u.String(), u.text) {
		u.at = time.Now()
		u.cancel()
	}
	return n, err
}

func TestSignalEndsAMoveBetweenSlotsInTime(t *testing.T) {
	t.Parallel()
	env := map[string]string{"XDG_STATE_HOME": t.TempDir()}
	c := labtest.Start(t, lab.Config{})
	if err := c.Fill(t.Context(), 20_000); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out bytes.Buffer
	progress := &until{text: "moving: ", cancel: cancel}
	code := Run(ctx, &World{
		Args: strings.Fields("reshard " + c.Seed() + " --from A --to B --slots 4000 --yes --driver migrate --throttle 2000"),
		Env:  func(name string) string { return env[name] }, In: strings.NewReader(""), Out: &out, Err: progress,
	})
	if took := time.Since(progress.at); code != Interrupted || took > 3*time.Second {
		t.Fatalf("code %d after %v\n%s\n%s", code, took, &out, progress)
	}
	if !strings.Contains(out.String(), "nothing is open") || !strings.Contains(out.String(), "slotdeck reshard "+c.Seed()+" --to ") {
		t.Errorf("it is not told what is left and how to go on:\n%s", &out)
	}
	if got := run(t, "", env, "resume", c.Seed()); got.code != Fine || !strings.Contains(got.out, "No slot is open") {
		t.Errorf("resume: code %d\n%s\n%s", got.code, got.out, got.err)
	}
	for line := range strings.Lines(out.String()) { // what it says to do works
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "slotdeck "); ok {
			got := run(t, "", env, append(strings.Fields(rest), "--yes")...)
			if got.code != Fine || !strings.Contains(got.out, "[OK] ") {
				t.Errorf("slotdeck %s: code %d\n%s\n%s", rest, got.code, got.out, got.err)
			}
		}
	}
}

func TestOpenSlotIsFoundAndFinished(t *testing.T) {
	t.Parallel()
	env := map[string]string{"XDG_STATE_HOME": t.TempDir()}
	c := labtest.Start(t, lab.Config{})
	if err := c.Fill(t.Context(), 2000); err != nil {
		t.Fatal(err)
	}
	nodes := c.Nodes()
	id := func(i int) string {
		text, err := nodes[i].Do(t.Context(), "CLUSTER", "MYID").Text()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	a, b := id(0), id(1)
	for _, cmd := range []error{
		nodes[1].Do(t.Context(), "CLUSTER", "SETSLOT", 7, "IMPORTING", a).Err(),
		nodes[0].Do(t.Context(), "CLUSTER", "SETSLOT", 7, "MIGRATING", b).Err(),
	} {
		if cmd != nil {
			t.Fatal(cmd)
		}
	}
	got := run(t, "", env, "resume", c.Seed(), "--leave")
	if got.code != Fine || !strings.Contains(got.out, "finish") || !strings.Contains(got.out, "roll back") || !strings.Contains(got.out, "slot 7 is open") {
		t.Fatalf("resume --leave: code %d\n%s\n%s", got.code, got.out, got.err)
	}
	if got = run(t, "", env, "resume", c.Seed(), "--dry-run"); got.code != Fine || !strings.Contains(got.out, "slot 7, roll back: ") {
		t.Errorf("resume --dry-run: code %d\n%s\n%s", got.code, got.out, got.err)
	}
	if got = run(t, "", env, "resume", c.Seed(), "--finish"); got.code != Usage {
		t.Errorf("without --yes and a terminal: code %d", got.code)
	}
	if got = run(t, "", env, "resume", c.Seed(), "--finish", "--yes"); got.code != Fine {
		t.Fatalf("resume --finish: code %d\n%s\n%s", got.code, got.out, got.err)
	}
	slots, err := nodes[1].Do(t.Context(), "CLUSTER", "NODES").Text()
	if err != nil || strings.Contains(slots, "[7-") {
		t.Errorf("slot 7 is open still: %v\n%s", err, slots)
	}
}

func TestSlotThatNobodyOwnsIsFoundAndGivenToWhoHoldsItsKeys(t *testing.T) {
	t.Parallel()
	env := map[string]string{"XDG_STATE_HOME": t.TempDir()}
	c := labtest.Start(t, lab.Config{Binary: labtest.Only(t, "redis-7.0").Path})
	a := c.Nodes()[0]
	asked(t, a, "SET", keyOf(77), "x")
	for _, n := range c.Nodes() {
		asked(t, n, "CLUSTER", "DELSLOTS", 77)
	}
	got := run(t, "", env, "resume", c.Seed(), "--leave", "-o", "json")
	if got.code != Fine || !strings.Contains(got.out, `"unowned": true`) || !strings.Contains(got.out, "CLUSTER SETSLOT 77 NODE "+string(a.ID)) {
		t.Fatalf("--leave: code %d\n%s\n%s", got.code, got.out, got.err)
	}
	if got = run(t, "", env, "resume", c.Seed(), "--roll-back", "--yes"); got.code != No || !strings.Contains(got.err, "nobody owns the slot") {
		t.Errorf("--roll-back: code %d\n%s\n%s", got.code, got.out, got.err)
	}
	if got = run(t, "", env, "resume", c.Seed(), "--finish", "--yes"); got.code != Fine || !strings.Contains(got.out, "alone holds keys of it (1)") {
		t.Fatalf("--finish: code %d\n%s\n%s", got.code, got.out, got.err)
	}
	if v := asked(t, a, "GET", keyOf(77)); v != "x" {
		t.Errorf("the key is %v", v)
	}
}
