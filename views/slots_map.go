package views

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// slotLayer is what the map shows of the slots.
type slotLayer uint8

const (
	ownerLayer slotLayer = iota
	keysLayer
	movesLayer
	viewsLayer
	memoryLayer
	cpuLayer
	trafficLayer
	slotLayers
)

var slotLayerNames = [slotLayers]string{"owner", "keys", "moves", "views", "memory", "cpu", "traffic"}

// slotMap is what a scene says of the slots, worked out once and kept until
// the scene says something else.
type slotMap struct {
	of     slotMapKey
	grid   ui.SlotGrid
	state  [keyslot.Count]ui.SlotState
	heat   [keyslot.Count]int8
	ailing []*doctor.ShardTrouble // by shard; nil: nothing wrong
	badge  []doctor.Severity      // by shard: the worst that was found there; Note: nothing to look into
	found  []doctor.Finding       // those above a note that name slots
	runs   []slotRun              // what is wrong or open, by slot
	open   int                    // slots open for a move
	torn   int                    // slots in dispute
}

type slotMapKey struct {
	snap   *cluster.Snapshot
	filter string
	issues bool
	layer  slotLayer
	told   int // findings: one that is muted goes without a new picture
}

func slotMapKeyOf(sc *Scene, layer slotLayer) slotMapKey {
	return slotMapKey{sc.Snap, sc.Filter.String(), sc.Issues, layer, len(sc.Findings)}
}

// slotRun is a run of slots with the same trouble.
type slotRun struct {
	keyslot.Range
	state ui.SlotState
	text  string
}

// readSlots makes the map of a scene.
func readSlots(sc *Scene, layer slotLayer) *slotMap {
	m := &slotMap{of: slotMapKeyOf(sc, layer)}
	s := sc.Snap
	m.grid = ui.SlotGrid{Owner: s.Owner, State: &m.state, Cursor: -1}
	m.ailing = make([]*doctor.ShardTrouble, len(s.Shards))
	for i := range sc.Verdict.Affected {
		for j := range s.Shards {
			if s.Shards[j].Letter == sc.Verdict.Affected[i].Shard {
				m.ailing[j] = &sc.Verdict.Affected[i]
			}
		}
	}
	for i := range s.Shards {
		m.grid.Owners = append(m.grid.Owners, ui.SlotOwner{
			Hue: s.Shards[i].Hue, Sign: ui.SlotSign(s.Shards[i].Letter),
			Faded: layer == movesLayer || layer == viewsLayer || m.aside(sc, i),
		})
	}
	m.readFindings(sc)
	m.readStates(s)
	m.collect(s)
	return m
}

// aside reports whether a shard is beside what the operator wants to see.
func (m *slotMap) aside(sc *Scene, shard int) bool {
	if sc.Issues && m.ailing[shard] == nil {
		return true
	}
	return sc.Filter.Active() && !sc.Filter.Keeps(shardText(sc.Snap, &sc.Snap.Shards[shard]))
}

// shardText is what a filter looks at: the letter and the addresses.
func shardText(s *cluster.Snapshot, sh *cluster.Shard) string {
	book := newAddressBook(s, false)
	text := []string{sh.Letter, book.name(sh.Primary)}
	for _, id := range sh.Replicas {
		text = append(text, book.name(id))
	}
	return strings.Join(text, " ")
}

// readFindings notes what was found of shards and slots, but for notes.
func (m *slotMap) readFindings(sc *Scene) {
	m.badge = make([]doctor.Severity, len(sc.Snap.Shards))
	for _, f := range sc.Findings {
		if f.Severity == doctor.Note {
			continue
		}
		for i := range sc.Snap.Shards {
			if sc.Snap.Shards[i].Letter == f.Shard {
				m.badge[i] = max(m.badge[i], f.Severity)
			}
		}
		if len(f.Slots) > 0 {
			m.found = append(m.found, f)
		}
	}
}

// foundOf is the worst finding about a slot.
func (m *slotMap) foundOf(slot keyslot.Slot) (doctor.Finding, bool) {
	for _, f := range m.found {
		if slices.ContainsFunc(f.Slots, func(r keyslot.Range) bool { return r.Has(slot) }) {
			return f, true
		}
	}
	return doctor.Finding{}, false
}

func (m *slotMap) readStates(s *cluster.Snapshot) {
	for _, f := range m.found {
		for _, r := range f.Slots {
			for slot := int(r.First); slot <= int(r.Last); slot++ {
				m.state[slot] = ui.SlotFound
			}
		}
	}
	for slot, owner := range s.Owner {
		switch {
		case owner < 0 || int(owner) >= len(s.Shards):
			m.state[slot] = ui.SlotUnassigned
		case m.ailing[owner] != nil:
			m.state[slot] = max(m.state[slot], ailment(m.ailing[owner].Cause))
		}
	}
	last := -1
	for _, mv := range s.Moves {
		if int(mv.Slot) != last {
			m.open++
			last = int(mv.Slot)
		}
		state := ui.SlotMigrating
		if mv.From == "" {
			state = ui.SlotImporting
		}
		m.state[mv.Slot] = max(m.state[mv.Slot], state)
	}
	for _, d := range s.Disputes {
		m.torn += d.Range.Len()
		for slot := int(d.Range.First); slot <= int(d.Range.Last); slot++ {
			m.state[slot] = max(m.state[slot], ui.SlotDisputed)
		}
	}
}

// ailment is how the slots of a shard in trouble look. A primary that only
// keeps the console out is not the slots' trouble.
func ailment(c doctor.Cause) ui.SlotState {
	switch c {
	case doctor.NoPrimary, doctor.Failed:
		return ui.SlotFailing
	case doctor.LockedOut:
		return ui.SlotServed
	}
	return ui.SlotSuspect
}

// collect makes runs of neighbours with the same trouble.
func (m *slotMap) collect(s *cluster.Snapshot) {
	for slot := 0; slot < keyslot.Count; {
		end := slot + 1
		if m.state[slot] == ui.SlotServed {
			for end < keyslot.Count && m.state[end] == ui.SlotServed {
				end++
			}
			slot = end
			continue
		}
		text, state := m.trouble(s, keyslot.Slot(slot)), m.state[slot]
		own := state == ui.SlotMigrating || state == ui.SlotImporting || state == ui.SlotDisputed || state == ui.SlotFound // words of each slot's own
		for end < keyslot.Count && m.state[end] == state && s.Owner[end] == s.Owner[slot] &&
			(!own || m.trouble(s, keyslot.Slot(end)) == text) {
			end++
		}
		m.runs = append(m.runs, slotRun{keyslot.Range{First: keyslot.Slot(slot), Last: keyslot.Slot(end - 1)}, m.state[slot], text})
		slot = end
	}
}

// trouble says in a few words what is wrong with a slot, or open; empty when
// nothing is. It names shards by letter.
func (m *slotMap) trouble(s *cluster.Snapshot, slot keyslot.Slot) string {
	switch m.state[slot] {
	case ui.SlotUnassigned:
		return "nobody owns it"
	case ui.SlotFailing, ui.SlotSuspect:
		owner := s.Owner[slot]
		return causeWords(s.Shards[owner].Letter, m.ailing[owner].Cause)
	case ui.SlotDisputed:
		d, _ := disputeOf(s, slot)
		return claimWords(s, d)
	case ui.SlotMigrating, ui.SlotImporting:
		mv, _ := moveOf(s, slot)
		return moveWords(s, mv)
	case ui.SlotFound:
		f, _ := m.foundOf(slot)
		return ui.Clean(f.Text)
	}
	return ""
}

func causeWords(letter string, c doctor.Cause) string {
	switch c {
	case doctor.NoPrimary:
		return letter + " has no primary"
	case doctor.Failed:
		return letter + " failed"
	case doctor.Suspected:
		return letter + " is suspected"
	case doctor.Silent:
		return letter + " does not answer"
	case doctor.Reading:
		return letter + " loads its data"
	case doctor.Cut:
		return letter + " is cut off from the others"
	case doctor.CutOff:
		return letter + " is without a majority"
	case doctor.Unseen:
		return letter + " does not answer us, the others vouch for it"
	}
	return letter + " is in trouble"
}

func claimWords(s *cluster.Snapshot, d cluster.Dispute) string {
	var says []string
	for _, c := range d.Says {
		says = append(says, fmt.Sprintf("%d say %s", len(c.By), letterOf(s, c.Owner)))
	}
	return strings.Join(says, ", ")
}

func moveWords(s *cluster.Snapshot, mv cluster.Move) string {
	from, to := letterOf(s, mv.From), letterOf(s, mv.To)
	switch {
	case mv.From == "":
		return "into " + to + ", half open"
	case mv.To == "":
		return "out of " + from + ", half open"
	}
	return from + " to " + to
}

// letterOf is the letter of the shard that a node belongs to.
func letterOf(s *cluster.Snapshot, id cluster.NodeID) string {
	if id == "" {
		return "nobody"
	}
	if n, ok := s.Node(id); ok && n.Shard >= 0 && n.Shard < len(s.Shards) {
		return s.Shards[n.Shard].Letter
	}
	return ui.Clean(id.Short())
}

func moveOf(s *cluster.Snapshot, slot keyslot.Slot) (cluster.Move, bool) {
	i := sort.Search(len(s.Moves), func(i int) bool { return s.Moves[i].Slot >= slot })
	if i < len(s.Moves) && s.Moves[i].Slot == slot {
		return s.Moves[i], true
	}
	return cluster.Move{}, false
}

func disputeOf(s *cluster.Snapshot, slot keyslot.Slot) (cluster.Dispute, bool) {
	for _, d := range s.Disputes {
		if d.Range.Has(slot) {
			return d, true
		}
	}
	return cluster.Dispute{}, false
}

// warm fills the heat of the layer of keys.
func (m *slotMap) warm(a *slotAsking) {
	for slot, n := range a.counts {
		m.heat[slot] = ui.HeatLevel(n, a.most)
	}
	m.grid.Heat = &m.heat
}
