package run_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
)

// killsAt are the commands at which a change is killed: a few, or with
// SLOTDECK_KILLS=all (make kill-matrix) every one up to the last.
func killsAt(last int32, few ...int32) []int32 {
	if os.Getenv("SLOTDECK_KILLS") != "all" {
		return few
	}
	var all []int32
	for at := int32(1); at <= last; at++ {
		all = append(all, at)
	}
	return all
}

// arena is three primaries, a replica, and an empty server.
type arena struct {
	*testing.T
	crew *run.MemberCrew
	node map[string]*lab.Node
	main []string // the addresses of the primaries
	one  string   // the replica's
	free string   // the empty server's
}

func newArena(t *testing.T, version string) *arena {
	t.Helper()
	crew, nodes, addrs := memberSpares(t, lab.Config{Binary: labtest.Only(t, version).Path, NodeTimeout: 500 * time.Millisecond}, 5)
	a := &arena{T: t, crew: crew, node: map[string]*lab.Node{}, main: addrs[:3], one: addrs[3], free: addrs[4]}
	for i, n := range nodes {
		a.node[addrs[i]] = n
	}
	again(t, crew, plan.MemberWish{Kind: plan.MemberCreate, Servers: a.main}, nil)
	a.refill()
	return a
}

// refill lets the server at one be the replica.
func (a *arena) refill() {
	a.Helper()
	again(a.T, a.crew, plan.MemberWish{Kind: plan.MemberAdd, Servers: []string{a.one}, Replica: true}, a.main)
	isOne(a.T, a.crew, a.members(), 1)
}

func (a *arena) members() []string { return append(append([]string(nil), a.main...), a.one) }

func (a *arena) id(addr string) cluster.NodeID {
	return cluster.NodeID(fmt.Sprint(a.node[addr].Do(a.Context(), "CLUSTER", "MYID").Val()))
}

// dies ends a server; it returns once the others hold it for failed.
func (a *arena) dies(addr string) {
	a.Helper()
	id := a.id(addr)
	if err := a.node[addr].Kill(); err != nil {
		a.Fatal(err)
	}
	labtest.Until(a.T, time.Minute, "all hold it for failed", func() bool {
		for _, other := range a.main {
			for _, line := range strings.Split(fmt.Sprint(a.node[other].Do(a.Context(), "CLUSTER", "NODES").Val()), "\n") {
				if strings.HasPrefix(line, string(id)) && !strings.Contains(line, "fail ") {
					return false
				}
			}
		}
		return true
	})
}

// reborn starts a server that died as one that knows nothing, under another id.
func (a *arena) reborn(addr string) {
	a.Helper()
	if err := os.Remove(filepath.Join(a.node[addr].Dir, "nodes.conf")); err != nil {
		a.Fatal(err)
	}
	if err := a.node[addr].Restart(a.Context()); err != nil {
		a.Fatal(err)
	}
}

// done makes sure that nobody lists a node any more.
func (a *arena) done(gone cluster.NodeID, members []string, replicas int) {
	a.Helper()
	if _, listed := isOne(a.T, a.crew, members, replicas).Node(gone); listed {
		a.Errorf("%s is listed still", gone)
	}
}

func TestRemovingOrReplacingTheDeadIsFinishedWhereverItWasKilled(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			a := newArena(t, version)
			// Three FORGETs.
			for _, at := range killsAt(3, 2) {
				gone := a.id(a.one)
				a.dies(a.one)
				wish := plan.MemberWish{Kind: plan.MemberRemove, Node: gone}
				killed(t, errand{Wish: wish, Seeds: a.main, Kill: at})
				again(t, a.crew, wish, a.main)
				a.done(gone, a.main, 0)
				a.reborn(a.one)
				a.refill()
			}
			// Three meetings, a replica, four FORGETs.
			for _, at := range killsAt(8, 3, 4, 6) {
				gone := a.id(a.one)
				a.dies(a.one)
				wish := plan.MemberWish{Kind: plan.MemberReplace, Node: gone, Servers: []string{a.free}}
				if !killed(t, errand{Wish: wish, Seeds: a.main, Kill: at}) {
					t.Fatalf("replacing sends fewer than %d commands", at)
				}
				again(t, a.crew, wish, a.main)
				a.reborn(a.one)
				a.one, a.free = a.free, a.one
				a.done(gone, a.members(), 1)
			}
		})
	}
}

func TestForgettingResettingAndAddingWithFunctionsIsFinishedWhereverItWasKilled(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			a := newArena(t, version)
			// Three FORGETs of a node that lives. It is stopped afterwards: it would
			// come back to Valkey after the ban.
			for _, at := range killsAt(3, 2) {
				gone := a.id(a.one)
				wish := plan.MemberWish{Kind: plan.MemberForgotten, Node: gone}
				if !killed(t, errand{Wish: wish, Seeds: a.main, Kill: at}) {
					t.Fatalf("forgetting sends fewer than %d commands", at)
				}
				again(t, a.crew, wish, a.main)
				if err := a.node[a.one].Kill(); err != nil {
					t.Fatal(err)
				}
				again(t, a.crew, plan.MemberWish{Kind: plan.MemberRemove, Node: gone}, a.main) // had it come back meanwhile
				a.done(gone, a.main, 0)
				a.reborn(a.one)
				a.refill()
			}
			const code = "#!lua name=mylib\nredis.register_function('hello', function() return 'hi' end)"
			for _, addr := range a.main {
				if err := a.node[addr].Do(t.Context(), "FUNCTION", "LOAD", code).Err(); err != nil {
					t.Fatal(err)
				}
			}
			// The functions, then four meetings.
			for _, at := range killsAt(5, 1, 3) {
				wish := plan.MemberWish{Kind: plan.MemberAdd, Servers: []string{a.free}}
				if !killed(t, errand{Wish: wish, Seeds: a.main, Kill: at}) {
					t.Fatalf("adding sends fewer than %d commands", at)
				}
				again(t, a.crew, wish, a.main)
				isOne(t, a.crew, append(a.members(), a.free), 1)
				if text := fmt.Sprint(a.node[a.free].Do(t.Context(), "FUNCTION", "LIST").Val()); !strings.Contains(text, "mylib") {
					t.Errorf("killed at %d, it has the functions %s", at, text)
				}
				gone := a.id(a.free)
				again(t, a.crew, plan.MemberWish{Kind: plan.MemberRemove, Node: gone, Hard: true}, a.main)
				if err := a.node[a.free].Kill(); err != nil {
					t.Fatal(err)
				}
				a.reborn(a.free)
			}
			// Four RESETs; the same servers are a cluster again before each.
			for _, at := range killsAt(4, 1, 2) {
				wish := plan.MemberWish{Kind: plan.MemberReset, Servers: a.members(), Hard: true}
				if !killed(t, errand{Wish: wish, Seeds: nil, Kill: at}) {
					t.Fatalf("resetting sends fewer than %d commands", at)
				}
				again(t, a.crew, wish, nil)
				for _, addr := range a.members() {
					if s := a.crew.LookAt(t.Context(), addr)[0]; s.Err != nil || len(s.View.Members) != 1 || len(s.View.Members[0].Slots) > 0 {
						t.Errorf("killed at %d, %s is not alone and empty: %v", at, addr, s.Err)
					}
				}
				again(t, a.crew, plan.MemberWish{Kind: plan.MemberCreate, Servers: a.main}, nil)
				a.refill()
			}
		})
	}
}
