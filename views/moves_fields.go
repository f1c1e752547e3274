package views

import (
	"math"
	"slices"
	"strconv"

	"slotdeck/cluster"
	"slotdeck/ui"
)

// moveField is one parameter of a plan on its page: it has a start value, and
// a few keys change it.
type moveField interface {
	name() string
	// text is the value, painted; chosen is whether the keys are with it.
	text(t *ui.Theme, chosen bool) string
	step(by int)
	toggle()
	digit(d int)
	erase()
}

// still is for fields that some keys mean nothing to.
type still struct{}

func (still) toggle()   {}
func (still) digit(int) {}
func (still) erase()    {}

// numberField is a whole number. Steps go through round values; digits replace
// it.
type numberField struct {
	still
	label      string
	value      int
	least      int
	most       int
	unit       string
	none       string // what the least is called; empty: it is like any number
	rounds     []int
	beingTyped bool
}

func (f *numberField) name() string { return f.label }

func (f *numberField) text(t *ui.Theme, chosen bool) string {
	text := strconv.Itoa(f.value) + f.unit
	if f.value == f.least && f.none != "" && !f.beingTyped {
		text = f.none
	}
	return chosenText(t, text, chosen)
}

func (f *numberField) step(by int) {
	f.beingTyped = false
	to := f.value + by
	if len(f.rounds) > 0 {
		to = f.value
		for _, r := range f.rounds {
			if by > 0 && r > f.value {
				to = r
				break
			}
			if by < 0 && r < f.value {
				to = r
			}
		}
	}
	f.value = min(max(f.least, to), f.most)
}

func (f *numberField) digit(d int) {
	if !f.beingTyped {
		f.value, f.beingTyped = 0, true
	}
	if next := f.value*10 + d; next <= f.most {
		f.value = next
	} else {
		f.value = f.most
	}
}

func (f *numberField) erase() { f.value, f.beingTyped = f.value/10, true }

// choiceField is one of several words.
type choiceField struct {
	still
	label string
	words []string
	at    int
}

func (f *choiceField) name() string { return f.label }

func (f *choiceField) text(t *ui.Theme, chosen bool) string {
	return chosenText(t, f.words[f.at], chosen)
}

func (f *choiceField) step(by int) { f.at = (f.at + by + len(f.words)) % len(f.words) }
func (f *choiceField) toggle()     { f.step(1) }

func chosenText(t *ui.Theme, text string, chosen bool) string {
	if chosen {
		return t.Accent.Text(text)
	}
	return text
}

// shardChoice is a primary that can be chosen.
type shardChoice struct {
	id     cluster.NodeID
	letter string
	hue    int
	addr   string
	slots  int
}

// shardField is one primary.
type shardField struct {
	still
	label  string
	shards []shardChoice
	at     int
}

func (f *shardField) name() string { return f.label }

func (f *shardField) text(t *ui.Theme, chosen bool) string {
	if len(f.shards) == 0 {
		return t.Dim.Text("nobody")
	}
	s := f.shards[f.at]
	return t.Shard(s.hue).Text.Text(s.letter) + " " + chosenText(t, s.addr, chosen)
}

func (f *shardField) step(by int) {
	if n := len(f.shards); n > 0 {
		f.at = (f.at + by + n) % n
	}
}

func (f *shardField) id() cluster.NodeID {
	if len(f.shards) == 0 {
		return ""
	}
	return f.shards[f.at].id
}

// shardsField is any number of primaries; none stands for all.
type shardsField struct {
	still
	label  string
	all    string // what none of them means
	shards []shardChoice
	on     []cluster.NodeID
	at     int
}

func (f *shardsField) name() string { return f.label }

func (f *shardsField) text(t *ui.Theme, chosen bool) string {
	if !chosen && len(f.on) == 0 {
		return f.all
	}
	if !chosen && len(f.on) == 1 {
		for _, s := range f.shards {
			if s.id == f.on[0] {
				return t.Shard(s.hue).Text.Text(s.letter) + " " + s.addr
			}
		}
	}
	out := ""
	for i, s := range f.shards {
		on := slices.Contains(f.on, s.id)
		if !on && !chosen {
			continue
		}
		letter := t.Dim.Text(s.letter)
		if on {
			letter = t.Shard(s.hue).Text.Text(s.letter)
		}
		if chosen {
			left, right := " ", " "
			if on {
				left, right = "[", "]"
			}
			if i == f.at {
				letter = t.Cursor.Text(s.letter)
			}
			letter = left + letter + right
		} else {
			letter += " "
		}
		out += letter
	}
	if len(f.on) == 0 {
		out += " " + t.Accent.Text(f.all)
	}
	return out
}

func (f *shardsField) step(by int) {
	if n := len(f.shards); n > 0 {
		f.at = (f.at + by + n) % n
	}
}

func (f *shardsField) toggle() {
	if len(f.shards) == 0 {
		return
	}
	id := f.shards[f.at].id
	if i := slices.Index(f.on, id); i >= 0 {
		f.on = slices.Delete(f.on, i, i+1)
		return
	}
	f.on = append(f.on, id)
}

// weightsField is the weights of a rebalance: the arrows choose a primary,
// digits and space change its weight.
type weightsField struct {
	shards  []shardChoice
	weights map[cluster.NodeID]float64 // those that are not 1
	at      int
}

func (f *weightsField) name() string { return "weights" }

func (f *weightsField) text(t *ui.Theme, chosen bool) string {
	if !chosen && len(f.weights) == 0 {
		return "all alike"
	}
	out := ""
	for i, s := range f.shards {
		letter := t.Shard(s.hue).Text.Text(s.letter)
		if chosen && i == f.at {
			letter = t.Cursor.Text(s.letter)
		}
		out += letter + "=" + strconv.FormatFloat(f.of(s.id), 'g', 4, 64) + " "
	}
	return out
}

func (f *weightsField) of(id cluster.NodeID) float64 {
	if w, given := f.weights[id]; given {
		return w
	}
	return 1
}

func (f *weightsField) step(by int) {
	if n := len(f.shards); n > 0 {
		f.at = (f.at + by + n) % n
	}
}

// toggle goes through the weights that are wanted most.
func (f *weightsField) toggle() {
	rounds := []float64{0, 0.5, 1, 2, 3}
	w := f.of(f.shards[f.at].id)
	for _, r := range rounds {
		if r > w {
			f.set(r)
			return
		}
	}
	f.set(0)
}

func (f *weightsField) digit(d int) { f.set(float64(d)) }

func (f *weightsField) erase() { f.set(1) }

func (f *weightsField) set(w float64) {
	if len(f.shards) == 0 || math.IsNaN(w) {
		return
	}
	if f.weights == nil {
		f.weights = map[cluster.NodeID]float64{}
	}
	id := f.shards[f.at].id
	if f.weights[id] = w; w == 1 {
		delete(f.weights, id)
	}
}
