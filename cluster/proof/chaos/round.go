package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/proof"
	"slotdeck/cluster/proof/mover"
	"slotdeck/keyslot"
)

// round is one move that is disturbed, and what came of it.
type round struct {
	*arena
	seed    uint64
	dice    *rand.Rand
	story   *story
	trouble trouble
	order   order
	still   bool // nothing is moved

	from, to *lab.Node // primaries at the start
	third    *lab.Node
	roles    roles

	heir      *succession // nil when nobody is succeeded, or it does not matter
	rollbacks []span      // recoveries that rolled back

	mover   *child
	others  []*child // further slotdecks, ended by the round
	tally   proof.Tally
	verdict proof.Verdict
	changes proof.Changes
	unseen  int // untouched keys that the target's successor did not have
}

func newRound(a *arena, seed uint64, list []trouble) *round {
	d := dice(seed)
	return &round{arena: a, seed: seed, dice: d, story: newStory(), trouble: list[d.IntN(len(list))]}
}

// play plays the round; the error is why it failed.
func (r *round) play(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 8*time.Minute)
	defer cancel()
	if err := r.prepare(ctx); err != nil {
		return err
	}
	config := proof.LoadConfig{Rate: 1200, Slots: r.order.Slots, Wait: 1, Seed: r.seed}
	config.Excuse = r.excuse
	if s := r.succession(); s != nil && r.trouble.successor && r.order.Driver == plan.Legacy {
		r.heir = s
		watching, cancel := context.WithCancel(ctx)
		var watch sync.WaitGroup
		watch.Go(func() { s.observe(watching) })
		defer watch.Wait()
		defer cancel()
	}
	load, err := r.judge.StartLoad(ctx, config)
	if err != nil {
		return err
	}
	defer func() { r.tally = load.Stop() }()
	if err := r.disturb(ctx); err != nil {
		return err
	}
	if err := r.settle(ctx); err != nil {
		return err
	}
	r.tally = load.Stop()
	return r.inspect(ctx, load)
}

// prepare chooses who moves what to whom, and how.
func (r *round) prepare(ctx context.Context) (err error) {
	brief, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	if a := r.judge.AwaitAgreement(brief); !a.OK() {
		return fmt.Errorf("the cluster was not at rest before the round: %v", a)
	}
	if err := r.AwaitSettled(brief); err != nil {
		return fmt.Errorf("the replicas were not in their places before the round: %w", err)
	}
	if r.roles, err = r.arena.roles(ctx); err != nil {
		return err
	}
	if len(r.roles.primaries) != 3 || len(r.roles.replica) != 3 {
		return fmt.Errorf("there are %d primaries and %d with replicas, instead of 3", len(r.roles.primaries), len(r.roles.replica))
	}
	if r.trouble.votes && r.Server.Flavor == "redis" {
		// Redis counts the votes of an earlier election once more. What is lost
		// by that is not lost by moving slots.
		r.pause(ctx, staleVotes)
	}
	order := r.dice.Perm(3)
	// The source needs planted keys to give.
	slices.SortFunc(order, func(x, y int) int {
		return r.planted(r.roles.primaries[y]).Len()/30 - r.planted(r.roles.primaries[x]).Len()/30
	})
	r.from = r.roles.primaries[order[0]]
	r.to, r.third = r.roles.primaries[order[1]], r.roles.primaries[order[2]]
	if r.dice.IntN(2) == 0 {
		r.to, r.third = r.third, r.to
	}
	r.order = r.throw()
	r.story.add("%v: %v moves %v from %s to %s, durable %v, at most %d keys/s, recovery by rolling back %v; replicas %s and %s",
		r.Server, r.order.Driver, r.order.Slots, r.from.Addr, r.to.Addr, r.order.Durable, r.order.KeysPerSecond, r.order.RollBack,
		r.roles.replica[r.from].Addr, r.roles.replica[r.to].Addr)
	return nil
}

// planted is the slots of a primary in which keys were planted.
func (r *round) planted(n *lab.Node) keyslot.Set { return r.hot.Intersect(r.roles.owned[n]) }

// throw throws the dice for the move.
func (r *round) throw() order {
	list := slices.Collect(r.planted(r.from).All())
	r.dice.Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
	o := order{To: r.to.ID, Driver: plan.Legacy, State: r.state(), RollBack: r.dice.IntN(2) == 0}
	for _, slot := range list[:min(len(list), 20+r.dice.IntN(80))] {
		o.Slots.Add(slot)
	}
	o.Still = r.still
	if driver := mover.AtomicOf(r.Server); driver != plan.Auto && r.dice.IntN(2) == 0 {
		o.Driver = driver
	} else {
		o.KeysPerSecond = []int{0, 800, 1500, 3000}[r.dice.IntN(4)]
	}
	// Where a primary's keys can only be had from its replica afterwards, the
	// operator chooses the mode that waits for it.
	o.Durable = r.trouble.successor || r.trouble.votes || r.dice.IntN(3) == 0
	for _, n := range r.Nodes() {
		o.Seeds = append(o.Seeds, n.Addr)
	}
	return o
}

// state is a fresh folder: recovery is to need nothing but the cluster.
func (r *round) state() string {
	return fmt.Sprintf("%s/%d-%d", r.folder, r.seed, time.Now().UnixNano())
}

// disturb starts the move, waits for the instant, breaks something, mends it,
// and waits for slotdeck to end.
func (r *round) disturb(ctx context.Context) (err error) {
	if r.mover, err = engage(r.order, "slotdeck", r.story); err != nil {
		return err
	}
	defer r.dismiss()
	share, jitter := r.dice.Float64(), time.Duration(r.dice.IntN(120))*time.Millisecond
	r.awaitInstant(ctx, int64(share*float64(r.order.Slots.Len())), jitter)
	r.story.add("TROUBLE %s, at slot %d, slotdeck over: %v", r.trouble.name, r.mover.now().Slots, r.mover.over())
	if err := r.trouble.run(ctx, r); err != nil {
		return fmt.Errorf("the trouble could not be made: %w", err)
	}
	r.story.add("healing")
	if err := r.heal(ctx); err != nil {
		return fmt.Errorf("the nodes could not be brought back: %w", err)
	}
	for _, c := range append([]*child{r.mover}, r.others...) {
		if err := c.await(ctx, 3*time.Minute); err != nil {
			return err
		}
	}
	return nil
}

func (r *round) dismiss() {
	for _, c := range append([]*child{r.mover}, r.others...) {
		c.dismiss()
	}
}

// awaitInstant waits until so many slots were moved and some more time went by,
// or slotdeck has ended.
func (r *round) awaitInstant(ctx context.Context, slots int64, jitter time.Duration) {
	for limit := time.Now().Add(20 * time.Second); time.Now().Before(limit); {
		now := r.mover.now()
		if now.State == "moving" && now.Slots >= slots || r.mover.over() {
			break
		}
		if !r.pause(ctx, 2*time.Millisecond) {
			return
		}
	}
	r.pause(ctx, jitter)
}

// pause lets time pass; it reports false when the round is to end.
func (r *round) pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// settle lets slotdeck recover, again and again, until the cluster is at rest and
// slotdeck finds nothing more. One that ended well has nothing to look for.
func (r *round) settle(ctx context.Context) error {
	limit := time.Now().Add(3 * time.Minute)
	whole := r.still || !slices.ContainsFunc(append([]*child{r.mover}, r.others...), func(c *child) bool { return !c.now().OK })
	for tries := 0; ; tries++ {
		brief, cancel := context.WithTimeout(ctx, 2500*time.Millisecond)
		a := r.judge.AwaitAgreement(brief)
		cancel()
		if a.OK() && whole {
			r.story.add("settled after %d recoveries", tries)
			return nil
		}
		r.story.add("to be looked at: %v", a)
		if ctx.Err() != nil || time.Now().After(limit) {
			return fmt.Errorf("not settled after %d recoveries: %v", tries, a)
		}
		o := r.order
		o.Recover, o.State = true, r.state()
		began := time.Now()
		c, err := engage(o, "recovery", r.story)
		if err != nil {
			return err
		}
		err = c.await(ctx, 2*time.Minute)
		whole = c.now().OK
		c.dismiss()
		if o.RollBack {
			r.rollbacks = append(r.rollbacks, span{began, time.Now()})
		}
		if err != nil {
			return fmt.Errorf("recovery: %w", err)
		}
	}
}

// inspect is the judgement.
func (r *round) inspect(ctx context.Context, load *proof.Load) (err error) {
	if r.heir != nil {
		r.heir.learn()
		r.story.add("%v", r.heir)
	}
	if r.verdict, err = load.Check(ctx); err != nil {
		return err
	}
	after, err := r.judge.Digest(ctx, proof.PlantPrefix)
	if err != nil {
		return err
	}
	r.changes = r.before.Compare(after)
	r.story.add("%v", r.tally)
	r.story.add("%v", r.verdict)
	for _, text := range r.verdict.Excused {
		r.story.add("%s", text)
	}
	r.story.add("untouched: %v", r.changes)
	var faults []error
	if !r.verdict.OK() {
		faults = append(faults, errors.New(r.verdict.String()))
	}
	switch {
	case r.changes.OK():
	case r.heir != nil && len(r.changes.Changed)+len(r.changes.Added) == 0 && r.changes.Slots.Minus(r.heir.unseen()).Empty():
		r.unseen, r.changes.Missing = len(r.changes.Missing), nil
		r.arena.before = after
	default:
		faults = append(faults, fmt.Errorf("untouched keys: %v", r.changes))
	}
	for _, n := range r.Nodes() {
		if tail := n.LogTail(60); crashed(tail) {
			faults = append(faults, fmt.Errorf("node %s crashed:\n%s", n.Addr, tail))
		}
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	return load.Clear(ctx)
}

// excuse tells why a loss is none of slotdeck's; empty when it may be.
func (r *round) excuse(l proof.Loss) string {
	if r.heir != nil {
		if why := r.heir.excuse(l); why != "" {
			return why
		}
	}
	return rolledBack(r.rollbacks, l)
}

// excused tells what was lost in ways that no mover can help, by reason; empty
// when that is nothing.
func (r *round) excused() (text string) {
	reasons := map[string]int{}
	for _, loss := range r.verdict.Excused {
		reasons[loss[strings.LastIndex(loss, ": ")+2:]]++
	}
	for _, why := range slices.Sorted(maps.Keys(reasons)) {
		text += fmt.Sprintf("; %d lost: %s", reasons[why], why)
	}
	if r.unseen > 0 {
		text += fmt.Sprintf("; %d untouched keys that the target's successor did not have", r.unseen)
	}
	return text
}
