package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// keyOf is a key that lives in a slot.
func keyOf(slot keyslot.Slot) string {
	for i := 0; ; i++ {
		if key := fmt.Sprintf("key:%d", i); keyslot.Of(key) == slot {
			return key
		}
	}
}

// ask sends one command to a node.
func ask(t *testing.T, n *lab.Node, cmd ...any) any {
	t.Helper()
	v, err := n.Do(t.Context(), cmd...).Result()
	if err != nil {
		t.Fatalf("%v on %s: %v", cmd, n.Addr, err)
	}
	return v
}

// openMarks are the lines of nodes that show a slot as open.
func openMarks(t *testing.T, c *lab.Cluster) (open []string) {
	t.Helper()
	for _, n := range c.Nodes() {
		for line := range strings.Lines(ask(t, n, "CLUSTER", "NODES").(string)) {
			if strings.Contains(line, "->-") || strings.Contains(line, "-<-") {
				open = append(open, line)
			}
		}
	}
	return open
}

// TestKeyOnBothSidesIsDecidedOnTheScreen: of the same value it is not worth a
// question; where the values differ the job stops on that key and shows both, and
// what is overwritten is kept.
func TestKeyOnBothSidesIsDecidedOnTheScreen(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{})
	a, b := c.Nodes()[0], c.Nodes()[1]
	n := wire.Open(b.Addr, wire.Options{})
	defer n.Close()
	for slot, theirs := range map[keyslot.Slot]string{77: "theirs", 99: "mine"} {
		ask(t, b, "CLUSTER", "SETSLOT", int(slot), "IMPORTING", string(a.ID))
		ask(t, a, "SET", keyOf(slot), "mine")
		ask(t, a, "CLUSTER", "SETSLOT", int(slot), "MIGRATING", string(b.ID))
		if got := n.Pipeline(t.Context(), []any{"ASKING"}, []any{"SET", keyOf(slot), theirs}); got[1].Err != nil {
			t.Fatal(got[1].Err)
		}
	}
	lost, err := b.Do(t.Context(), "DUMP", keyOf(77)).Text()
	if err == nil || lost != "" {
		t.Fatal("the target shows the key before it owns the slot")
	}
	got := n.Pipeline(t.Context(), []any{"ASKING"}, []any{"DUMP", keyOf(77)})
	lost, _ = got[1].Value.(string)

	state := t.TempDir()
	s := startWith(t, usual, []string{"XDG_STATE_HOME=" + state}, c.Seed())
	s.shows("16384/16384 slots")
	s.press("5")
	s.shows("2 slots are open", "finish")
	s.press("f")
	s.shows("finish 2 open slots (77,99)", "SETSLOT 77 NODE")
	s.press("y")
	s.shows(`the key "`+keyOf(77)+`" (slot 77) has one value`, `"mine"`, `"theirs"`, "(the safe answer)")
	if v := ask(t, a, "GET", keyOf(77)); v != "mine" {
		t.Errorf("before the answer: %v", v)
	}
	s.press("j\r") // from the safe answer to the value of the source
	s.until("the job has ended", func(string) bool { return len(openMarks(t, c)) == 0 })
	s.shows("saved-")
	s.press("q")
	s.ends()
	for _, slot := range []keyslot.Slot{77, 99} {
		if v := ask(t, b, "GET", keyOf(slot)); v != "mine" {
			t.Errorf("slot %d: %v", slot, v)
		}
	}
	files, _ := filepath.Glob(filepath.Join(state, "slotdeck", "saved-*.jsonl"))
	if len(files) != 1 {
		t.Fatalf("saved: %v", files)
	}
	text, err := os.ReadFile(files[0])
	var kept struct {
		Key, Dump []byte
		Slot      int
	}
	if err != nil || strings.Count(string(text), "\n") != 1 || json.Unmarshal(text, &kept) != nil || string(kept.Key) != keyOf(77) || kept.Slot != 77 || string(kept.Dump) != lost || lost == "" {
		t.Errorf("%v: %s, want the value that was overwritten and no other: %q", err, text, lost)
	}
}

// TestSignalInTheMiddleOfAMoveEndsItInTime: the slots in hand are finished, and
// nothing is open, neither by the nodes' word nor by what is remembered.
func TestSignalInTheMiddleOfAMoveEndsItInTime(t *testing.T) {
	c := labtest.Start(t, lab.Config{Binary: labtest.Only(t, "redis-7.0").Path})
	if err := c.Fill(t.Context(), 60_000); err != nil {
		t.Fatal(err)
	}
	keys := func() (n int64) {
		for _, node := range c.Nodes() {
			n += ask(t, node, "DBSIZE").(int64)
		}
		return n
	}
	before := keys()
	from, to := 0, 1
	reshard := func(state string) *session {
		return startWith(t, usual, []string{"XDG_STATE_HOME=" + state}, "reshard", c.Seed(), "--from", string(c.Nodes()[from].ID), "--to", string(c.Nodes()[to].ID),
			"--slots", "2000", "--yes", "--driver", "migrate", "--throttle", "3000")
	}
	console := func(state string) *session {
		s := startWith(t, usual, []string{"XDG_STATE_HOME=" + state}, c.Seed())
		s.shows("16384/16384 slots")
		s.press("3")
		s.shows("address ")
		s.press("m")
		s.shows("PLAN")
		s.press("2000")
		s.shows("move 2000 slots from", "in the slots to come were weighed")
		s.press("y")
		return s
	}
	for name, begin := range map[string]func(state string) *session{"reshard": reshard, "console": console} {
		for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
			t.Run(name+" "+sig.String(), func(t *testing.T) {
				state := t.TempDir()
				s := begin(state)
				s.until("slots are in hand", func(string) bool { return len(openMarks(t, c)) > 0 })
				s.signal(sig)
				began := time.Now()
				code := s.ends()
				took := time.Since(began)
				t.Logf("gone after %v, with code %d", took, code)
				if took > 3*time.Second {
					t.Errorf("it took %v to go", took)
				}
				if s.cooked(); name == "console" {
					s.restored()
				}
				if open := openMarks(t, c); len(open) > 0 {
					t.Errorf("left open:\n%s", strings.Join(open, ""))
				}
				if n := keys(); n != before {
					t.Errorf("%d keys, there were %d", n, before)
				}
				files, _ := filepath.Glob(filepath.Join(state, "slotdeck", "move-*.json"))
				if len(files) != 1 {
					t.Fatalf("checkpoints: %v; was it in the middle? the screen shows\n%s", files, s.text())
				}
				text, err := os.ReadFile(files[0])
				var kept struct {
					Ended  string
					Flight keyslot.Set `json:"in_flight"`
					Done   keyslot.Set
				}
				if err != nil || json.Unmarshal(text, &kept) != nil || kept.Ended != "stopped" || !kept.Flight.Empty() || kept.Done.Len() == 2000 {
					t.Errorf("%v: ended %q, %v in flight, %d done", err, kept.Ended, kept.Flight, kept.Done.Len())
				}
				from, to = to, from
			})
		}
	}
}
