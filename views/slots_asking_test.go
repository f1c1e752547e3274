package views

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// fakeReader answers with made-up numbers: slot modulo 100, and remembers who
// was asked for how many slots.
type fakeReader struct {
	mu     sync.Mutex
	asked  map[cluster.NodeID]int
	sample []string
	err    map[cluster.NodeID]error
}

func newFakeReader() *fakeReader {
	return &fakeReader{asked: map[cluster.NodeID]int{}, err: map[cluster.NodeID]error{}, sample: []string{"user:1"}}
}

func (f *fakeReader) CountKeys(ctx context.Context, node cluster.NodeID, slots []keyslot.Slot) ([]int64, error) {
	if _, ok := ctx.Deadline(); !ok {
		return nil, errors.New("asked without a deadline")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked[node] += len(slots)
	if err := f.err[node]; err != nil {
		return nil, err
	}
	out := make([]int64, len(slots))
	for i, slot := range slots {
		out[i] = int64(slot % 100)
	}
	return out, nil
}

func (f *fakeReader) MeasureSlots(ctx context.Context, node cluster.NodeID, slots []keyslot.Slot, what SlotMeasure) (SlotNumbers, error) {
	if what == SlotTraffic {
		return SlotNumbers{Why: "traffic is not counted"}, nil
	}
	numbers, err := f.CountKeys(ctx, node, slots)
	return SlotNumbers{Numbers: numbers, Sampled: what == SlotMemory}, err
}

func (f *fakeReader) SampleKeys(_ context.Context, node cluster.NodeID, _ keyslot.Slot, most int) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sample[:min(most, len(f.sample))], f.err[node]
}

// answersTo runs a command and all commands within it, and returns what they say.
func answersTo(cmd tea.Cmd) []tea.Msg {
	if cmd == nil {
		return nil
	}
	msg := cmd()
	batch, ok := msg.(tea.BatchMsg)
	if !ok {
		if msg == nil {
			return nil
		}
		return []tea.Msg{msg}
	}
	var out []tea.Msg
	for _, c := range batch {
		out = append(out, answersTo(c)...)
	}
	return out
}

// askingSlots is the screen in front with a reader; beats are left out, because
// they only take time.
func askingSlots(f *fakeReader, snap *cluster.Snapshot) (*Slots, *Scene) {
	s := NewSlots(f)
	s.ask.beating = true
	sc := sampleScene(snap, sampleLook, 80, 20)
	s.Body(sc)
	return s, sc
}

func TestKeysAreCountedOnlyWhileTheirLayerIsInFront(t *testing.T) {
	f := newFakeReader()
	s, sc := askingSlots(f, sampleSnapshot(failPrimary("B")))
	answersTo(s.ask.lookInto(sc, 0))
	if n := f.asked[sampleID(1)]; n != 1 {
		t.Fatalf("the layer of owners asked for %d slots, want the one under the cursor", n)
	}
	for _, msg := range answersTo(press(t, s, sc, "]")) {
		for _, answer := range answersTo(s.Receive(msg, sc)) {
			s.Receive(answer, sc)
		}
	}
	if f.asked[sampleID(1)] != 1+5462 || f.asked[sampleID(3)] != 5461 || len(f.asked) != 2 {
		t.Fatalf("asked %v: want every primary that answers for its own slots", f.asked)
	}
	if s.ask.known != 5462+5461 || s.ask.most != 99 || s.ask.counts[123] != 23 || s.ask.counts[6000] != -1 {
		t.Fatalf("known %d, most %d", s.ask.known, s.ask.most)
	}
	if text := slotsText(s, sc); !strings.Contains(text, "99   keys") || !strings.Contains(text, "5461 not counted") {
		t.Fatalf("the counts are not shown:\n%s", text)
	}
}

func TestCountsOfALayerThatWasLeftAreDropped(t *testing.T) {
	s, sc := askingSlots(newFakeReader(), sampleSnapshot())
	press(t, s, sc, "]")
	late := answersTo(s.Receive(slotsCount{}, sc))
	if len(late) != 3 {
		t.Fatalf("%d answers, want one of each primary", len(late))
	}
	press(t, s, sc, "]")
	for _, msg := range late {
		s.Receive(msg, sc)
	}
	if s.ask.known != 0 {
		t.Fatalf("%d counts were taken though nobody asks any more", s.ask.known)
	}
	press(t, s, sc, "[")
	again := answersTo(s.Receive(slotsCount{}, sc))
	for _, msg := range append(again, late...) {
		s.Receive(msg, sc)
	}
	if s.ask.known != keyslot.Count {
		t.Fatalf("%d counts after coming back", s.ask.known)
	}
}

func TestNothingIsAskedUnlookedAtHeldOrPaused(t *testing.T) {
	for name, still := range map[string]func(*Slots, *Scene){
		"not looked at": func(s *Slots, _ *Scene) { s.ask.seen = false },
		"held":          func(_ *Slots, sc *Scene) { sc.Frozen = true },
		"paused":        func(_ *Slots, sc *Scene) { sc.Snap.Paused = true },
	} {
		f := newFakeReader()
		s, sc := askingSlots(f, sampleSnapshot())
		s.layer = keysLayer
		still(s, sc)
		answersTo(s.askAgain(sc))
		if len(f.asked) != 0 {
			t.Errorf("%s: asked %v", name, f.asked)
		}
	}
	f := newFakeReader()
	s, sc := askingSlots(f, sampleSnapshot())
	s.layer = keysLayer
	answersTo(s.askAgain(sc))
	if len(f.asked) != 3 {
		t.Errorf("looked at: asked only %v", f.asked)
	}
}

func TestSampleOfASlotThatTheCursorLeftIsDropped(t *testing.T) {
	s, sc := askingSlots(newFakeReader(), sampleSnapshot())
	s.Jump(123, sc)
	answer := answersTo(s.Receive(slotRested{s.ask.rest}, sc))
	s.Jump(200, sc)
	for _, msg := range answer {
		s.Receive(msg, sc)
	}
	if text := slotsText(s, sc); strings.Contains(text, "user:1") || len(answer) != 1 {
		t.Fatalf("the keys of slot 123 stand at slot 200 (%d answers):\n%s", len(answer), text)
	}
	if cmd := s.Receive(slotRested{s.ask.rest - 1}, sc); cmd != nil {
		t.Fatal("an older stop of the cursor asks")
	}
	for _, msg := range answersTo(s.Receive(slotRested{s.ask.rest}, sc)) {
		s.Receive(msg, sc)
	}
	if text := slotsText(s, sc); !strings.Contains(text, "keys 0 ") || !strings.Contains(text, "no keys") {
		t.Fatalf("slot 200 has no keys, by the reader's count:\n%s", text)
	}
}

func TestHostileKeysAndErrorsAreShownHarmless(t *testing.T) {
	f := newFakeReader()
	f.sample = []string{"a\x1b[31mb\nc", "\u202egpj", strings.Repeat("x", 5000)}
	s, sc := askingSlots(f, sampleSnapshot())
	s.Jump(123, sc)
	for _, msg := range answersTo(s.Receive(slotRested{s.ask.rest}, sc)) {
		s.Receive(msg, sc)
	}
	lines := s.Body(sc)
	text := strings.Join(lines, "\n")
	if strings.Contains(text, "\x1b[31mb") || strings.Contains(text, "\u202e") || len(lines) != 20 || !strings.Contains(text, `a\x1b[31mb\nc`) {
		t.Fatalf("%q", lines[len(lines)-1])
	}
	f.err[sampleID(1)] = errors.New("10.0.0.11:7001 refuses: NOPERM \x1b[2J")
	s.Jump(124, sc)
	for _, msg := range answersTo(s.Receive(slotRested{s.ask.rest}, sc)) {
		s.Receive(msg, sc)
	}
	if text := strings.Join(s.Body(sc), "\n"); !strings.Contains(text, `NOPERM \x1b[2J`) {
		t.Fatalf("the error is not shown, or not harmless: %q", text)
	}
}

func TestAnswerDoesNotMoveAnythingButItsOwnLines(t *testing.T) {
	s, sc := askingSlots(newFakeReader(), sampleSnapshot())
	s.Jump(123, sc)
	before := s.Body(sc)
	for _, msg := range answersTo(s.Receive(slotRested{s.ask.rest}, sc)) {
		s.Receive(msg, sc)
	}
	after := s.Body(sc)
	var changed []int
	for i := range before {
		if before[i] != after[i] {
			changed = append(changed, i)
		}
	}
	if !slices.Equal(changed, []int{19}) {
		t.Fatalf("lines %v changed, want only the last", changed)
	}
}

func TestSlotOfASilentPrimaryIsNotAsked(t *testing.T) {
	f := newFakeReader()
	s, sc := askingSlots(f, sampleSnapshot(failPrimary("A")))
	if cmd := s.ask.lookInto(sc, 5); cmd != nil || len(f.asked) != 0 {
		t.Fatal("a node that does not answer is asked for keys")
	}
}

func TestBeatGoesOnWhileSomebodyMayAsk(t *testing.T) {
	s := NewSlots(newFakeReader())
	sc := sampleScene(sampleSnapshot(), sampleLook, 80, 20)
	s.Body(sc)
	if cmd := s.ask.beat(); cmd == nil || !s.ask.beating {
		t.Fatal("no beat")
	}
	if cmd := s.ask.beat(); cmd != nil {
		t.Fatal("two beats at once")
	}
	if s.Receive(slotsBeat{}, sc); !s.ask.beating || s.ask.seen {
		t.Fatalf("after a beat: beating %v, seen %v", s.ask.beating, s.ask.seen)
	}
	if none := NewSlots(nil); none.ask.beat() != nil || none.ask.moved() != nil {
		t.Fatal("beats without anybody to ask")
	}
}

func TestComingToTheFrontAsksForTheSlotUnderTheCursorOnce(t *testing.T) {
	f := newFakeReader()
	s, sc := askingSlots(f, sampleSnapshot())
	first, second := s.Open(sc), s.Open(sc)
	for _, msg := range append(answersTo(first), answersTo(second)...) {
		s.Receive(msg, sc)
	}
	if n := f.asked[sampleID(1)]; n != 1 || s.ask.sampled.IsZero() {
		t.Fatalf("asked for %d slots, want one; sampled at %v", n, s.ask.sampled)
	}
}
