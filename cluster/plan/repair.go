package plan

import (
	"fmt"
	"strings"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// RepairWish is what the operator has said about a repair. What is not said is
// not decided: it is listed and left.
type RepairWish struct {
	Owners      string   // "SLOTS=NODE …", by blanks; "balance" takes what is proposed for slots without keys
	Unreachable bool     // slots of primaries that are gone for good are given away
	Claimants   bool     // slots that several primaries claim go to the one that epochs and keys point to
	Strays      StrayWay // of slots that somebody serves
	Replace     bool     // where an open slot has a key twice, the owner's value stays and the other is saved
	Probe       bool     // what Redis 8.4 and newer hides may be looked at (SETSLOT IMPORTING for a moment)
}

// Balance is the word for owners as proposed.
const Balance = "balance"

// Evidence is what was read for a repair, besides the picture.
type Evidence struct {
	// Keys are counts of slots that are not served for certain, on every node
	// that answers, replicas too. A count that the node may have kept for itself
	// is missing.
	Keys KeyCounts
	// Twice are those of them in which a key lies on several primaries, or may.
	Twice keyslot.Set
	// Hidden is how many keys a node has by its own total and shows in no slot.
	Hidden map[cluster.NodeID]int64
	// Strays are keys of primaries in slots that another one serves.
	Strays map[cluster.NodeID]Stray
	// Inside is how the primaries speak to each other, as far as they tell.
	Inside map[cluster.NodeID]Inside
	// LastKeys are totals of nodes that do not answer any more, where known.
	LastKeys map[cluster.NodeID]int64
}

// repair works out what to do about a damaged cluster.
type repair struct {
	p     *picture
	wish  RepairWish
	seen  Evidence
	terms tenures
	said  map[keyslot.Slot]cluster.NodeID // owners as the operator chose them

	cover  map[cluster.NodeID]*keyslot.Set // what a primary is given
	drops  map[cluster.NodeID]*keyslot.Set // what a claimant gives up
	raise  map[cluster.NodeID]bool         // whose epoch has to be above all others
	meets  []Command
	homes  []Move // keys that go to the owner of their slot, from where they lie
	clears []Move // keys that are removed from where they lie, once those that the owner lacks are saved
	relays []Move // slots that the first owner moves to the second at once
	backs  []Move // and those that come back to the first, once the second has what was not there
	open   []SlotWay
	opened []Command // what settling open slots sends
	took   keyslot.Set

	does    []string // what is done, a sentence each
	left    []string // what is not, and what has to be said
	removes []string // what may be lost, a sentence each
	risk    Risk
	findings
}

// SlotWay is an open slot and the way in which it is settled.
type SlotWay struct {
	Slot keyslot.Slot `json:"slot"`
	Way  Way          `json:"way"`
}

// PlanRepair plans the repair of slots: those that nobody serves, those that
// several claim, nodes that do not agree, keys that lie where they should not,
// and open slots, in this order. The error is a *Refusal; its text says what has
// to be said when nothing can be done without.
func PlanRepair(s *cluster.Snapshot, w RepairWish, seen Evidence) (MemberPlan, error) {
	p, err := look(s)
	if err != nil {
		return MemberPlan{}, err
	}
	r := &repair{p: p, wish: w, seen: seen, cover: map[cluster.NodeID]*keyslot.Set{}, drops: map[cluster.NodeID]*keyslot.Set{}, raise: map[cluster.NodeID]bool{}}
	if r.said, err = p.owners(w.Owners); err != nil {
		return MemberPlan{}, err
	}
	r.terms = p.tenures()
	r.claimants()
	r.unserved()
	r.lost()
	r.dissent()
	r.strays()
	r.openSlots()
	r.unusedWords()
	r.p.silent(&r.findings, "what is on it cannot be looked at")
	if err := r.err(); err != nil {
		return MemberPlan{}, err
	}
	steps := r.steps()
	if len(steps) == 0 {
		return MemberPlan{}, r.nothing()
	}
	out := MemberPlan{Kind: MemberRepair, Title: "repair: " + strings.Join(r.does, "; "), Picture: r.beforeAndAfter(), Steps: steps,
		Checks: r.checks, Risk: r.risk, Why: strings.Join(r.removes, "; "), Left: r.left}
	if out.Risk == Lossy {
		out.Type = "repair"
	}
	if out.Why == "" {
		out.Why = "no key is deleted or overwritten without a copy in a file"
	}
	return out, nil
}

// owners reads what the operator said about owners.
func (p *picture) owners(text string) (map[keyslot.Slot]cluster.NodeID, error) {
	out := map[keyslot.Slot]cluster.NodeID{}
	for _, word := range strings.Fields(text) {
		if word == Balance {
			continue
		}
		slots, name, ok := strings.Cut(word, "=")
		set, err := keyslot.ParseSet(slots)
		if !ok || err != nil || set.Empty() {
			return nil, &Refusal{Reason: BadRequest, Text: fmt.Sprintf("%s does not name owners; say SLOTS=NODE, such as 0-99,204=10.0.0.11:7001", quote(word))}
		}
		id, err := FindNode(p.snap, name)
		if err != nil {
			return nil, err
		}
		if _, err := p.primaryOf(id, "the owner"); err != nil {
			return nil, err
		}
		if p.nodes[id].Health != cluster.Answering {
			return nil, &Refusal{Reason: NodeDown, Nodes: []cluster.NodeID{id}, Text: p.name(id) + " does not answer, so that it cannot be given slots; name another owner"}
		}
		for slot := range set.All() {
			if was, twice := out[slot]; twice && was != id {
				return nil, &Refusal{Reason: BadRequest, Text: fmt.Sprintf("slot %d is given to two owners; name one", slot)}
			}
			out[slot] = id
		}
	}
	return out, nil
}

// unusedWords tells of owners that were named for slots that have one: a repair
// takes no slot from a node that serves it. It may be the same command once more.
func (r *repair) unusedWords() {
	var idle keyslot.Set
	for slot := range r.said {
		if owner, served := r.terms.server(slot); served && owner != r.said[slot] {
			idle.Add(slot)
		}
	}
	if !idle.Empty() {
		r.warn(fmt.Sprintf("an owner was named for %s (%s) that another node serves: a repair moves nothing; to move slots say reshard", count(idle.Len(), "slot"), someSlots(idle)))
	}
}

// nothing is the refusal when there is no step to take.
func (r *repair) nothing() error {
	if len(r.left) == 0 {
		return &Refusal{Reason: NothingToMove, Checks: r.checks, Text: "there is nothing to repair: every slot is served, all nodes agree, no slot is open, and no key lies where it should not"}
	}
	return &Refusal{Reason: Uncovered, Checks: r.checks, Text: "nothing can be repaired without a word from you: " + strings.Join(r.left, "; ")}
}

// give notes that a primary is given slots.
func (r *repair) give(id cluster.NodeID, slots keyslot.Set) {
	if r.cover[id] == nil {
		r.cover[id] = new(keyslot.Set)
	}
	*r.cover[id] = r.cover[id].Union(slots)
	r.took = r.took.Union(slots)
}

// bring notes that keys of slots go from a node to another.
func (r *repair) bring(from, to cluster.NodeID, slots keyslot.Set, keys int64) {
	if slots.Empty() || from == to {
		return
	}
	r.homes = append(r.homes, Move{From: from, To: to, Ranges: slots.Ranges(), Keys: Amount{N: keys, How: Reported}})
}

func (r *repair) risks(risk Risk, why string) {
	r.risk = max(r.risk, risk)
	r.removes = append(r.removes, why)
}
