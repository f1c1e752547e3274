package views

import (
	"fmt"
	"slices"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

// moveKind is what kind of move is wanted.
type moveKind uint8

const (
	moveCount moveKind = iota
	moveExactly
	moveRebalance
	moveDrain
)

// moveForm is a move as it is being put together: what was asked for, the plan
// that this comes to, and the page that shows it.
type moveForm struct {
	kind  moveKind
	snap  *cluster.Snapshot // the plan is made from this picture
	slots keyslot.Set       // of moveExactly

	from, receivers shardsField
	node, to        shardField
	count           numberField
	by              choiceField
	threshold       numberField
	empty           choiceField
	weights         weightsField

	driver, durable, bigKeys choiceField
	block, throttle          numberField

	fields []moveField
	at     int

	read bool // facts are here, or the reason why not
	moveFacts
	plan    plan.Plan
	refused error
	choice  plan.Choice
	noWay   error // why no driver will do

	p *Proposal
}

// moveFacts is what was read for a form.
type moveFacts struct {
	facts    MoveFacts
	factsErr error
	surveyOf string // what the survey at hand was made for
	asking   string // what one is being made for
}

// newMoveForm fills a form in with what is most likely wanted. about is the
// primary that the operator pointed at; it may be empty.
func newMoveForm(kind moveKind, s *cluster.Snapshot, about cluster.NodeID, slots keyslot.Set) *moveForm {
	f := &moveForm{kind: kind, snap: s, slots: slots}
	all := shardChoices(s)
	about = primaryOf(s, about)
	f.from = shardsField{label: "from", all: "all others", shards: all}
	f.receivers = shardsField{label: "to", all: "all others", shards: all}
	f.to = shardField{label: "to", shards: all}
	f.node = shardField{label: "primary", shards: all}
	f.count = numberField{label: "slots", least: 1, most: keyslot.Count, rounds: []int{1, 10, 50, 100, 200, 500, 1000, 2000, 5000}}
	f.by = choiceField{label: "by", words: []string{plan.Slots.String(), plan.Keys.String(), plan.Memory.String(), plan.Traffic.String()}}
	f.threshold = numberField{label: "threshold", unit: " %", value: 2, most: 99, none: "any imbalance", rounds: []int{0, 1, 2, 5, 10, 20}}
	f.empty = choiceField{label: "empty primaries", words: []string{"leave out", "use"}}
	f.weights = weightsField{shards: all}
	f.driver = choiceField{label: "driver", words: []string{"auto", "migrate", "atomic"}}
	f.durable = choiceField{label: "wait for replicas", words: []string{"no", "yes"}}
	f.bigKeys = choiceField{label: "big keys", words: bigKeyPolicies[:]}
	f.block = numberField{label: "block at most", unit: " ms", value: 10, least: 1, most: 10_000, rounds: []int{1, 2, 5, 10, 20, 50, 100, 500, 1000}}
	f.throttle = numberField{label: "throttle", unit: " keys/s", none: "none", most: 10_000_000, rounds: throttles}
	f.start(about)
	f.arrange()
	f.rework()
	return f
}

// throttles are the steps of < and >, 0 being none.
var throttles = []int{0, 100, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000}

// start puts the values in that depend on whom the operator pointed at.
func (f *moveForm) start(about cluster.NodeID) {
	least := f.lightest(about)
	at := func(id cluster.NodeID) int {
		return max(0, slices.IndexFunc(f.to.shards, func(c shardChoice) bool { return c.id == id }))
	}
	f.node.at, f.to.at = at(about), at(least)
	for _, c := range f.to.shards {
		if c.slots == 0 {
			f.empty.at = 1 // the usual wish once a primary was added
		}
	}
	switch {
	case f.kind != moveCount || about == "":
	case f.slotsOf(about) == 0:
		f.to.at = at(about)
	default:
		f.from.on = []cluster.NodeID{about}
		f.from.at = at(about)
	}
	f.count.value = f.likelyCount(about)
}

// likelyCount is how many slots make source and target alike, or else 100.
func (f *moveForm) likelyCount(about cluster.NodeID) int {
	owners, to := 0, f.slotsOf(f.to.id())
	for _, c := range f.to.shards {
		if c.slots > 0 || c.id == f.to.id() {
			owners++
		}
	}
	n := 0
	if len(f.from.on) > 0 {
		n = (f.slotsOf(about) - to) / 2
	} else if owners > 0 {
		n = keyslot.Count/owners - to
	}
	if n < 1 {
		n = 100
	}
	return n
}

// lightest is the primary with the fewest slots besides the given one.
func (f *moveForm) lightest(but cluster.NodeID) (id cluster.NodeID) {
	least := keyslot.Count + 1
	for _, c := range f.to.shards {
		outside := f.kind != moveExactly || !f.ownsAll(c.id)
		if c.id != but && outside && c.slots < least {
			id, least = c.id, c.slots
		}
	}
	return id
}

// ownsAll reports whether a primary has all marked slots already.
func (f *moveForm) ownsAll(id cluster.NodeID) bool {
	for slot := range f.slots.All() {
		if sh, ok := f.snap.ShardOf(slot); !ok || sh.Primary != id {
			return false
		}
	}
	return true
}

// aim chooses the target.
func (f *moveForm) aim(to cluster.NodeID) {
	for i, c := range f.to.shards {
		if c.id == to {
			f.to.at = i
			f.rework()
		}
	}
}

// evenOut chooses what a rebalance evens out.
func (f *moveForm) evenOut(by plan.Objective) {
	if f.by.at != int(by) {
		f.by.at = int(by)
		f.rework()
	}
}

func (f *moveForm) slotsOf(id cluster.NodeID) int {
	for _, c := range f.to.shards {
		if c.id == id {
			return c.slots
		}
	}
	return 0
}

// arrange lists the parameters that the kind of move has.
func (f *moveForm) arrange() {
	switch f.kind {
	case moveCount:
		f.fields = []moveField{&f.count, &f.from, &f.to}
	case moveExactly:
		f.fields = []moveField{&f.to}
	case moveRebalance:
		f.fields = []moveField{&f.by, &f.threshold, &f.empty, &f.weights}
	case moveDrain:
		f.fields = []moveField{&f.node, &f.receivers}
	}
	f.fields = append(f.fields, &f.driver, &f.block, &f.throttle, &f.bigKeys, &f.durable)
}

// request is what the fields ask for.
func (f *moveForm) request() plan.Request {
	switch f.kind {
	case moveExactly:
		return plan.MoveExactly{Slots: f.slots, To: f.to.id()}
	case moveRebalance:
		r := plan.Rebalance{Weights: f.weights.weights, UseEmpty: f.empty.at == 1, By: plan.Objective(f.by.at), Threshold: float64(f.threshold.value)}
		if f.threshold.value == 0 {
			r.Threshold = plan.AnyImbalance
		}
		return r
	case moveDrain:
		return plan.Drain{Node: f.node.id(), To: f.receivers.on}
	}
	return plan.MoveCount{From: f.from.on, To: f.to.id(), Slots: f.count.value}
}

// rework makes the plan of what is asked for now.
func (f *moveForm) rework() {
	if w := f.facts.Weights; w != nil {
		w.Move = f.bigKeys.at == int(MoveBigKeys) || f.bigKeys.at == int(RaiseTimeout)
	}
	f.plan, f.refused = plan.Make(f.request(), f.snap, f.facts.Facts)
	f.choice, f.noWay = plan.Choice{}, nil
	if f.refused != nil || !f.read {
		return
	}
	f.choice, f.noWay = plan.Choose(f.plan, f.facts.Abilities, f.wantedDriver())
	rate, known := f.facts.Rates[f.choice.Driver]
	if f.noWay != nil || !known {
		return
	}
	if n := float64(f.throttle.value); n > 0 && !f.choice.Driver.Atomic() {
		rate.Low.Keys, rate.High.Keys = min(rate.Low.Keys, n), min(rate.High.Keys, n)
	}
	facts := f.facts.Facts
	facts.Rate = rate
	if p, err := plan.Make(f.request(), f.snap, facts); err == nil {
		f.plan = p
	}
}

// wantedDriver is the driver that the field means: there are two atomic ones,
// and no cluster has both.
func (f *moveForm) wantedDriver() plan.Driver {
	switch f.driver.at {
	case 1:
		return plan.Legacy
	case 2:
		for _, a := range f.facts.Abilities {
			if a.AtomicRedis {
				return plan.AtomicRedis
			}
		}
		return plan.AtomicValkey
	}
	return plan.Auto
}

// options are the plan's options as the fields have them.
func (f *moveForm) options() MoveOptions {
	return MoveOptions{
		Driver: f.wantedDriver(), MaxBlock: time.Duration(f.block.value) * time.Millisecond, Throttle: f.throttle.value,
		Durable: f.durable.at == 1, BigKeys: BigKeyPolicy(f.bigKeys.at), Questions: true,
	}
}

// toSurvey tells one set of moves, and way to carry them out, from another.
func (f *moveForm) toSurvey() string {
	if f.refused != nil || f.noWay != nil {
		return ""
	}
	text := f.choice.Driver.String()
	if !f.choice.Driver.Atomic() {
		text += fmt.Sprint(" ", f.block.value, " ")
	}
	for _, m := range f.plan.Moves {
		set := m.Set()
		text += string(m.From) + ">" + string(m.To) + ":" + set.String() + ";"
	}
	return text
}

func shardChoices(s *cluster.Snapshot) []shardChoice {
	var out []shardChoice
	book := newAddressBook(s, true)
	for i := range s.Shards {
		sh := &s.Shards[i]
		if sh.Primary != "" {
			out = append(out, shardChoice{sh.Primary, sh.Letter, sh.Hue, book.name(sh.Primary), sh.SlotLen})
		}
	}
	return out
}

// primaryOf is the node itself, or whom it follows.
func primaryOf(s *cluster.Snapshot, id cluster.NodeID) cluster.NodeID {
	n, ok := s.Node(id)
	if !ok || n.Shard < 0 || n.Shard >= len(s.Shards) {
		return ""
	}
	return s.Shards[n.Shard].Primary
}
