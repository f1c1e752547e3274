package cli

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// hanging is whether the servers' own tool comes to an end.
type hanging int

const (
	itEnds hanging = iota
	itHangs
	itMayHang // it depends on the moment
)

// stuck is a case in which the servers' own tool hangs, or leaves the job half
// done and says nothing.
type stuck struct {
	name   string
	theirs string // what the servers' own tool does: tried by make compare-stuck
	hangs  hanging
	code   Exit
	says   []string // parts of what is told; of those with a bar between, one
	// meddle puts the nodes into the case and returns the command. All have six
	// members, three of them replicas, and three servers that are in no cluster.
	meddle func(t *testing.T, members, spare []*lab.Node) []string
}

// deaf makes a node one that no other reaches on the bus.
func deaf(t *testing.T, n *lab.Node) {
	t.Helper()
	asked(t, n, "CONFIG", "SET", "cluster-announce-bus-port", "1") // where nothing listens
}

// dead ends a node, and waits until another holds it for failed.
func dead(t *testing.T, n, by *lab.Node) {
	t.Helper()
	if err := n.Kill(); err != nil {
		t.Fatal(err)
	}
	labtest.Until(t, time.Minute, "it is held for failed", func() bool {
		m, _ := sees(t, by).Member(n.ID)
		return m.Flags.Has(cluster.Fail)
	})
}

// frozen makes a node one that accepts connections and says nothing, until the
// test ends.
func frozen(t *testing.T, n *lab.Node) {
	t.Helper()
	if err := n.Freeze(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Thaw() })
}

var stuckCases = []stuck{
	{"create, the bus port of a server is closed", "prints a dot a second, for ever", itHangs, No,
		[]string{"does not reach", "bus port 1", "the same command does the rest"},
		func(t *testing.T, _, spare []*lab.Node) []string {
			deaf(t, spare[0]) // it can reach the others itself, so only they are told to meet it: first
			return append([]string{"create", "--yes", "--join-timeout", "3s"}, addrsOf(spare)...)
		}},
	{"create, a server says nothing", "waits for its answer, for ever", itHangs, Unreachable,
		[]string{"nothing was changed", "spare 1"},
		func(t *testing.T, _, spare []*lab.Node) []string {
			frozen(t, spare[1])
			return append([]string{"create", "--yes"}, addrsOf(spare)...)
		}},
	{"create, a server dies in the middle", "prints a dot a second, for ever; or ends at a MEET that fails, and leaves the others half joined", itMayHang, No,
		[]string{"FAILED at step 3 of 4", "spare 2 does not answer|spare 2: "},
		func(t *testing.T, _, spare []*lab.Node) []string {
			deaf(t, spare[0]) // so that it cannot come to its end before
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			t.Cleanup(func() { cancel(); <-done })
			go func() {
				defer close(done)
				for ctx.Err() == nil {
					if text, err := spare[1].Do(ctx, "CLUSTER", "NODES").Text(); err == nil && strings.Count(text, "\n") > 1 {
						_ = spare[2].Kill()
						return
					}
				}
			}()
			return append([]string{"create", "--yes", "--join-timeout", "12s"}, addrsOf(spare)...)
		}},
	{"add a replica, its bus port is closed", "prints a dot a second, for ever; for a primary it says all is well, and the node is gone a moment later", itHangs, No,
		[]string{"no other node reaches spare 0", "the same command does the rest"},
		func(t *testing.T, members, spare []*lab.Node) []string {
			deaf(t, spare[0])
			// All that are there are deaf to it, too: it cannot introduce itself.
			for _, n := range members {
				deaf(t, n)
			}
			return []string{"add-node", spare[0].Addr, members[0].Addr, "--replica", "--yes", "--join-timeout", "3s"}
		}},
	{"add a node while a member says nothing", "waits for that member's answer, for ever", itHangs, Fine,
		[]string{"does not answer; it will hear of the new node by gossip", "done: add"},
		func(t *testing.T, members, spare []*lab.Node) []string {
			frozen(t, members[5])
			return []string{"add-node", spare[0].Addr, members[0].Addr, "--yes"}
		}},
	{"remove a dead replica", "says that there is no such node, and does nothing; that of Valkey 9.1 removes it", itEnds, Fine,
		[]string{"does not answer; it is removed without it", "done: remove"},
		func(t *testing.T, members, _ []*lab.Node) []string {
			dead(t, members[4], members[0])
			return []string{"del-node", members[0].Addr, string(members[4].ID), "--yes", "--watch", "1s"}
		}},
	{"remove a dead replica that some have forgotten", "says that there is no such node, and leaves it with the others; that of Valkey 9.1 removes it", itEnds, Fine,
		[]string{"one node has forgotten it already", "done: remove"},
		func(t *testing.T, members, _ []*lab.Node) []string {
			dead(t, members[4], members[0])
			asked(t, members[1], "CLUSTER", "FORGET", string(members[4].ID)) // by gossip newer servers tell others
			return []string{"del-node", members[0].Addr, string(members[4].ID), "--yes", "--watch", "1s"}
		}},
	{"remove a replica while another says nothing", "waits for that member's answer, for ever", itHangs, Fine,
		[]string{"what is not told to forget brings the node back", "done: remove"},
		func(t *testing.T, members, _ []*lab.Node) []string {
			frozen(t, members[5])
			return []string{"del-node", members[0].Addr, string(members[4].ID), "--yes", "--watch", "1s"}
		}},
	{"remove a dead primary that owns slots", "says that there is no such node; that of Valkey 9.1, that it is not empty", itEnds, No,
		[]string{"is gone and still owns", "let a replica of it take over first (slotdeck failover)"},
		func(t *testing.T, members, _ []*lab.Node) []string {
			asked(t, members[3], "CONFIG", "SET", "cluster-replica-no-failover", "yes")
			dead(t, members[0], members[1])
			return []string{"del-node", members[1].Addr, string(members[0].ID), "--yes"}
		}},
}

// begin makes the nodes of a case.
func (c *stuck) begin(t *testing.T, server lab.Server) (members, spare []*lab.Node) {
	t.Helper()
	config := lab.Config{Binary: server.Path, NodeTimeout: time.Second, Replicas: 1}
	if strings.HasPrefix(c.name, "create") {
		return nil, spares(t, config, 3)
	}
	cl := labtest.Start(t, config)
	return cl.Nodes(), addSpares(t, cl, 1)
}

func TestWhatLetsTheServersToolHangEndsWithASentenceThatSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for _, c := range stuckCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			members, spare := c.begin(t, labtest.Only(t, "redis-7.0"))
			args := c.meddle(t, members, spare)
			began := time.Now()
			got := run(t, "", nil, args...)
			t.Logf("it ended after %.1f s; the servers' own tool %s", time.Since(began).Seconds(), c.theirs)
			text := got.out + got.err
			for i, n := range spare {
				text = strings.ReplaceAll(text, n.Addr, "spare "+string(rune('0'+i)))
			}
			if got.code != c.code {
				t.Errorf("code %d, want %d", got.code, c.code)
			}
			for _, says := range c.says {
				if !slices.ContainsFunc(strings.Split(says, "|"), func(part string) bool { return strings.Contains(text, part) }) {
					t.Errorf("it does not say %q", says)
				}
			}
			if t.Failed() {
				t.Log(text)
			}
		})
	}
}

func TestSettingThatNoNodeTakesIsToldAsThat(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Binary: labtest.Any(t).Path})
	got := expect(t, No, "set", c.Seed(), "maxmemory-policy", "nonsense", "--yes")
	if !strings.Contains(got.out, "no node took it, and nothing was changed") || strings.Contains(got.out, "the others have it") {
		t.Errorf("%s", got.out)
	}
}
