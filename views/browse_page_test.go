package views

import (
	"runtime"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/ui"
)

func TestAMillionKeysStayScrollableInBoundedMemory(t *testing.T) {
	d := &fakeDesk{count: 334_000, batch: 1000}
	p := newBrowsePage(d, false)
	sc := &Scene{Snap: sampleSnapshot(), W: 120, H: 40, Theme: ui.NewTheme(ui.Look{})}
	p.Body(sc)
	run := func(press string) {
		cmd, _ := p.Key(pressOf(press), sc)
		for _, msg := range messagesOf(cmd) {
			for pending := []tea.Msg{msg}; len(pending) > 0; {
				next := p.Receive(pending[0], sc)
				pending = pending[1:]
				pending = append(pending, messagesOf(next)...)
			}
		}
	}
	run("enter")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	run("c")
	runtime.GC()
	runtime.ReadMemStats(&after)
	if p.list.total != 1_002_000 || !p.done() {
		t.Fatalf("%d keys were counted, at the end: %v", p.list.total, p.done())
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("a million keys hold %d KiB", grown>>10)
	}
	for _, key := range []string{"G", "g", "pgdown", "G", "pgup"} {
		run(key)
		if p.list.at(p.row) == nil {
			t.Errorf("after %s the row %d is not there", key, p.row)
		}
		if body := strings.Join(p.Body(sc), "\n"); !strings.Contains(body, "user:{") || !strings.Contains(body, "hash") {
			t.Errorf("after %s the rows are not drawn, or not described", key)
		}
	}
	if p.row < 1_001_000 {
		t.Errorf("the end is row %d", p.row)
	}
}

func TestQueriesAreRead(t *testing.T) {
	q, err := readQuery(`"user: *" type=hash,set slot=0-9 shard=b ttl<1h mem>2k size>3m`)
	if err != nil || q.match != "user: *" || len(q.types) != 2 || q.slots.Len() != 10 || q.shard != "B" || q.keep.MaxTTL != time.Hour || q.keep.MinBytes != 2048 || q.keep.MinElements != 3_000_000 {
		t.Errorf("%+v, %v", q, err)
	}
	for _, text := range []string{"a b", "ttl=soon", "slot=x", "mem=5", "mem>x", `"open`, "size<5"} {
		if q, err := readQuery(text); err == nil {
			t.Errorf("%s is read as %+v", text, q)
		}
	}
}
