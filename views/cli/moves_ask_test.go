package cli

import (
	"fmt"
	"strings"
	"testing"

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

// torn leaves a slot open, with a key of which both sides have a value, and others
// of which both have the same.
func torn(t *testing.T, c *lab.Cluster, slot keyslot.Slot, same ...string) (key string) {
	t.Helper()
	a, b := c.Nodes()[0], c.Nodes()[1]
	key = keyOf(slot)
	asked(t, b, "CLUSTER", "SETSLOT", int(slot), "IMPORTING", string(a.ID))
	asked(t, a, "SET", key, "mine")
	for _, other := range same {
		asked(t, a, "SET", other, "theirs")
	}
	asked(t, a, "CLUSTER", "SETSLOT", int(slot), "MIGRATING", string(b.ID))
	n := wire.Open(b.Addr, wire.Options{})
	defer n.Close()
	for _, it := range append(same, key) {
		if got := n.Pipeline(t.Context(), []any{"ASKING"}, []any{"SET", it, "theirs"}); got[1].Err != nil {
			t.Fatal(got[1].Err)
		}
	}
	return key
}

func TestConflictsAreAnsweredByAFlagOrOnTheTerminal(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{})
	b := c.Nodes()[1]

	key := torn(t, c, 77)
	got := run(t, "", nil, "resume", c.Seed(), "--finish", "--yes")
	if got.code != No || !strings.Contains(got.out+got.err, "resume") {
		t.Errorf("without an answer: %+v", got)
	}
	if got = answering(t, "yes\nnonsense\nsource", "resume", c.Seed(), "--finish"); got.code != Fine || asked(t, b, "GET", key) != "mine" {
		t.Errorf("source, typed: %+v", got)
	}
	for _, says := range []string{`"mine"`, `"theirs"`, "none of the choices", "* skip"} {
		if !strings.Contains(got.err, says) {
			t.Errorf("the question does not say %s:\n%s", says, got.err)
		}
	}
	if !strings.Contains(got.out, "saved values: ") {
		t.Errorf("it is not said where the other value is: %s", got.out)
	}
	key = torn(t, c, 78)
	if got = run(t, "", nil, "resume", c.Seed(), "--finish", "--yes", "--on-conflict", "target"); got.code != Fine || asked(t, b, "GET", key) != "theirs" {
		t.Errorf("target, by flag: %+v", got)
	}
}

func TestBigKeysAreNamedAndAskedAboutOnTheTerminal(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Binary: labtest.Only(t, "valkey-8.1").Path})
	a, b := c.Nodes()[0], c.Nodes()[1]
	key := keyOf(77)
	asked(t, a, "EVAL", "for i=1,3000 do redis.call('HSET',KEYS[1],i,string.rep('v',100)) end return 'OK'", 1, key)
	args := []string{"reshard", c.Seed(), "--to", "B", "--slot-ranges", "77", "--max-block", "1"}

	got := run(t, "", nil, append(args, "--yes")...)
	if got.code != No || !strings.Contains(got.out, `the hash "`+key+`" (slot 77, 3000 elements`) || !strings.Contains(got.out, "slots 77 stay where they are") {
		t.Errorf("left: %+v", got)
	}
	got = answering(t, "yes\nany", args...)
	if got.code != Fine || !strings.Contains(got.err, "anyway") || strings.Contains(got.err, "cluster-node-timeout") {
		t.Errorf("typed: %+v", got)
	}
	if n := b.Do(t.Context(), "HLEN", key).Val(); n != int64(3000) {
		t.Errorf("%v fields moved", n)
	}
	args[3] = "A"
	if got = run(t, "", nil, append(args, "--yes", "--big-keys", "move")...); got.code != Fine || !strings.Contains(got.out, "disruptive") {
		t.Errorf("by flag: %+v", got)
	}
}
