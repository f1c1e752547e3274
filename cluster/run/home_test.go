package run_test

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
	"slotdeck/keyslot"
)

// away opens a slot and puts keys of it where it would go.
func (w *world) away(slot keyslot.Slot, keys int) {
	w.t.Helper()
	w.do(1, "CLUSTER", "SETSLOT", int(slot), "IMPORTING", string(w.id(0)))
	for i := range keys {
		w.asked(1, "SET", inSlot(slot, i), "x")
	}
	w.do(0, "CLUSTER", "SETSLOT", int(slot), "MIGRATING", string(w.id(1)))
	w.fresh()
}

// comingHome begins to roll a slot back, at a pace that can be watched.
func (w *world) comingHome(slot keyslot.Slot) *run.Job {
	w.t.Helper()
	j, err := run.StartRecovery(w.t.Context(), w.watch, w.find(), map[keyslot.Slot]plan.Way{slot: plan.RollBack}, run.Options{StateDir: w.state, KeysPerSecond: 200})
	if err != nil {
		w.t.Fatal(err)
	}
	until(w.t, j, "some keys came", func(p run.Progress) bool { return p.Keys.Done > 20 })
	return j
}

// TestOwnerSendsClientsOnToKeysThatCannotComeHome: one that is closed says that
// they do not exist, and lets clients remove and write them, for as long as the
// other node stands still.
func TestOwnerSendsClientsOnToKeysThatCannotComeHome(t *testing.T) {
	t.Parallel()
	const slot, keys = keyslot.Slot(77), 300
	for _, version := range []string{"redis-7.0", "valkey-8.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, version, lab.Config{NodeTimeout: 20 * time.Second})
			w.away(slot, keys)
			j := w.comingHome(slot)
			if err := w.Nodes()[1].Freeze(); err != nil {
				t.Fatal(err)
			}
			labtest.Until(t, 30*time.Second, "the owner sends clients on", func() bool {
				asks := 0
				for i := range keys {
					n, err := w.Nodes()[0].Do(t.Context(), "EXISTS", inSlot(slot, i)).Int64()
					switch {
					case err != nil && strings.HasPrefix(err.Error(), "ASK "):
						asks++
					case err != nil || n == 0:
						return false
					}
				}
				return asks > 100
			})
			if err := w.Nodes()[1].Thaw(); err != nil {
				t.Fatal(err)
			}
			j.Throttle(0)
			w.wants(j.Wait(), run.Completed)
			w.nothingOpen()
			if n := w.do(0, "CLUSTER", "COUNTKEYSINSLOT", int(slot)); n != any(int64(keys)) {
				t.Errorf("%v keys came home, want %d", n, keys)
			}
		})
	}
}

// TestKeysThatCameHomeUnseenAndWereRemovedThereStayRemoved: an owner that stood
// still gets the keys of a MIGRATE that was given up, and clients remove them
// there while the other node still has its copies.
func TestKeysThatCameHomeUnseenAndWereRemovedThereStayRemoved(t *testing.T) {
	t.Parallel()
	const slot, keys = keyslot.Slot(77), 300
	for _, version := range []string{"redis-7.0", "valkey-8.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, version, lab.Config{NodeTimeout: 20 * time.Second})
			w.away(slot, keys)
			client, err := net.Dial("tcp", w.Nodes()[0].Addr)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			replies := bufio.NewReader(client)
			if _, err = fmt.Fprint(client, "PING\r\n"); err == nil {
				_, err = replies.ReadString('\n')
			}
			if err != nil {
				t.Fatal(err)
			}
			j := w.comingHome(slot)
			w.do(1, "CLIENT", "PAUSE", 60000, "WRITE")
			labtest.Until(t, 20*time.Second, "a call is under way", func() bool {
				for line := range strings.SplitSeq(w.do(1, "CLIENT", "LIST").(string), "\n") {
					if strings.Contains(line, "cmd=migrate") && strings.Contains(line, " flags=b") {
						return true
					}
				}
				return false
			})
			if err := w.Nodes()[0].Freeze(); err != nil {
				t.Fatal(err)
			}
			w.do(1, "CLIENT", "UNPAUSE")
			until(t, j, "it waits", func(p run.Progress) bool { return p.State == run.Settling })
			away := w.do(1, "CLUSTER", "GETKEYSINSLOT", int(slot), keys).([]any)
			// What waits in a frozen node's sockets is read in the order in which it came.
			for i := range keys {
				if _, err := fmt.Fprintf(client, "DEL %s\r\n", inSlot(slot, i)); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Nodes()[0].Thaw(); err != nil {
				t.Fatal(err)
			}
			var removed []string // that the other node had still
			for i := range keys {
				reply, err := replies.ReadString('\n')
				if err != nil {
					t.Fatal(err)
				}
				if key := inSlot(slot, i); strings.HasPrefix(reply, ":1") && slices.Contains(away, any(key)) {
					removed = append(removed, key)
				}
			}
			j.Throttle(0)
			r := j.Wait()
			w.wants(r, run.Completed)
			w.nothingOpen()
			if len(removed) == 0 {
				t.Fatal("no key came that was not known to have come")
			}
			for _, key := range removed {
				if n := w.do(0, "EXISTS", key); n != any(int64(0)) {
					t.Errorf("%s was removed, and is back", key)
				}
			}
			if len(r.Saved) != 1 {
				t.Errorf("the copies were not saved: %v", r.Sentences)
			}
		})
	}
}
