package views

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"slotdeck/keyslot"
	"slotdeck/ui"
)

// Slots answers "who has what?": the map of all slots, a cursor on one of
// them, and what is known of that one.
type Slots struct {
	slot   keyslot.Slot
	layer  slotLayer
	zoom   bool
	top    int // first line while zoomed
	layout ui.SlotLayout

	marked keyslot.Set // finished marks
	anchor int         // where the mark being drawn began; -1: none

	going *lineInput // the field for a slot or key; nil when closed
	said  string     // what is wrong with what was typed

	m     *slotMap
	paint *ui.SlotPainter
	tag   slotTag
	ask   slotAsking
	verbs moveVerbs[*Slots]
}

// NewSlots makes the screen. Without a reader the map shows no keys.
func NewSlots(reader SlotReader) *Slots {
	return &Slots{anchor: -1, ask: newSlotAsking(reader)}
}

// Name is the screen's word.
func (s *Slots) Name() string { return "slots" }

// Show lets go of what was worked out for an older scene.
func (s *Slots) Show(sc *Scene) {
	if sc.Snap == nil {
		s.m = nil
	}
}

// look is the map for a scene, worked out anew only when the scene changed.
func (s *Slots) look(sc *Scene) *slotMap {
	if s.m == nil || s.m.of != slotMapKeyOf(sc, s.layer) {
		s.m = readSlots(sc, s.layer)
		if s.layer.heats() {
			s.m.warm(&s.ask)
		}
	}
	if s.paint == nil || s.paint.Theme() != sc.Theme {
		s.paint = ui.NewSlotPainter(sc.Theme)
	}
	return s.m
}

// Open asks what is in the slot under the cursor, and for the counts when their
// layer was left in front.
func (s *Slots) Open(sc *Scene) tea.Cmd {
	if !s.ask.mayAsk(sc) {
		return s.ask.beat()
	}
	cmds := []tea.Cmd{s.ask.lookInto(sc, s.slot), s.ask.beat()}
	if s.layer.heats() {
		cmds = append(cmds, s.ask.countAll(sc))
	}
	return tea.Batch(cmds...)
}

// Jump puts the cursor on a slot.
func (s *Slots) Jump(slot keyslot.Slot, _ *Scene) tea.Cmd {
	if slot >= keyslot.Count || slot == s.slot && !s.ask.sampled.IsZero() {
		return nil
	}
	s.slot = slot
	return s.ask.moved()
}

// Receive takes what was asked for.
func (s *Slots) Receive(msg tea.Msg, sc *Scene) tea.Cmd {
	switch msg := msg.(type) {
	case slotRested:
		if msg.nr == s.ask.rest {
			return s.ask.lookInto(sc, s.slot)
		}
	case slotSampleArrived:
		s.ask.takeSample(msg, sc)
	case slotCountsArrived:
		s.ask.takeCounts(msg, sc)
		if s.m != nil && s.layer.heats() {
			s.m.warm(&s.ask)
		}
	case slotsCount:
		if s.layer.heats() {
			return tea.Batch(s.ask.countAll(sc), s.ask.beat())
		}
	case slotsBeat:
		return s.beat(sc)
	}
	return nil
}

// beat asks again for what is being looked at, and keeps the beat going.
func (s *Slots) beat(sc *Scene) tea.Cmd {
	s.ask.beating = false
	return tea.Batch(s.ask.beat(), s.askAgain(sc))
}

// askAgain asks for what was looked at since the last time, else for nothing.
func (s *Slots) askAgain(sc *Scene) tea.Cmd {
	if !s.ask.seen {
		return nil
	}
	s.ask.seen = false
	look := s.ask.lookInto(sc, s.slot)
	if !s.layer.heats() {
		return look
	}
	return tea.Batch(look, s.ask.countAll(sc))
}

// Selected is the marked slots, or else the one under the cursor, and the
// primary that owns it.
func (s *Slots) Selected(sc *Scene) Selection {
	sel := Selection{Text: strconv.Itoa(int(s.slot))}
	if marked := s.marks(); !marked.Empty() {
		sel.Text = marked.String()
	}
	if sh, ok := sc.Snap.ShardOf(s.slot); ok {
		sel.Node = sh.Primary
	}
	return sel
}

// Leave closes the field, the mark being drawn, the marks, the zoom: one at a time.
func (s *Slots) Leave(*Scene) bool {
	switch {
	case s.going != nil:
		s.going, s.said = nil, ""
	case s.anchor >= 0:
		s.anchor = -1
	case !s.marked.Empty():
		s.marked = keyslot.Set{}
	case s.zoom:
		s.zoom = false
	default:
		return false
	}
	return true
}

// marks is all that is marked now, the part being drawn included.
func (s *Slots) marks() keyslot.Set {
	all := s.marked
	if s.anchor >= 0 {
		all.AddRange(s.drawn())
	}
	return all
}

// drawn is the range from where the mark began to the cursor, whole cells.
func (s *Slots) drawn() keyslot.Range {
	a, b := s.layout.Around(keyslot.Slot(s.anchor)), s.layout.Around(s.slot)
	return keyslot.Range{First: min(a.First, b.First), Last: max(a.Last, b.Last)}
}

// Typing reports whether the field for a slot or key is open.
func (s *Slots) Typing() bool { return s.going != nil }

// Paste puts text into the field; without one it is a slot or key to go to.
func (s *Slots) Paste(text string, sc *Scene) tea.Cmd {
	if s.going == nil {
		openGoing(s)
	}
	s.going.paste(text)
	return nil
}

// slotTag is a hash tag that lands in a slot, remembered: the search takes a
// tenth of a millisecond.
type slotTag struct {
	slot keyslot.Slot
	text string
}

func (s *Slots) tagOf(slot keyslot.Slot) string {
	if s.tag.text == "" || s.tag.slot != slot {
		tags, err := keyslot.FindTag(keyslot.SetOf(keyslot.Range{First: slot, Last: slot}), keyslot.TagSearch{})
		s.tag = slotTag{slot, strings.Join(tags, "")}
		if err != nil {
			s.tag.text = ""
		}
	}
	return "{" + s.tag.text + "}"
}
