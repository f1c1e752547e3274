package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	engine "slotdeck/cluster/run"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
	"slotdeck/views"
)

func TestKeyDeskReadsARealCluster(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Replicas: 1})
	if err := c.Fill(t.Context(), 1200); err != nil {
		t.Fatal(err)
	}
	expect(t, Fine, "exec", c.Seed(), "HSET", "{one}:h", "f", "v", "--yes")
	watching := watchOnScreen(t.Context(), target{Seeds: []string{c.Seed()}}, 200*time.Millisecond)
	defer watching.stop()
	d := newKeyDesk(watching.Watch, wire.Options{}, t.TempDir())
	defer d.close()
	labtest.Until(t, 10*time.Second, "the owners are known", func() bool {
		s := watching.Latest()
		return s != nil && len(s.Shards) == 3 && s.Owner != nil && d.Home("{one}") != ""
	})
	ctx := context.Background()
	found := map[string]keyspace.Entry{}
	for _, sh := range watching.Latest().Shards {
		for ask := (views.BrowseAsk{Node: sh.Primary, Match: "board:*", Types: []string{"zset"}, Describe: true}); ; {
			part, err := d.Browse(ctx, ask)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range part.Keys {
				found[e.Key] = e
				if e.Type != "zset" || e.Elements < 3 || e.Bytes <= 0 || !strings.HasPrefix(e.Key, "board:") {
					t.Errorf("%+v", e)
				}
			}
			if ask.Cursor = part.Next; part.Next == "" {
				break
			}
		}
	}
	if len(found) != 100 {
		t.Errorf("%d boards, want 100", len(found))
	}
	slot := keyslot.Of("{one}")
	set := keyslot.SetOf(keyslot.Range{First: slot, Last: slot})
	sh, _ := watching.Latest().ShardOf(slot)
	part, err := d.Browse(ctx, views.BrowseAsk{Node: sh.Primary, Slots: &set})
	if err != nil || len(part.Keys) == 0 || part.Next != "" {
		t.Errorf("by slot: %+v, %v", part, err)
	}
	v, err := d.Value(ctx, "{one}:h", keyspace.ValueAsk{})
	if err != nil || len(v.Rows) != 1 || v.Rows[0].Text != "v" {
		t.Errorf("%+v, %v", v, err)
	}
	labtest.Until(t, 5*time.Second, "the replica has the key, too", func() bool {
		v, err := d.Value(ctx, "{one}:h", keyspace.ValueAsk{Replica: true})
		return err == nil && len(v.Rows) == 1 && v.Rows[0].Text == "v"
	})
	run := d.Survey(views.SurveyAsk{Memory: true, Most: 5})
	labtest.Until(t, 10*time.Second, "the survey ends", func() bool { return run.State().Done })
	if s := run.State(); s.Err != nil || s.Met != 1201 || s.Total != 1201 || s.Nodes != 3 || s.Tally.Bytes == 0 || s.Tally.TTL.Total() != 1201 {
		t.Errorf("%+v", s)
	}
	one := watching.Latest().Shards[0].Primary
	part, err = d.Browse(ctx, views.BrowseAsk{Node: one, Match: "cart:*"})
	if err != nil || len(part.Keys) == 0 {
		t.Fatalf("%+v, %v", part, err)
	}
	names := []string{"no such key"}
	for _, e := range part.Keys {
		names = append(names, e.Key)
	}
	slotOfOne, ofOne := watching.Latest().ShardOf(keyslot.Of(names[0]))
	removed, _, err := d.Unlink(ctx, one, names, "")
	if removed != len(part.Keys) || (err == nil) != (ofOne && slotOfOne.Primary == one) {
		t.Errorf("%d of %d keys were removed, %v", removed, len(part.Keys), err)
	}
	if !d.Changes([]string{"SET", "a", "b"}) || d.Changes([]string{"GET", "a"}) || !d.Loses([]string{"FLUSHALL"}) || d.Loses([]string{"DEL", "a"}) {
		t.Error("what changes and what loses is not told apart")
	}
}

func TestSlotsAreMeasuredWhereTheServerCountsAndSampledElsewhere(t *testing.T) {
	for version, measured := range map[string]bool{"redis-8.6": true, "valkey-9.1": false} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := labtest.Start(t, lab.Config{Primaries: 1, Binary: labtest.Only(t, version).Path, Extra: []string{"cluster-slot-stats-enabled yes"}})
			expect(t, Fine, "exec", c.Seed(), "SET", "{m}1", strings.Repeat("x", 5000), "--yes")
			expect(t, Fine, "exec", c.Seed(), "SET", "{m}2", "x", "--yes")
			watching := watchOnScreen(t.Context(), target{Seeds: []string{c.Seed()}}, 200*time.Millisecond)
			defer watching.stop()
			labtest.Until(t, 10*time.Second, "the node is known", func() bool { s := watching.Latest(); return s != nil && len(s.Nodes) == 1 && s.Owner != nil })
			node, reader := watching.Latest().Nodes[0].ID, &slotKeys{watch: watching.Watch}
			slots := []keyslot.Slot{keyslot.Of("{m}"), 7}
			got, err := reader.MeasureSlots(t.Context(), node, slots, views.SlotMemory)
			if err != nil || got.Sampled == measured || len(got.Numbers) != 2 || got.Numbers[0] < 5000 || got.Numbers[0] > 20000 || got.Numbers[1] > 1000 {
				t.Errorf("memory: %+v, %v", got, err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			busy := make(chan struct{})
			go func() {
				defer close(busy)
				for ctx.Err() == nil {
					c.Nodes()[0].Do(ctx, "GET", "{m}1")
				}
			}()
			for _, what := range []views.SlotMeasure{views.SlotCPU, views.SlotTraffic} {
				got, err := reader.MeasureSlots(t.Context(), node, slots, what)
				if err != nil || got.Sampled || got.Numbers[0] <= 0 || got.Numbers[1] != 0 {
					t.Errorf("measure %d: %+v, %v", what, got, err)
				}
			}
			cancel()
			<-busy
		})
	}
}

func TestDeletedKeysAreSavedFirstAndADeletionIsRememberedByTheNextConsole(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Primaries: 1})
	node := c.Nodes()[0]
	if err := node.Do(t.Context(), "HSET", "gone\x00", "f", "v").Err(); err != nil {
		t.Fatal(err)
	}
	for _, words := range [][]any{{"PEXPIRE", "gone\x00", 3_600_000}, {"SET", "stays", "x"}, {"SETRANGE", "big", 20 << 20, "x"}} {
		if err := node.Do(t.Context(), words...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	watching := watchOnScreen(t.Context(), target{Seeds: []string{c.Seed()}}, 200*time.Millisecond)
	defer watching.stop()
	labtest.Until(t, time.Minute, "the node is known", func() bool { s := watching.Latest(); return s != nil && len(s.Nodes) == 1 && s.Owner != nil })
	state := t.TempDir()
	d := newKeyDesk(watching.Watch, wire.Options{}, state)
	defer d.close()
	path, err := d.SaveFile()
	if err != nil {
		t.Fatal(err)
	}
	id := watching.Latest().Nodes[0].ID
	removed, left, err := d.Unlink(t.Context(), id, []string{"gone\x00", "never was", "big"}, path)
	if err != nil || removed != 1 || left != 1 {
		t.Fatalf("%d removed, %d left, %v", removed, left, err)
	}
	for name, want := range map[string]int{"stays": 1, "big": 1, "gone\x00": 0} {
		if n, err := node.Do(t.Context(), "EXISTS", name).Int(); err != nil || n != want {
			t.Errorf("%q is there %d times, %v", name, n, err)
		}
	}
	text, err := os.ReadFile(path)
	var saved engine.Saved
	if err == nil {
		err = json.Unmarshal(text, &saved)
	}
	if err != nil || string(saved.Key) != "gone\x00" || saved.Expires <= time.Now().UnixMilli() {
		t.Fatalf("saved is %s, %v", text, err)
	}
	if err := node.Do(t.Context(), "RESTORE", saved.Key, saved.Expires, saved.Dump, "ABSTTL").Err(); err != nil {
		t.Fatal(err)
	}
	if v, _ := node.Do(t.Context(), "HGET", "gone\x00", "f").Text(); v != "v" {
		t.Errorf("what came back is %q", v)
	}
	if _, _, err := d.Unlink(t.Context(), id, []string{"stays"}, filepath.Join(state, "no folder", "x")); err == nil {
		t.Error("a value that cannot be saved is deleted")
	}
	if n, _ := node.Do(t.Context(), "EXISTS", "stays").Int(); n != 1 {
		t.Error("the key is gone, and its value was not saved")
	}

	if _, known := d.LeftPurge(); known {
		t.Error("a deletion is remembered before there was one")
	}
	note := views.PurgeNote{Query: "x:*", Want: 10, Removed: 4, Done: []cluster.NodeID{id}, Save: path}
	if err := d.NotePurge(note); err != nil {
		t.Fatal(err)
	}
	next := newKeyDesk(watching.Watch, wire.Options{}, state) // of another process
	defer next.close()
	got, known := next.LeftPurge()
	if !known || got.Query != note.Query || got.Removed != 4 || got.Done[0] != id || got.Save != path || got.At.IsZero() {
		t.Errorf("%v, %+v", known, got)
	}
	note.Ended = true
	if err := next.NotePurge(note); err != nil {
		t.Fatal(err)
	}
	if _, known := d.LeftPurge(); known {
		t.Error("a deletion that ended is remembered")
	}
}
