package watch

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

const (
	// strayRest is how many checkups pass until a node's slots are looked through
	// for strays again.
	strayRest = 10
	// strayRun is how many slots are counted in one round trip. The command only
	// looks a number up; a thousand of them take a server about half a
	// millisecond, and others are served in between.
	strayRun = 1024
)

// checkup is a question for what changes slowly.
type checkup struct {
	without map[string]bool // parts that were refused once
	flavor  string          // of the server, as far as it is known
}

// part is one command of a checkup, and where its answer goes.
type part struct {
	name string
	only string // the one flavor of servers that knows it; empty: all
	cmd  []any
	take func(n *wire.Node, a wire.Answer, into *cluster.Checkup) error
}

// parts are read by their answers alone; none of them takes a server longer than
// a millisecond.
func parts() []part {
	return []part{
		{"settings", "", []any{"CONFIG", "GET", "*"}, func(n *wire.Node, a wire.Answer, into *cluster.Checkup) error {
			got := settingsOf(n, a)
			for name, value := range got.value {
				if cluster.SecretSetting(name) {
					got.value[name] = cluster.Hidden(value)
				}
			}
			into.Settings = got.value
			return got.err
		}},
		{"commands", "", []any{"INFO", "commandstats"}, func(n *wire.Node, a wire.Answer, into *cluster.Checkup) error {
			got := read(n, "INFO commandstats", a, cluster.ParseInfo)
			if got.err == nil {
				into.Commands = cluster.CommandUses(got.value)
			}
			return got.err
		}},
		{"latency", "", []any{"LATENCY", "LATEST"}, func(_ *wire.Node, a wire.Answer, into *cluster.Checkup) (err error) {
			into.Latency, err = parsed(a, cluster.ParseLatencyLatest)
			return err
		}},
		{"slowlog", "", []any{"SLOWLOG", "GET", 1}, func(_ *wire.Node, a wire.Answer, into *cluster.Checkup) error {
			total, err := parsed(a, cluster.ParseSlowLogged)
			if err == nil {
				into.SlowLogged = total
			}
			return err
		}},
		{"user", "", []any{"ACL", "GETUSER", "default"}, func(_ *wire.Node, a wire.Answer, into *cluster.Checkup) (err error) {
			into.Default, err = parsed(a, cluster.ParseDefaultUser)
			return err
		}},
		{"sizes", "redis", []any{"INFO", "keysizes"}, func(n *wire.Node, a wire.Answer, into *cluster.Checkup) error {
			if a.Value == "" { // Redis 7 has no such section
				return a.Err
			}
			got := read(n, "INFO keysizes", a, cluster.ParseInfo)
			if got.err == nil {
				into.Sizes = cluster.KeySizes(got.value)
			}
			return got.err
		}},
		{"requests", "valkey", []any{"COMMANDLOG", "GET", 1, "large-request"}, large(false)},
		{"replies", "valkey", []any{"COMMANDLOG", "GET", 1, "large-reply"}, large(true)},
	}
}

// large takes the newest entry of a log of large requests or replies.
func large(replies bool) func(*wire.Node, wire.Answer, *cluster.Checkup) error {
	return func(_ *wire.Node, a wire.Answer, into *cluster.Checkup) error {
		c, err := parsed(a, func(reply any) (*cluster.LargeCall, error) { return cluster.ParseLargeCall(reply, replies) })
		if err == nil && into.Large == nil {
			into.Large = []cluster.LargeCall{}
		}
		if c != nil {
			into.Large = append(into.Large, *c)
		}
		return err
	}
}

func parsed[T any](a wire.Answer, parse func(any) (T, error)) (T, error) {
	if a.Err != nil {
		var none T
		return none, a.Err
	}
	return parse(a.Value)
}

// refusedPart is a part of a checkup that the user may not have, or that the
// server does not know: it is not asked for again.
type refusedPart struct {
	name string
	error
}

// ask asks for all parts but those that were refused before. A part that fails
// leaves the others as they are.
func (c *checkup) ask(ctx context.Context, n *wire.Node, a *answer) {
	if c == nil {
		return
	}
	var due []part
	var cmds [][]any
	for _, p := range parts() {
		if !c.without[p.name] && (p.only == "" || p.only == c.flavor) {
			due, cmds = append(due, p), append(cmds, p.cmd)
		}
	}
	got := &cluster.Checkup{SlowLogged: -1}
	var trouble []error
	if len(due) > 0 {
		for i, reply := range n.Pipeline(ctx, cmds...) {
			err := due[i].take(n, reply, got)
			if kind := wire.KindOf(err); err != nil && (kind == wire.NoPermission || kind == wire.Reply) {
				err = refusedPart{due[i].name, err}
			}
			if err != nil {
				trouble = append(trouble, err)
			}
		}
	}
	a.checkup = outcome[*cluster.Checkup]{got, errors.Join(trouble...)}
}

// askStrays counts the keys of slots, a run of them at a time, until one fails.
// The first goes alone: a user who may not is told so once.
func askStrays(ctx context.Context, n *wire.Node, slots []keyslot.Slot, a *answer) {
	for at := 0; at < len(slots); {
		run := slots[at:min(at+strayRun, len(slots))]
		if at == 0 {
			run = run[:1]
		}
		at += len(run)
		cmds := make([][]any, len(run))
		for i, slot := range run {
			cmds[i] = []any{"CLUSTER", "COUNTKEYSINSLOT", int(slot)}
		}
		for i, reply := range n.Pipeline(ctx, cmds...) {
			keys, ok := reply.Value.(int64)
			switch {
			case reply.Err != nil:
				a.strays.err = reply.Err
				return
			case ok && keys > 0:
				a.strays.value = append(a.strays.value, cluster.SlotKeys{Slot: run[i], Keys: keys})
			}
		}
	}
}

// checkups is what the hub keeps of a node's checkups.
type checkups struct {
	checkedAt time.Time       // the newest was asked for
	refused   map[string]bool // parts that are not asked for again
	mark      *cluster.Sample // becomes Earlier when it is old enough

	straysLeft []keyslot.Slot // yet to be counted in this turn
	straysRest int            // checkups until the next turn
	straysOpen bool           // a turn is under way
	straysOff  bool           // it was refused
	straysSeen []cluster.SlotKeys
}

// forgive has all that was refused asked for once more.
func (p *peer) forgive() {
	p.refused, p.straysOff, p.straysRest, p.checkedAt, p.settingsAt = nil, false, 0, time.Time{}, time.Time{}
	if wire.KindOf(p.node.Info.Err) == wire.NoPermission {
		p.node.Info.Err = nil
	}
}

// checkUp adds to a question what is due of the checkup.
func (h *hub) checkUp(p *peer, q *question, now time.Time) {
	if h.config.Checkups <= 0 || !p.answering() {
		return
	}
	if now.Sub(p.checkedAt) >= h.config.Checkups {
		p.checkedAt = now
		q.checkup = &checkup{without: maps.Clone(p.refused), flavor: p.node.Stats.Flavor}
		if p.straysRest--; p.straysRest < 0 && !p.straysOff && !p.straysOpen {
			if slots, primary := p.uncertain(); primary {
				p.straysLeft, p.straysOpen, p.straysSeen, p.straysRest = slots, true, nil, strayRest
			}
		}
	}
	if !p.straysOpen {
		return
	}
	run := strayRun
	if h.config.Thorough {
		run = keyslot.Count
	}
	run = min(run, len(p.straysLeft))
	q.strays, p.straysLeft = p.straysLeft[:run:run], p.straysLeft[run:]
}

// uncertain are the slots that a primary does not own, by its own newest view, or
// that it is giving away: where strays may be, and what an open slot still holds.
func (p *peer) uncertain() (slots []keyslot.Slot, primary bool) {
	own, ok := p.node.View.Value.Member(p.node.ID)
	if !ok || !own.Flags.Has(cluster.Primary) {
		return nil, false
	}
	mine := keyslot.SetOf(own.Slots...)
	for _, open := range own.Open {
		mine.Remove(open.Slot)
	}
	out := make([]keyslot.Slot, 0, keyslot.Count-mine.Len())
	for slot := range keyslot.Slot(keyslot.Count) {
		if !mine.Has(slot) {
			out = append(out, slot)
		}
	}
	return out, true
}

// applyCheckup brings in what came of a checkup.
func (p *peer) applyCheckup(a *answer) {
	n := &p.node
	if a.question.checkup != nil && a.checkup.value != nil {
		n.Checkup = cluster.Reading[*cluster.Checkup]{Value: a.checkup.value, At: a.at, Err: a.checkup.err, Tried: a.at}
		if a.checkup.value.Settings != nil { // all of them: those asked for are among them
			n.Config, p.settingsAt = n.Config.Succeed(a.checkup.value.Settings, a.at), a.at
		}
		for _, err := range unjoin(a.checkup.err) {
			var r refusedPart
			if errors.As(err, &r) {
				if p.refused == nil {
					p.refused = map[string]bool{}
				}
				p.refused[r.name] = true
			}
		}
	}
	if len(a.question.strays) > 0 || p.straysOpen && len(p.straysLeft) == 0 {
		p.applyStrays(a)
	}
}

func (p *peer) applyStrays(a *answer) {
	n := &p.node
	switch {
	case a.health != cluster.Answering, a.strays.err != nil:
		n.Strays = n.Strays.Fail(errors.Join(a.err, a.strays.err), a.at)
		kind := wire.KindOf(a.strays.err)
		p.straysOpen, p.straysRest = false, 0
		p.straysOff = a.strays.err != nil && (kind == wire.NoPermission || kind == wire.Reply)
	default:
		p.straysSeen = append(p.straysSeen, a.strays.value...)
		if len(p.straysLeft) == 0 {
			n.Strays = n.Strays.Succeed(slices.Clip(p.straysSeen), a.at)
			p.straysOpen = false
		}
	}
}

func unjoin(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return nil
}

// remember keeps an answer for later comparison.
func (p *peer) remember(every time.Duration) {
	n := &p.node
	if every <= 0 || n.Info.Err != nil || !n.Info.Known() {
		return
	}
	if p.mark != nil {
		now, _ := n.Info.Value.Text("run_id")
		if then, _ := p.mark.Info.Text("run_id"); now != then {
			p.mark, n.Earlier = nil, nil
		}
	}
	if p.mark == nil || n.Info.At.Sub(p.mark.At) >= every {
		n.Earlier = p.mark
		p.mark = &cluster.Sample{At: n.Info.At, Info: n.Info.Value, Checkup: n.Checkup.Value}
	}
}
