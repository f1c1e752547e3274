package views

import (
	"fmt"
	"strings"
	"time"

	"slotdeck/cluster"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// slotFact is one line of the inspector.
type slotFact struct{ label, text string }

// below is what stands under the map: the inspector, in a few lines or in
// many, and the list of troubles where there is room.
func (s *Slots) below(sc *Scene, m *slotMap, r slotRoom, w int) []string {
	switch {
	case r.below <= 0:
		return nil
	case r.beside && r.below < 5:
		return ui.Fill(nil, r.below)
	case r.beside:
		out := append([]string{""}, troubleList(sc, s.paint, m, w, r.below-1)...)
		return ui.Fill(out, r.below)
	case r.below >= 7 && w >= 100:
		lw := min(72, w/2)
		out := []string{""}
		left := s.factLines(sc, m, lw, r.below-1, true)
		return ui.Fill(append(out, sc.Theme.Beside(left, troubleList(sc, s.paint, m, w-lw-2, r.below-1), lw, 2)...), r.below)
	}
	short := s.short(sc, m, w)
	if r.below > len(short) {
		short = append([]string{""}, short...)
	}
	return ui.Fill(short, r.below)
}

// inspector is the pane beside the map: always as many lines.
func (s *Slots) inspector(sc *Scene, m *slotMap, w int) []string {
	out := []string{sc.Theme.Heading(fmt.Sprintf(" slot %d", s.slot), "", w)}
	return ui.Fill(append(out, s.factLines(sc, m, w, slotPaneRows-1, false)...), slotPaneRows)
}

// factLines is the facts one below the other, labels at the left.
func (s *Slots) factLines(sc *Scene, m *slotMap, w, h int, number bool) []string {
	t := sc.Theme
	var out []string
	for _, f := range s.facts(sc, m, number) {
		lines := []string{f.text}
		if ui.Width(f.text) > w-12 && f.label == "state" {
			lines = ui.Wrap(f.text, w-12)
		}
		for i, text := range lines {
			label := f.label
			if i > 0 {
				label = ""
			}
			out = append(out, "  "+t.Dim.Text(fmt.Sprintf("%-9s", label))+" "+t.Cut(text, w-12))
		}
	}
	if len(out) > h {
		out = out[:h]
	}
	return out
}

// facts is what is known of the slot under the cursor, the most telling first.
func (s *Slots) facts(sc *Scene, m *slotMap, number bool) []slotFact {
	var out []slotFact
	if number {
		out = append(out, slotFact{"slot", fmt.Sprintf("%-7d", s.slot) + s.shared(sc)})
	}
	out = append(out,
		slotFact{"owner", s.owner(sc)},
		slotFact{"replicas", replicasOf(sc.Snap, s.slot)},
		slotFact{"state", s.stateWords(sc, m)},
		slotFact{"keys", s.keyCount(sc)},
		slotFact{"sample", s.sampleWords(sc)},
		slotFact{"tag", sc.Theme.Left(s.tagOf(s.slot), 8) + sc.Theme.Dim.Text("keys with this tag land here")},
	)
	if !number {
		if shared := s.shared(sc); shared != "" {
			out = append(out, slotFact{"cell", "one " + shared})
		}
	}
	if marked := s.marks(); !marked.Empty() {
		out = append(out, slotFact{"marked", fmt.Sprintf("%d slots: %s", marked.Len(), strings.ReplaceAll(marked.String(), ",", " "))})
	}
	return out
}

// short is the inspector in two lines, everything at its fixed place.
func (s *Slots) short(sc *Scene, m *slotMap, w int) []string {
	t := sc.Theme
	book := newAddressBook(sc.Snap, false)
	one := t.Dim.Text(" slot ") + t.Strong.Text(fmt.Sprintf("%5d", s.slot)) + "  " +
		t.Left(s.owner(sc), 3+book.width(9, 28)) + "  " + s.stateWords(sc, m)
	if replicas := replicasOf(sc.Snap, s.slot); replicas != "" {
		right := t.Dim.Text("replica ") + replicas + " "
		if ui.Width(one)+2+ui.Width(right) <= w {
			one = t.Apart(one, right, w)
		}
	}
	two := t.Dim.Text(" keys ") + t.Left(s.keyCount(sc), 15) + t.Dim.Text(" tag ") + t.Left(s.tagOf(s.slot), 8) + " "
	right := ""
	if marked := s.marks(); !marked.Empty() {
		right = t.Dim.Text("marked ") + fmt.Sprintf("%5d ", marked.Len())
	}
	two += t.Cut(s.sampleWords(sc), max(0, w-ui.Width(two)-ui.Width(right)-1))
	return []string{one, t.Apart(two, right, w)}
}

// shared says which slots share the cursor's cell.
func (s *Slots) shared(sc *Scene) string {
	around := s.layout.Around(s.slot)
	if around.Len() == 1 {
		return ""
	}
	return fmt.Sprintf("of %d: %s", around.Len(), around)
}

func (s *Slots) owner(sc *Scene) string {
	sh, ok := sc.Snap.ShardOf(s.slot)
	if !ok {
		return sc.Theme.Bad.Text("nobody")
	}
	name := "no primary"
	if sh.Primary != "" {
		name = newAddressBook(sc.Snap, false).name(sh.Primary)
	}
	return sc.Theme.Shard(sh.Hue).Text.Text(fmt.Sprintf("%-2s", sh.Letter)) + " " + name
}

func replicasOf(s *cluster.Snapshot, slot keyslot.Slot) string {
	sh, ok := s.ShardOf(slot)
	if !ok {
		return ""
	}
	if len(sh.Replicas) == 0 {
		return "none"
	}
	book := newAddressBook(s, false)
	var out []string
	for _, id := range sh.Replicas {
		out = append(out, book.name(id))
	}
	return strings.Join(out, "  ")
}

// stateWords is all that is wrong with the slot, or open, the worst first.
func (s *Slots) stateWords(sc *Scene, m *slotMap) string {
	t, snap := sc.Theme, sc.Snap
	var out []string
	say := func(p ui.Paint, glyph, text string) { out = append(out, p.Text(glyph+" "+text)) }
	owner := int(snap.Owner[s.slot])
	if owner < 0 || owner >= len(m.ailing) {
		say(t.Bad, t.Glyph.Unassigned, "nobody owns it: its keys cannot be used")
	} else if ill := m.ailing[owner]; ill != nil {
		p, glyph := t.Warn, t.Glyph.Suspect
		if ailment(ill.Cause) == ui.SlotFailing {
			p, glyph = t.Bad, t.Glyph.Failing
		}
		say(p, glyph, causeWords(snap.Shards[owner].Letter, ill.Cause)+", "+sc.Age(ill.Since))
	}
	if d, ok := disputeOf(snap, s.slot); ok {
		say(t.Warn, "?", claimWords(snap, d))
	}
	if f, ok := flightOf(sc, s.slot); ok {
		say(t.Warn, t.Glyph.Out, flightWords(sc, f))
	} else if mv, ok := moveOf(snap, s.slot); ok {
		glyph, word := t.Glyph.Out, "migrating "
		if mv.From == "" {
			glyph, word = t.Glyph.In, "importing "
		}
		say(t.Warn, glyph, word+moveWords(snap, mv))
	}
	if f, ok := m.foundOf(s.slot); ok && m.state[s.slot] == ui.SlotFound {
		p, glyph := severityPaint(t, f.Severity)
		say(p, glyph, ui.Clean(f.Text)+" (7)")
	}
	if len(out) == 0 {
		return t.Good.Text(t.Glyph.OK + " served")
	}
	return strings.Join(out, "  ")
}

// keyCount is how many keys the slot has, and how old that is once it is old.
func (s *Slots) keyCount(sc *Scene) string {
	t, a := sc.Theme, &s.ask
	count, at := int64(-1), a.sampled
	if a.sample.count >= 0 {
		count = a.sample.count
	}
	if a.sampled.IsZero() && a.what == SlotKeys {
		count, at = a.counts[s.slot], a.counted
	}
	if at.IsZero() || count < 0 {
		return t.Left(t.Glyph.None, 5)
	}
	text := t.Left(t.Count(count), 5)
	if sc.Now.Sub(at) > 3*askAgain {
		return t.Dim.Text(text + " " + ago(sc, at))
	}
	return text
}

// ago is how long ago something was read, in at most nine cells. What came with
// this picture is new.
func ago(sc *Scene, at time.Time) string {
	if sc.Now.Sub(at) < time.Second {
		return "now"
	}
	return sc.Age(at) + " ago"
}

// sampleWords is the names of some keys, or why there are none.
func (s *Slots) sampleWords(sc *Scene) string {
	t, a := sc.Theme, &s.ask
	switch {
	case a.sampled.IsZero():
		return "" // the answer is on its way: a sign for it would flicker on every step
	case a.sample.err != nil:
		return t.Warn.Text(ui.Clean(a.sample.err.Error()))
	case a.sample.count == 0:
		return t.Dim.Text("no keys")
	}
	var names []string
	for _, k := range a.sample.keys {
		names = append(names, t.Cut(ui.Clean(k), 40))
	}
	return strings.Join(names, "  ")
}
