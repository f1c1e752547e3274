package views

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster/keyspace"
	"slotdeck/ui"
)

func keyStage(t *testing.T, d *fakeDesk, look ui.Look, w, h int) *stage {
	t.Helper()
	s := newStageOf(t, Config{Context: "prod-eu", Version: "test", Look: look, First: sampleSnapshot(), Keys: d}, w, h)
	s.press("4")
	return s
}

func newFakeDesk() *fakeDesk {
	return &fakeDesk{count: 500, batch: 200, values: map[string]keyspace.Value{
		"user:{0}:": {},
	}}
}

// messagesOf are the messages of a command, those of a batch one by one.
func messagesOf(cmd tea.Cmd) []tea.Msg {
	if cmd == nil {
		return nil
	}
	msg := cmd()
	batch, is := msg.(tea.BatchMsg)
	if !is {
		return []tea.Msg{msg}
	}
	var out []tea.Msg
	for _, c := range batch {
		out = append(out, messagesOf(c)...)
	}
	return out
}

func TestKeyPagesLookAsTheyShould(t *testing.T) {
	drives := map[string]func(*stage, *fakeDesk){
		"keys/trace": func(s *stage, d *fakeDesk) {
			d.hops = []keyspace.Hop{moved(866, sampleAddr(3)), {Took: time.Millisecond, Redirect: keyspace.Redirect{Outcome: keyspace.Ask, Slot: 866, To: sampleAddr(2)}, Err: errors.New("GET hello on x: it answered ASK 866 " + sampleAddr(2))}}
			s.press("ctrl+right")
			s.typed("GET hello")
			s.press("enter")
		},
		"keys/crossing": func(s *stage, d *fakeDesk) {
			d.hops = []keyspace.Hop{{Took: time.Millisecond, Redirect: keyspace.Redirect{Outcome: keyspace.CrossSlot}, Err: errors.New("MGET on x: it answered CROSSSLOT Keys in request don't hash to the same slot")}}
			s.press("ctrl+right")
			s.typed("MGET user:7:a log:user:7")
			s.press("enter")
		},
		"keys/trace-plan": func(s *stage, _ *fakeDesk) { s.press("ctrl+right"); s.typed("SET hello x"); s.press("enter") },
		"keys/browse": func(s *stage, _ *fakeDesk) {
			s.press("ctrl+right", "ctrl+right")
			s.typed("user:* ttl>1m")
			s.press("enter", "j", "j")
		},
		"keys/hash": func(s *stage, d *fakeDesk) { withValue(s, d, hashValue()); s.press("j") },
		"keys/json": func(s *stage, d *fakeDesk) {
			withValue(s, d, keyspace.Value{Entry: keyspace.Entry{Type: "string", TTL: keyspace.NoTTL, Bytes: 96, Elements: 31, Encoding: "embstr"}, Text: `{"name":"Ada","tags":["a","b"]}`})
			s.press("v")
		},
		"keys/hex": func(s *stage, d *fakeDesk) {
			withValue(s, d, keyspace.Value{Entry: keyspace.Entry{Type: "string", TTL: keyspace.NoTTL, Bytes: 96, Elements: 31, Encoding: "raw"}, Text: "\x89PNG\r\n\x1a\n" + strings.Repeat("ab\x00", 12)})
			s.press("v", "v")
		},
		"keys/edit": func(s *stage, d *fakeDesk) {
			withValue(s, d, hashValue())
			s.press("j", "e", "ctrl+u")
			s.typed("new")
			s.press("enter")
		},
		"keys/biggest": func(s *stage, d *fakeDesk) { biggest(s, d); s.press("tab") },
		"keys/hottest": func(s *stage, d *fakeDesk) {
			a, b := s.app.snap.Shards[0].Primary, s.app.snap.Shards[1].Primary
			d.hot = []HotPart{
				{Node: a, Slots: []keyspace.SlotLoad{{Slot: 866, Keys: 12, CPU: 81234, In: 91234, Out: 712345}}, Way: keyspace.ByTouched, Keys: []keyspace.HotKey{{Key: "{hello}:a", Slot: 866, Type: "hash", Score: 8, Of: 8}, {Key: "{hello}:b\x1b", Slot: 866, Type: "string", Score: 7, Of: 8}}},
				{Node: b, Err: errors.New("CLUSTER SLOT-STATS on 10.0.0.12:7002: no answer in time")},
			}
			s.press("ctrl+left", "enter", "j")
		},
		"keys/slots": func(s *stage, d *fakeDesk) { biggest(s, d); s.press("tab", "tab", "tab", "tab") },
	}
	for name, drive := range drives {
		for look, l := range looks {
			for _, size := range sizes[:2] {
				file := fmt.Sprintf("%s/%s-%dx%d", name, look, size[0], size[1])
				t.Run(file, func(t *testing.T) {
					t.Parallel()
					d := newFakeDesk()
					s := keyStage(t, d, l, size[0], size[1])
					drive(s, d)
					s.app.toast = toastShown{}
					lines := strings.Split(s.raw(), "\n")
					for i := range lines {
						lines[i] = strings.TrimRight(lines[i], " ")
					}
					golden(t, file, strings.Join(lines, "\n")+"\n")
				})
			}
		}
	}
}
