package run_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
	"slotdeck/cluster/watch"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// TestMain lets the test's own program be the console that is killed: with the
// plan in a file and the address of a node in its environment it moves slots;
// with an errand, it changes who belongs to a cluster.
func TestMain(m *testing.M) {
	if seed := os.Getenv("SLOTDECK_TEST_MOVER"); seed != "" {
		if err := mover(seed); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if text := os.Getenv("SLOTDECK_TEST_MEMBER"); text != "" {
		if err := mortal(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func mover(seed string) error {
	text, err := os.ReadFile(os.Getenv("SLOTDECK_TEST_PLAN"))
	if err != nil {
		return err
	}
	p, err := plan.Decode(text)
	if err != nil {
		return err
	}
	w := watch.New(watch.Config{Seeds: []string{seed}, Interval: 200 * time.Millisecond})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { _ = w.Run(ctx) }()
	for s := range w.Updates() {
		if answering(s) && s.Agreement().Full() && len(s.Nodes) > 2 {
			break
		}
	}
	j, err := run.Start(ctx, w, p, run.Options{Driver: plan.Legacy, KeysPerSecond: 100, BigKeys: run.RaiseNodeTimeout, StateDir: os.Getenv("SLOTDECK_TEST_STATE")})
	if err != nil {
		return err
	}
	fmt.Println("moving")
	return j.Wait().Err
}

// mover is this test's own program, moving slots by a plan in a process of its own.
func (w *world) mover(p plan.Plan) (cmd *exec.Cmd, out *bytes.Buffer) {
	w.t.Helper()
	text, err := plan.Encode(p)
	if err != nil {
		w.t.Fatal(err)
	}
	file := w.state + "/plan.json"
	if err := os.WriteFile(file, text, 0o600); err != nil {
		w.t.Fatal(err)
	}
	cmd, out = exec.Command(os.Args[0]), new(bytes.Buffer)
	cmd.Env = append(os.Environ(), "SLOTDECK_TEST_MOVER="+w.Seed(), "SLOTDECK_TEST_PLAN="+file, "SLOTDECK_TEST_STATE="+w.state)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd, out
}

// killedInTheMiddle moves slots in another process, and kills it while slots are
// open.
func (w *world) killedInTheMiddle(p plan.Plan) {
	w.t.Helper()
	cmd, out := w.mover(p)
	deadline, open := time.Now().Add(time.Minute), time.Time{}
	for time.Now().Before(deadline) {
		s := w.watch.Latest()
		w.watch.Refresh()
		moved := 0
		for i := range s.Shards {
			if s.Shards[i].Primary == p.Moves[0].To {
				moved = s.Shards[i].SlotLen - 5461
			}
		}
		if len(s.Moves) <= 5 || moved <= 5 {
			open = time.Time{}
		} else if open.IsZero() {
			open = s.At
		}
		if !open.IsZero() && s.At.Sub(open) > 60*time.Millisecond {
			// It stands still while the keys are counted, so that the count holds.
			_ = cmd.Process.Signal(syscall.SIGSTOP)
			if open := w.lookedAtNow().Moves; len(open) > 5 && w.holdsOf(1, w.notGiven(open)) && w.holdsOf(0, open) {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
				return
			}
			_ = cmd.Process.Signal(syscall.SIGCONT)
			open = time.Time{}
		}
		time.Sleep(2 * time.Millisecond)
	}
	_ = cmd.Process.Kill()
	w.t.Fatalf("the mover was never seen in the middle: %s", out.String())
}

// lookedAtNow is a picture whose views were all read from now on; the nodes may
// disagree in it.
func (w *world) lookedAtNow() (s *cluster.Snapshot) {
	w.t.Helper()
	began := time.Now()
	labtest.Until(w.t, 10*time.Second, "every node is looked at", func() bool {
		w.watch.Refresh()
		s = w.watch.Latest()
		return !slices.ContainsFunc(s.Nodes, func(n cluster.Node) bool { return !n.View.At.After(began) })
	})
	return s
}

// notGiven leaves out the slots that the second node owns by its own word.
func (w *world) notGiven(open []cluster.Move) (out []cluster.Move) {
	own := w.ownedBy(1)
	for _, m := range open {
		if !own.Has(m.Slot) {
			out = append(out, m)
		}
	}
	return out
}

// holdsOf reports whether a node holds keys of open slots.
func (w *world) holdsOf(node int, open []cluster.Move) bool {
	for _, m := range open {
		if n, _ := w.Nodes()[node].Do(w.t.Context(), "CLUSTER", "COUNTKEYSINSLOT", int(m.Slot)).Int64(); n > 0 {
			return true
		}
	}
	return false
}

func TestKilledConsoleIsRecoveredFromTheClusterAlone(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		for _, way := range []plan.Way{plan.Finish, plan.RollBack} {
			t.Run(fmt.Sprint(version, " ", way), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, version, lab.Config{})
				w.fill(6000)
				before := w.digest()
				p := w.plan(plan.MoveExactly{Slots: slots("0-2000"), To: w.id(1)})
				w.killedInTheMiddle(p)
				elsewhere := t.TempDir() // another machine has no checkpoint
				found, err := run.Find(t.Context(), w.watch, elsewhere)
				if err != nil || len(found.Open) == 0 || found.Checkpoint != nil {
					t.Fatalf("%v: %d open slots, checkpoint %v", err, len(found.Open), found.Checkpoint)
				}
				here, err := run.Find(t.Context(), w.watch, w.state)
				if err != nil || here.Checkpoint == nil || len(here.Rest()) != 1 || here.Checkpoint.Plan.ID != p.ID {
					t.Fatalf("the checkpoint is of no help: %v %+v", err, here.Checkpoint)
				}
				ways := map[keyslot.Slot]plan.Way{}
				for _, r := range found.Open {
					if ways[r.Slot] = way; !r.Option(way).Possible { // it was given away already
						ways[r.Slot] = plan.Finish
					}
					if found.Keys[r.Slot] == nil || r.Owner == "" {
						t.Errorf("slot %d: %v, %v", r.Slot, found.Keys[r.Slot], r.Text)
					}
				}
				j, err := run.StartRecovery(t.Context(), w.watch, found, ways, run.Options{StateDir: elsewhere})
				if err != nil {
					t.Fatal(err)
				}
				var last run.Progress
				for p := range j.Updates() {
					last = p
				}
				r := j.Wait()
				w.wants(r, run.Completed)
				w.tallies(last, r, found, ways)
				w.nothingOpen()
				same(t, before, w.digest())
				s := w.fresh()
				for slot, way := range ways {
					owner, _ := s.ShardOf(slot)
					if want := map[plan.Way]cluster.NodeID{plan.Finish: w.id(1), plan.RollBack: w.id(0)}[way]; owner.Primary != want {
						t.Errorf("slot %d is with the wrong node", slot)
					}
				}
				if here, err = run.Find(t.Context(), w.watch, w.state); err != nil {
					t.Fatal(err)
				}
				if way == plan.RollBack { // what was given before the console was killed goes back by the checkpoint
					w.move(here.Given(), run.Options{Driver: plan.Legacy})
					if set := p.Set(); !set.Minus(w.ownedBy(0)).Empty() {
						t.Errorf("not all of it is back: %v", set.Minus(w.ownedBy(0)))
					}
					same(t, before, w.digest())
					if found := w.find(); !found.Empty() || found.Given() != nil {
						t.Errorf("it still offers %v and %v", found.Rest(), found.Given())
					}
				}
				if way == plan.Finish {
					for _, rest := range here.Rest() {
						w.move(rest, run.Options{Driver: plan.Legacy})
					}
					if left := plan.Tell(p, w.fresh()).Left; !left.Empty() {
						t.Errorf("not gone on to the end: %v", left)
					}
				}
			})
		}
	}
}

// tallies holds what a recovery told of itself against what was to do.
func (w *world) tallies(p run.Progress, r run.Report, found run.Found, ways map[keyslot.Slot]plan.Way) {
	w.t.Helper()
	var finished, back keyslot.Set
	var keys int64
	for slot, way := range ways {
		side := w.id(0) // where the keys are that have to go
		if way == plan.RollBack {
			back.Add(slot)
			side = w.id(1)
		} else {
			finished.Add(slot)
		}
		keys += found.Keys[slot][side]
	}
	if !r.Moved.Minus(finished).Empty() || r.Back != back {
		w.t.Errorf("moved %v and brought back %v, want at most %v and %v", r.Moved, r.Back, finished, back)
	}
	if !back.Empty() && !strings.Contains(r.Sentences[0], "rolled back") {
		w.t.Errorf("no word of what was rolled back: %s", r.Sentences[0])
	}
	if n := int64(len(ways)); p.Slots != (run.Amount{Done: n, Total: n}) {
		w.t.Errorf("%d of %d slots are settled, want %d", p.Slots.Done, p.Slots.Total, n)
	}
	if p.Keys.Total != keys || p.Keys.Done != keys || keys == 0 {
		w.t.Errorf("%d of %d keys moved, want %d", p.Keys.Done, p.Keys.Total, keys)
	}
	for _, pair := range p.Pairs {
		if pair.Slots.Done != pair.Slots.Total || pair.Keys.Done != pair.Keys.Total || pair.State != run.PairDone {
			w.t.Errorf("pair %s to %s: %+v", pair.From.Short(), pair.To.Short(), pair)
		}
	}
}

// half opens a slot by hand and leaves a key on both sides.
func (w *world) half(slot keyslot.Slot, onSource, onTarget string) (key string) {
	w.t.Helper()
	key = keyIn(slot, 3)
	w.do(1, "CLUSTER", "SETSLOT", int(slot), "IMPORTING", string(w.id(0)))
	w.do(0, "SET", key, onSource)
	w.do(0, "CLUSTER", "SETSLOT", int(slot), "MIGRATING", string(w.id(1)))
	n, _ := w.watch.Node(w.id(1))
	if a := n.Pipeline(context.Background(), []any{"ASKING"}, []any{"SET", key, onTarget}); a[1].Err != nil {
		w.t.Fatal(a[1].Err)
	}
	return key
}

func TestTrap23SameValueOnBothSidesGoesOnAndADifferentOneIsAskedAbout(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "valkey-9.1"} {
		for _, c := range []struct{ target, choice, want string }{
			{"mine", "", "mine"},
			{"theirs", run.TakeSource, "mine"},
			{"theirs", run.TakeTarget, "theirs"},
			{"theirs", run.Skip, ""},
		} {
			t.Run(version+" "+c.target+" "+c.choice, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, version, lab.Config{})
				key := w.half(77, "mine", c.target)
				w.fresh()
				found, err := run.Find(t.Context(), w.watch, w.state)
				if err != nil || len(found.Open) != 1 {
					t.Fatal(err, found.Open)
				}
				j, err := run.StartRecovery(t.Context(), w.watch, found, map[keyslot.Slot]plan.Way{77: plan.Finish}, run.Options{StateDir: w.state})
				if err != nil {
					t.Fatal(err)
				}
				if c.choice != "" {
					p := until(t, j, "it asks", func(p run.Progress) bool { return p.Question != nil })
					q := p.Question
					if q.Kind != run.Conflict || !strings.Contains(q.Details[0], "mine") || !strings.Contains(q.Details[1], "theirs") {
						t.Errorf("%+v", q)
					}
					if err := j.Answer(q.ID, "nonsense"); err == nil {
						t.Error("an answer that is no choice was taken")
					}
					if err := j.Answer(q.ID, c.choice); err != nil {
						t.Fatal(err)
					}
				}
				r := j.Wait()
				if c.choice == run.Skip {
					if r.Outcome != run.Failed || !r.Open.Has(77) {
						t.Errorf("%v", r.Sentences)
					}
					return
				}
				w.wants(r, run.Completed)
				w.nothingOpen()
				if r.Keys != 1 {
					t.Errorf("%d keys have left the source, want 1", r.Keys)
				}
				if got, _ := w.Nodes()[1].Do(t.Context(), "GET", key).Text(); got != c.want {
					t.Errorf("the value is %q, want %q", got, c.want)
				}
				if (len(r.Saved) == 1) != (c.choice != "") {
					t.Errorf("saved: %v", r.Saved)
				}
			})
		}
	}
}

// TestKeysOnBothSidesAreReadByWhoMayChangeThem: the one who watches may not. Who
// may not WATCH has the copy overwritten.
func TestKeysOnBothSidesAreReadByWhoMayChangeThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "valkey-8.1", lab.Config{})
	for slot, not := range map[keyslot.Slot]string{77: "-acl", 78: "-@transaction"} {
		for i := range w.Nodes() {
			w.do(i, "ACL", "SETUSER", "watcher", "reset", "on", ">seen", "+ping", "+info", "+cluster|info", "+cluster|nodes", "+config|get")
			w.do(i, "ACL", "SETUSER", "operator", "reset", "on", ">done", "~*", "+@all", not)
		}
		key := w.half(slot, "mine", "mine")
		w.fresh()
		look := w.look(wire.Options{Username: "watcher", Password: wire.NewSecret("seen"),
			Changer: &wire.Login{Username: "operator", Password: wire.NewSecret("done")}})
		found, err := run.Find(t.Context(), look, w.state)
		if err != nil || len(found.Open) != 1 {
			t.Fatal(err, found.Open)
		}
		j, err := run.StartRecovery(t.Context(), look, found, map[keyslot.Slot]plan.Way{slot: plan.Finish}, run.Options{StateDir: w.state})
		if err != nil {
			t.Fatal(err)
		}
		w.wants(j.Wait(), run.Completed)
		w.nothingOpen()
		if got, _ := w.Nodes()[1].Do(t.Context(), "GET", key).Text(); got != "mine" {
			t.Errorf("%s: the value is %q", not, got)
		}
	}
}

func TestSlotAboutWhichSomethingChangedIsNotRecovered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "redis-7.0", lab.Config{})
	w.half(77, "mine", "mine")
	w.fresh()
	found, err := run.Find(t.Context(), w.watch, w.state)
	if err != nil {
		t.Fatal(err)
	}
	w.do(0, "CLUSTER", "SETSLOT", 77, "MIGRATING", string(w.id(2)))
	var changed *run.Changed
	if _, err := run.StartRecovery(t.Context(), w.watch, found, map[keyslot.Slot]plan.Way{77: plan.Finish}, run.Options{StateDir: w.state}); !errors.As(err, &changed) {
		t.Errorf("%v", err)
	}
}

// TestOpenSlotsAreSettledThoughTheTargetKnowsNoOwner: Redis, importing a slot,
// takes nobody's word for its owner, and after a failover of the source calls the
// cluster down for good.
func TestOpenSlotsAreSettledThoughTheTargetKnowsNoOwner(t *testing.T) {
	for _, way := range []plan.Way{plan.Finish, plan.RollBack} {
		t.Run(way.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "redis-7.0", lab.Config{Replicas: 1})
			before := map[string]string{}
			for _, slot := range []keyslot.Slot{77, 99} {
				w.half(slot, "source", "target")
				w.do(0, "DEL", keyIn(slot, 3)) // it has moved
			}
			w.do(3, "CLUSTER", "FAILOVER")
			labtest.Until(t, 10*time.Second, "the target calls the cluster down", func() bool {
				return strings.Contains(w.do(3, "INFO", "replication").(string), "role:master") &&
					strings.Contains(w.do(1, "CLUSTER", "INFO").(string), "cluster_state:fail")
			})
			found, err := run.Find(t.Context(), w.watch, w.state)
			if err != nil || len(found.Open) != 2 {
				t.Fatalf("%v: %+v", err, found.Open)
			}
			ways := map[keyslot.Slot]plan.Way{}
			for _, r := range found.Open {
				if ways[r.Slot] = way; !r.Option(way).Possible || r.Owner != w.id(3) {
					t.Fatalf("%+v", r)
				}
			}
			j, err := run.StartRecovery(t.Context(), w.watch, found, ways, run.Options{StateDir: w.state, Unattended: true})
			if err != nil {
				t.Fatal(err)
			}
			w.wants(j.Wait(), run.Completed)
			w.nothingOpen()
			for _, slot := range []keyslot.Slot{77, 99} {
				before["0/"+keyIn(slot, 3)] = `string "target" -1`
			}
			same(t, before, w.digest())
			owner, _ := w.fresh().ShardOf(77)
			if want := map[plan.Way]cluster.NodeID{plan.Finish: w.id(1), plan.RollBack: w.id(3)}[way]; owner.Primary != want {
				t.Error("the slot is with the wrong node")
			}
		})
	}
}
