package views

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"slotdeck/keyslot"
	"slotdeck/ui"
)

var slotActions = ui.Actions[*Slots]{
	{Keys: []string{"]"}, Label: "layer", Help: "What the map shows: owners, keys, moves, what the nodes disagree about.", Do: func(s *Slots) tea.Cmd { return s.turn(1) }},
	{Keys: []string{"[", "shift+tab"}, Label: "layer", Help: "The layer before this one.", Do: func(s *Slots) tea.Cmd { return s.turn(-1) }, Hidden: true},
	{Keys: []string{"z", "enter"}, Label: "zoom", Now: labelWhen("whole map", func(s *Slots) bool { return s.zoom }), Help: "One slot a cell around the cursor, or the whole map.", Do: do(func(s *Slots) { s.zoom = !s.zoom })},
	{Keys: []string{"n"}, Label: "next", Help: "The next slot in trouble or open; when all is well, where the next range begins.", Do: func(s *Slots) tea.Cmd { return s.seek(1) }},
	{Keys: []string{"N"}, Label: "previous", Help: "The one before.", Do: func(s *Slots) tea.Cmd { return s.seek(-1) }, Hidden: true},
	{Keys: []string{"s"}, Label: "go to", Help: "Go to a slot by its number, or to the slot of a key.", Do: do(openGoing)},
	{Keys: []string{"v"}, Label: "mark", Now: labelWhen("end mark", func(s *Slots) bool { return s.anchor >= 0 }), Help: "Mark slots from here to where the cursor goes; v again ends it. y copies the ranges, esc clears them.", Do: do((*Slots).mark)},
	{Keys: []string{"o"}, Label: "keys", Help: "List the keys of the slot.", Do: func(s *Slots) tea.Cmd { return wantKeys("slot="+strconv.Itoa(int(s.slot)), "") }, Hidden: true},
	{Keys: []string{"V"}, Label: "mark range", Help: "Mark all slots around this one that have the same owner.", Do: do((*Slots).markRange), Hidden: true},
}

// Hints are the actions as they stand now.
func (s *Slots) Hints(*Scene) []ui.Hint {
	return append(slotActions.Hints(s), s.verbs.actions.Hints(s)...)
}

// Key moves the cursor or does what the table says.
func (s *Slots) Key(k tea.KeyPressMsg, sc *Scene) (tea.Cmd, bool) {
	if sc.Snap == nil || sc.Snap.Owner == nil {
		return nil, false
	}
	s.look(sc)
	s.layout = s.arrange(sc).map_ // keys may come faster than pictures
	if s.going != nil {
		return s.goingKey(k, sc)
	}
	key := k.String()
	if to, ok := s.step(key); ok {
		return s.Jump(to, sc), true
	}
	if cmd, known := s.verbs.run(key, s, sc); known {
		return cmd, true
	}
	cmd, known, _ := slotActions.Run(key, s)
	return cmd, known
}

// step is where a movement key leads.
func (s *Slots) step(key string) (keyslot.Slot, bool) {
	l := s.layout
	half := max(1, l.Lines/2)
	if l.Half {
		half *= 2
	}
	switch key {
	case "h", "left":
		return l.Move(s.slot, -1, 0), true
	case "l", "right":
		return l.Move(s.slot, 1, 0), true
	case "k", "up":
		return l.Move(s.slot, 0, -1), true
	case "j", "down":
		return l.Move(s.slot, 0, 1), true
	case "ctrl+d":
		return l.Move(s.slot, 0, half), true
	case "ctrl+u":
		return l.Move(s.slot, 0, -half), true
	case "pgdown":
		return l.Move(s.slot, 0, 2*half), true
	case "pgup":
		return l.Move(s.slot, 0, -2*half), true
	case "g", "home":
		return 0, true
	case "G", "end":
		return keyslot.Count - 1, true
	}
	return 0, false
}

func (s *Slots) turn(by int) tea.Cmd {
	s.layer = slotLayer((int(s.layer) + by + int(slotLayers)) % int(slotLayers))
	s.ask.stopCounting()
	what, heats := s.layer.measureOf()
	if !heats {
		return nil
	}
	s.ask.measure(what)
	s.ask.seen = true
	return func() tea.Msg { return slotsCount{} }
}

// slotsCount asks for a round of counting at once; the screen answers it
// itself, because an action sees no scene.
type slotsCount struct{}

// seek goes to the next trouble, or border between two ranges when all is well.
func (s *Slots) seek(by int) tea.Cmd {
	if s.m == nil {
		return nil
	}
	stops := s.m.stops()
	if len(stops) == 0 {
		return nil
	}
	to := stops[0]
	if by > 0 {
		for _, stop := range stops {
			if stop > s.slot {
				to = stop
				break
			}
		}
	} else {
		to = stops[len(stops)-1]
		for i := len(stops) - 1; i >= 0; i-- {
			if stops[i] < s.slot {
				to = stops[i]
				break
			}
		}
	}
	return s.Jump(to, nil)
}

// stops are the slots where n halts, in rising order.
func (m *slotMap) stops() []keyslot.Slot {
	var out []keyslot.Slot
	for _, r := range m.runs {
		out = append(out, r.First)
	}
	if len(out) > 0 {
		return out
	}
	for slot := range m.grid.Owner {
		if slot == 0 || m.grid.Owner[slot] != m.grid.Owner[slot-1] {
			out = append(out, keyslot.Slot(slot))
		}
	}
	return out
}

func (s *Slots) mark() {
	if s.anchor < 0 {
		s.anchor = int(s.slot)
		return
	}
	s.marked.AddRange(s.drawn())
	s.anchor = -1
}

func (s *Slots) markRange() {
	if s.m == nil {
		return
	}
	owner := s.m.grid.Owner
	first, last := int(s.slot), int(s.slot)
	for first > 0 && owner[first-1] == owner[s.slot] {
		first--
	}
	for last < keyslot.Count-1 && owner[last+1] == owner[s.slot] {
		last++
	}
	s.marked.AddRange(keyslot.Range{First: keyslot.Slot(first), Last: keyslot.Slot(last)})
	s.anchor = -1
}

func openGoing(s *Slots) {
	field := newLineInput("slot or key: ")
	s.going, s.said = &field, ""
}

func (s *Slots) goingKey(k tea.KeyPressMsg, sc *Scene) (tea.Cmd, bool) {
	switch k.String() {
	case "enter":
		text := s.going.text()
		if text == "" {
			s.going = nil
			return nil, true
		}
		slot, err := slotTyped(text)
		if err != "" {
			s.said = err
			return nil, true
		}
		s.going, s.said = nil, ""
		return s.Jump(slot, sc), true
	case "esc":
		s.going, s.said = nil, ""
		return nil, true
	}
	s.going.key(k)
	s.said = ""
	return nil, true
}

// slotTyped is the slot that was meant: digits are its number, anything else
// is a key.
func slotTyped(text string) (keyslot.Slot, string) {
	if strings.Trim(text, "0123456789") != "" {
		return keyslot.Of(text), ""
	}
	n, err := strconv.Atoi(text)
	if err != nil || n >= keyslot.Count {
		return 0, "the last slot is " + strconv.Itoa(keyslot.Count-1)
	}
	return keyslot.Slot(n), ""
}
