package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/keyslot"
)

// TestRollingBackPlansTheWayBackOfWhatHadMoved: with a slot left open, as a console
// leaves it that is killed, and others moved by then.
func TestRollingBackPlansTheWayBackOfWhatHadMoved(t *testing.T) {
	t.Parallel()
	env := map[string]string{"XDG_STATE_HOME": t.TempDir()}
	c := labtest.Start(t, lab.Config{})
	if err := c.Fill(t.Context(), 6000); err != nil {
		t.Fatal(err)
	}
	nodes := c.Nodes()
	owned := func() keyslot.Set {
		text, _ := nodes[0].Do(t.Context(), "CLUSTER", "NODES").Text()
		view, err := cluster.ParseNodes(text)
		if err != nil {
			t.Error(err)
			return keyslot.Set{}
		}
		self, _ := view.Member(nodes[0].ID)
		return keyslot.SetOf(self.Slots...)
	}
	before := owned()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for ctx.Err() == nil && owned() == before {
			time.Sleep(5 * time.Millisecond)
		}
		cancel()
	}()
	var out bytes.Buffer
	code := Run(ctx, &World{
		Args: strings.Fields("reshard " + c.Seed() + " --to B --slot-ranges 0-2000 --yes --driver migrate --throttle 1000"),
		Env:  func(name string) string { return env[name] }, In: strings.NewReader(""), Out: &out, Err: io.Discard,
	})
	moved := before.Minus(owned())
	if code != Interrupted || moved.Empty() || moved.Has(2000) {
		t.Fatalf("code %d, moved %v\n%s", code, moved, &out)
	}
	for i, how := range []string{"IMPORTING", "MIGRATING"} {
		if err := nodes[1-i].Do(t.Context(), "CLUSTER", "SETSLOT", 2000, how, string(nodes[i].ID)).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if got := run(t, "", env, "resume", c.Seed(), "--leave"); got.code != Fine || !strings.Contains(got.out, fmt.Sprintf("has moved %d slots", moved.Len())) {
		t.Errorf("--leave: code %d\n%s\n%s", got.code, got.out, got.err)
	}
	got := run(t, "", env, "resume", c.Seed(), "--roll-back", "--yes")
	if got.code != Fine || !strings.Contains(got.out, ") back to ") || owned() != before {
		t.Errorf("--roll-back: code %d, A lacks %v\n%s\n%s", got.code, before.Minus(owned()), got.out, got.err)
	}
	if got = run(t, "", env, "resume", c.Seed()); got.code != Fine || strings.Contains(got.out, "the plan") {
		t.Errorf("resume: code %d\n%s\n%s", got.code, got.out, got.err)
	}
}
