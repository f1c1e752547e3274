package run_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
	"slotdeck/keyslot"
)

const (
	bigFields = 60_000
	// bigTimeout is one that a key of 60 MB comes near.
	bigTimeout = 1200
)

// big makes a hash of some 60 MB in a slot of the first node.
func (w *world) big(slot keyslot.Slot) string {
	w.t.Helper()
	key := keyIn(slot, 1)
	const step = 5000 // a script holds the node, too
	for from := 1; from <= bigFields; from += step {
		w.do(0, "EVAL", "for i=ARGV[1],ARGV[2] do redis.call('HSET',KEYS[1],'field:'..i,string.rep('v',900)) end return 1", 1, key, from, from+step-1)
	}
	return key
}

func (w *world) nodeTimeouts() (ms []int) {
	w.t.Helper()
	for i := range w.Nodes() {
		text := fmt.Sprint(w.do(i, "CONFIG", "GET", "cluster-node-timeout"))
		n, err := strconv.Atoi(text[strings.LastIndexAny(text, " :")+1 : len(text)-1])
		if err != nil {
			w.t.Fatalf("%q: %v", text, err)
		}
		ms = append(ms, n)
	}
	return ms
}

func (w *world) setNodeTimeouts(ms int) {
	w.t.Helper()
	for i := range w.Nodes() {
		w.do(i, "CONFIG", "SET", "cluster-node-timeout", ms)
	}
}

func (w *world) wantBig(node int, key string) {
	w.t.Helper()
	if n := w.do(node, "HLEN", key); n != int64(bigFields) {
		w.t.Errorf("node %d has %v fields of %s", node, n, key)
	}
}

func TestBigKeysAreNamedBeforehandAndStayMoveOrGetTime(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, version, lab.Config{NodeTimeout: 8 * time.Second})
			first, second := w.big(77), w.big(78)
			w.do(0, "SET", keyIn(76, 1), "small")

			p := w.plan(plan.MoveExactly{Slots: slots("70-78"), To: w.id(1)})
			weights, err := run.Weigh(t.Context(), w.watch, p, 0)
			if err != nil || weights.Slots() != slots("77-78") || weights.Looked != 3 || weights.Of != 3 {
				t.Fatalf("%v: %+v", err, weights)
			}
			for _, k := range weights.Heavy {
				if k.Kind != "hash" || k.Elements != bigFields || k.Holds < 100*time.Millisecond || k.Bytes < 50<<20 {
					t.Errorf("%+v", k)
				}
			}
			named, err := plan.Make(plan.MoveExactly{Slots: slots("70-78"), To: w.id(1)}, w.watch.Latest(), plan.Facts{Weights: &weights})
			if text := strings.Join(named.Lines(), "\n"); err != nil || !strings.Contains(text, `the hash "`+first+`" (slot 77, 60000 elements`) || !strings.Contains(text, "would hold A ") {
				t.Errorf("%v: the plan does not name the key:\n%s", err, text)
			}

			r := w.start(p, run.Options{Driver: plan.Legacy, BigKeys: run.SkipSlot}).Wait()
			w.wants(r, run.Partly)
			if r.Left != slots("77-78") || len(r.Remains) != 2 || !strings.Contains(r.Remains[0], "slot 77 stays") {
				t.Errorf("%v %v", r.Left, r.Remains)
			}
			w.nothingOpen()
			w.wantBig(0, first)

			j := w.start(w.plan(plan.MoveExactly{Slots: slots("77"), To: w.id(1)}), run.Options{Driver: plan.Legacy})
			at := until(t, j, "it asks", func(p run.Progress) bool { return p.Question != nil })
			has := func(choice string) bool {
				return slices.ContainsFunc(at.Question.Choices, func(c run.Choice) bool { return c.Name == choice })
			}
			if q := at.Question; q.Kind != run.BigKey || q.Default != run.Skip || has(run.Raise) || !strings.Contains(q.Text, first) {
				t.Errorf("with a node timeout of 8 s: %+v", q)
			}
			try(t, j.Answer(at.Question.ID, run.Anyway))
			w.wants(j.Wait(), run.Completed)
			w.wantBig(1, first)

			w.setNodeTimeouts(bigTimeout)
			sent := len(w.journal.Entries())
			j = w.start(w.plan(plan.MoveExactly{Slots: slots("78"), To: w.id(1)}), run.Options{Driver: plan.Legacy})
			at = until(t, j, "it asks", func(p run.Progress) bool { return p.Question != nil })
			if !has(run.Raise) {
				t.Errorf("with a node timeout of 1.2 s: %+v", at.Question)
			}
			try(t, j.Answer(at.Question.ID, run.Raise))
			r = j.Wait()
			w.wants(r, run.Completed)
			w.wantBig(1, second)
			raised := 0
			for _, e := range w.journal.Entries()[sent:] {
				if strings.Contains(e.Command, "CONFIG SET cluster-node-timeout") && !strings.Contains(e.Command, fmt.Sprint(bigTimeout)) {
					raised++
				}
			}
			if raised != 3 {
				t.Errorf("the node timeout of %d nodes was raised", raised)
			}
			if got := w.nodeTimeouts(); !slices.Equal(got, []int{bigTimeout, bigTimeout, bigTimeout}) {
				t.Errorf("set back to %v", got)
			}
		})
	}
}

func TestNodeTimeoutsAreSetBackAfterACrash(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version  string
		recovers bool // the recovery of the open slot sets them back, too
	}{{"redis-7.0", true}, {"valkey-8.1", false}} {
		t.Run(c.version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.version, lab.Config{NodeTimeout: 8 * time.Second})
			key := w.big(77)
			// After the large key come small ones for twenty seconds, at the mover's
			// pace, and for so long the node timeouts stay raised.
			client, _ := w.watch.Node(w.id(0))
			var sets [][]any
			for i := range 2000 {
				sets = append(sets, []any{"SET", inSlot(79, i), "x"})
			}
			for _, a := range client.Pipeline(t.Context(), sets...) {
				try(t, a.Err)
			}
			w.setNodeTimeouts(bigTimeout)
			cmd, out := w.mover(w.plan(plan.MoveExactly{Slots: slots("77,79"), To: w.id(1)}))
			labtest.Until(t, time.Minute, "the node timeouts are raised", func() bool { return w.nodeTimeouts()[2] > bigTimeout })
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			found := w.find()
			if n := len(found.Raised); n != 3 || found.Empty() {
				t.Fatalf("%d raised node timeouts are found, want 3: %s", n, out)
			}
			for _, r := range found.Raised {
				if r.Was != bigTimeout*time.Millisecond || r.Is <= r.Was {
					t.Errorf("%+v", r)
				}
			}
			all := []int{bigTimeout, bigTimeout, bigTimeout}
			if !c.recovers {
				w.do(2, "CONFIG", "SET", "cluster-node-timeout", 3333) // by somebody else, since
				all[2] = 3333
				try(t, run.SetBack(t.Context(), w.watch, w.state))
				if found = w.find(); len(found.Raised) != 0 {
					t.Errorf("still raised: %+v", found.Raised)
				}
			}
			ways := map[keyslot.Slot]plan.Way{}
			for _, r := range found.Open {
				ways[r.Slot] = plan.Finish
			}
			if len(ways) > 0 {
				j, err := run.StartRecovery(t.Context(), w.watch, found, ways, run.Options{StateDir: w.state, BigKeys: run.MoveAnyway})
				if err != nil {
					t.Fatal(err)
				}
				w.wants(j.Wait(), run.Completed)
			} else if c.recovers {
				try(t, run.SetBack(t.Context(), w.watch, w.state))
			}
			w.nothingOpen()
			if got := w.nodeTimeouts(); !slices.Equal(got, all) {
				t.Errorf("the node timeouts are %v, want %v", got, all)
			}
			if left := w.find(); len(left.Raised) != 0 {
				t.Errorf("still raised: %+v", left.Raised)
			}
			owner := 0
			if own := w.ownedBy(1); own.Has(77) {
				owner = 1
			}
			w.wantBig(owner, key)
		})
	}
}
