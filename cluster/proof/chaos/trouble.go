package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/proof/mover"
	"slotdeck/keyslot"
)

// trouble is something that goes wrong. What it freezes, kills or cuts off is
// brought back by the round.
type trouble struct {
	name string
	// successor tells that a replica takes the place of the source or target.
	successor bool
	// votes tells that a replica holds an election without being asked to wait.
	votes bool
	run   func(context.Context, *round) error
}

// staleVotes is how long the servers remember votes: twice the node timeout, and
// twice that again to be sure.
const staleVotes = 4*nodeTimeout + time.Second

// troubles are all there are.
func troubles() []trouble {
	side := func(pick func(*round) *lab.Node, do func(context.Context, *round, *lab.Node) error) func(context.Context, *round) error {
		return func(ctx context.Context, r *round) error { return do(ctx, r, pick(r)) }
	}
	source := func(r *round) *lab.Node { return r.from }
	target := func(r *round) *lab.Node { return r.to }
	sourceReplica := func(r *round) *lab.Node { return r.roles.replica[r.from] }
	targetReplica := func(r *round) *lab.Node { return r.roles.replica[r.to] }
	third := func(r *round) *lab.Node { return r.third }
	return []trouble{
		{name: "slotdeck-killed", run: killSlotdeck},
		{name: "slotdeck-terminated", run: terminateSlotdeck},
		{name: "slotdeck-frozen-while-another-recovers", run: freezeSlotdeck},
		{name: "source-killed-and-restarted", run: side(source, restart)},
		{name: "target-killed-and-restarted", run: side(target, restart)},
		{name: "source-killed-and-succeeded", successor: true, run: side(source, kill)},
		{name: "target-killed-and-succeeded", successor: true, run: side(target, kill)},
		{name: "source-frozen-briefly", run: side(source, freezeBriefly)},
		{name: "target-frozen-briefly", run: side(target, freezeBriefly)},
		{name: "source-frozen-and-succeeded", successor: true, run: side(source, freeze)},
		{name: "target-frozen-and-succeeded", successor: true, run: side(target, freeze)},
		{name: "source-partitioned", successor: true, run: side(source, partition)},
		{name: "target-partitioned", successor: true, run: side(target, partition)},
		{name: "source-failed-over", successor: true, run: side(sourceReplica, failOver("CLUSTER", "FAILOVER"))},
		{name: "target-failed-over", successor: true, run: side(targetReplica, failOver("CLUSTER", "FAILOVER"))},
		{name: "source-taken-over", successor: true, votes: true, run: side(sourceReplica, failOver("CLUSTER", "FAILOVER", "FORCE"))},
		{name: "target-taken-over", successor: true, votes: true, run: side(targetReplica, failOver("CLUSTER", "FAILOVER", "FORCE"))},
		{name: "source-replica-frozen", run: side(sourceReplica, freezeReplica)},
		{name: "target-replica-frozen", run: side(targetReplica, freezeReplica)},
		{name: "bystander-killed-and-succeeded", successor: true, run: side(third, kill)},
		{name: "slotdeck-and-source-killed", successor: true, run: both(killSlotdeck, side(source, kill))},
		{name: "slotdeck-and-target-killed", successor: true, run: both(killSlotdeck, side(target, kill))},
		{name: "slotdeck-killed-source-restarted", run: both(killSlotdeck, side(source, restart))},
		{name: "slotdeck-killed-target-restarted", run: both(killSlotdeck, side(target, restart))},
		{name: "slotdeck-killed-source-failed-over", successor: true, run: both(killSlotdeck, side(sourceReplica, failOver("CLUSTER", "FAILOVER")))},
		{name: "slotdeck-killed-target-failed-over", successor: true, run: both(killSlotdeck, side(targetReplica, failOver("CLUSTER", "FAILOVER")))},
		{name: "second-slotdeck", run: secondSlotdeck},
		{name: "server-tool-from-the-source", run: serverTool(true)},
		{name: "server-tool-to-the-source", run: serverTool(false)},
	}
}

func both(first, second func(context.Context, *round) error) func(context.Context, *round) error {
	return func(ctx context.Context, r *round) error {
		if err := first(ctx, r); err != nil {
			return err
		}
		r.pause(ctx, time.Duration(r.dice.IntN(50))*time.Millisecond)
		return second(ctx, r)
	}
}

func killSlotdeck(_ context.Context, r *round) error {
	r.mover.signal(syscall.SIGKILL)
	<-r.mover.done
	return nil
}

// terminateSlotdeck asks it to leave: it has 3 s to do so, and leaves nothing
// open.
func terminateSlotdeck(ctx context.Context, r *round) error {
	list := []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT}
	sig := list[r.dice.IntN(len(list))]
	began := time.Now()
	r.mover.signal(sig)
	if err := r.mover.await(ctx, 10*time.Second); err != nil {
		return err
	}
	r.story.add("slotdeck left %v after %v", time.Since(began), sig)
	if took := time.Since(began); took > 3*time.Second {
		return fmt.Errorf("slotdeck took %v to leave after %v", took, sig)
	}
	for _, n := range r.Nodes() {
		text, err := n.Do(ctx, "CLUSTER", "NODES").Text()
		if err == nil && (strings.Contains(text, "->-") || strings.Contains(text, "-<-")) {
			return fmt.Errorf("slotdeck left after %v with slots open on %s:\n%s", sig, n.Addr, text)
		}
	}
	return nil
}

// freezeSlotdeck lets another slotdeck recover while the first stands still,
// and then the first goes on.
func freezeSlotdeck(ctx context.Context, r *round) error {
	r.mover.signal(syscall.SIGSTOP)
	defer r.mover.signal(syscall.SIGCONT)
	o := r.order
	o.Recover, o.State = true, r.state()
	other, err := engage(o, "recovery beside the frozen slotdeck", r.story)
	if err != nil {
		return err
	}
	r.others = append(r.others, other)
	select {
	case <-other.done:
	case <-time.After(time.Duration(r.dice.IntN(6000)) * time.Millisecond):
	case <-ctx.Done():
	}
	return nil
}

func restart(ctx context.Context, r *round, n *lab.Node) error {
	if err := n.Kill(); err != nil {
		return err
	}
	r.pause(ctx, time.Duration(r.dice.IntN(300))*time.Millisecond)
	return n.Restart(ctx)
}

func kill(ctx context.Context, r *round, n *lab.Node) error {
	if err := n.Kill(); err != nil {
		return err
	}
	return r.awaitSuccessor(ctx, n)
}

func freeze(ctx context.Context, r *round, n *lab.Node) error {
	if err := n.Freeze(); err != nil {
		return err
	}
	return r.awaitSuccessor(ctx, n)
}

// freezeBriefly is up to one and a half node timeouts, so that sometimes a
// replica takes over and mostly not.
func freezeBriefly(ctx context.Context, r *round, n *lab.Node) error {
	if err := n.Freeze(); err != nil {
		return err
	}
	d := time.Duration(r.dice.Int64N(int64(nodeTimeout * 3 / 2)))
	r.story.add("frozen for %v", d)
	r.pause(ctx, d)
	return n.Thaw()
}

func freezeReplica(ctx context.Context, r *round, n *lab.Node) error {
	if err := n.Freeze(); err != nil {
		return err
	}
	r.pause(ctx, time.Duration(500+r.dice.IntN(4000))*time.Millisecond)
	return n.Thaw()
}

// partition takes a primary and its replica away together: its slots are down
// until both are back. The replica is told to hold no election: one that comes
// back with old data wins it now and then on Valkey 9, and what is lost by that
// (rounds with -still show it) no mover can help.
func partition(ctx context.Context, r *round, n *lab.Node) error {
	replica := r.roles.replica[n]
	elections := func(not string) error {
		return replica.Do(ctx, "CONFIG", "SET", "cluster-replica-no-failover", not).Err()
	}
	if err := errors.Join(elections("yes"), replica.Freeze(), n.Freeze()); err != nil {
		return err
	}
	d := nodeTimeout/2 + time.Duration(r.dice.Int64N(int64(nodeTimeout*3)))
	r.story.add("%s and %s are away for %v", n.Addr, replica.Addr, d)
	r.pause(ctx, d)
	first, second := n, replica
	if r.dice.IntN(2) == 0 {
		first, second = second, first
	}
	if err := first.Thaw(); err != nil {
		return err
	}
	r.pause(ctx, time.Duration(r.dice.IntN(300))*time.Millisecond)
	if err := second.Thaw(); err != nil {
		return err
	}
	for limit := time.Now().Add(time.Minute); ; {
		text, err := replica.Do(ctx, "CLUSTER", "NODES").Text()
		link, linkErr := replica.Do(ctx, "INFO", "replication").Text()
		if err == nil && linkErr == nil && !strings.Contains(strings.ReplaceAll(text, "nofailover", ""), "fail") && strings.Contains(link, "master_link_status:up") {
			break
		}
		if time.Now().After(limit) || !r.pause(ctx, 20*time.Millisecond) {
			return errors.Join(err, linkErr, fmt.Errorf("%s does not follow %s again", replica.Addr, n.Addr))
		}
	}
	return elections("no")
}

// awaitSuccessor waits until a replica has taken a node's place, and a random
// while longer.
func (r *round) awaitSuccessor(ctx context.Context, n *lab.Node) error {
	replica := r.roles.replica[n]
	for limit := time.Now().Add(time.Minute); ; {
		text, err := replica.Do(ctx, "ROLE").Slice()
		if err == nil && len(text) > 0 && text[0] == "master" {
			r.story.add("%s took the place of %s", replica.Addr, n.Addr)
			r.pause(ctx, time.Duration(r.dice.IntN(2000))*time.Millisecond)
			return nil
		}
		if time.Now().After(limit) {
			return errors.Join(err, fmt.Errorf("%s did not take the place of %s within a minute", replica.Addr, n.Addr))
		}
		if !r.pause(ctx, 20*time.Millisecond) {
			return ctx.Err()
		}
	}
}

// failOver orders a replica to take over. That it does not, because slots are
// moving, is no fault of the round's.
func failOver(cmd ...any) func(context.Context, *round, *lab.Node) error {
	return func(ctx context.Context, r *round, replica *lab.Node) error {
		if err := replica.Do(ctx, cmd...).Err(); err != nil {
			r.story.add("%s refuses to take over: %v", replica.Addr, err)
			return nil
		}
		began := time.Now()
		for time.Since(began) < 6*time.Second && r.pause(ctx, 20*time.Millisecond) {
			text, err := replica.Do(ctx, "ROLE").Slice()
			if err == nil && len(text) > 0 && text[0] == "master" {
				r.story.add("%s took over after %v", replica.Addr, time.Since(began))
				return nil
			}
		}
		r.story.add("%s did not take over", replica.Addr)
		return nil
	}
}

// secondSlotdeck moves some of the same slots somewhere else.
func secondSlotdeck(ctx context.Context, r *round) error {
	o := r.order
	o.To, o.State = r.third.ID, r.state()
	other, err := engage(o, "second slotdeck", r.story)
	if err != nil {
		return err
	}
	r.others = append(r.others, other)
	return other.await(ctx, 3*time.Minute)
}

// serverTool lets the server's own tool move slots meanwhile: the source's
// lowest to a third primary, or a third primary's lowest to the source. It is
// killed after a while, like the console of a person who gave up.
func serverTool(away bool) func(context.Context, *round) error {
	return func(ctx context.Context, r *round) error {
		task := mover.Task{Seed: r.from.Addr, From: r.from.ID, To: r.third.ID}
		if !away {
			task.From, task.To = r.third.ID, r.from.ID
		}
		task.Slots = keyslot.SetOf(keyslot.Range{First: 0, Last: keyslot.Slot(20 + r.dice.IntN(60))})
		ctx, cancel := context.WithTimeout(ctx, time.Duration(500+r.dice.IntN(8000))*time.Millisecond)
		defer cancel()
		err := r.tool.Reshard(ctx, task)
		r.story.add("the server's tool, moving %d slots from %s to %s: %v", task.Slots.Len(), task.From.Short(), task.To.Short(), err)
		return nil
	}
}

// crashed reports whether a server's log tells of a crash.
func crashed(log string) bool {
	return strings.Contains(log, "BUG REPORT START") || strings.Contains(log, "ASSERTION FAILED")
}
