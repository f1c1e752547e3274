package run_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
	"slotdeck/cluster/wire"
)

// errand is what a child of the test does until it is killed by its own hand.
type errand struct {
	Wish   plan.MemberWish
	Seeds  []string
	Kill   int32            // at the so many-th command that changes something, counted from 1
	Import *plan.ImportPlan // instead of the wish
}

// changing are the commands that change who belongs to a cluster, or where keys
// are.
var changing = regexp.MustCompile(`\r\n(SET-CONFIG-EPOCH|ADDSLOTSRANGE|MEET|REPLICATE|FORGET|RESET|RESTORE|SET|REWRITE|UNLINK)\r\n`)

// deadly is a connection whose process dies of SIGKILL with a command: odd ones
// have been sent by then and even ones have not.
type deadly struct {
	net.Conn
	seen *atomic.Int32
	at   int32
}

func (d deadly) Write(b []byte) (int, error) {
	nr := int32(0)
	if changing.Match(b) {
		nr = d.seen.Add(1)
	}
	if nr == d.at && nr%2 == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	n, err := d.Conn.Write(b)
	if nr == d.at && nr > 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	return n, err
}

// mortal carries an errand out in a process of its own.
func mortal(text string) error {
	var e errand
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return err
	}
	var seen atomic.Int32
	options := wire.Options{Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		return deadly{c, &seen, e.Kill}, err
	}}
	if e.Import != nil {
		return imports(*e.Import, e.Seeds, options)
	}
	crew := run.NewMemberCrew(options)
	defer crew.Close()
	g, err := crew.Ground(context.Background(), e.Wish, e.Seeds)
	if err != nil {
		return err
	}
	p, err := e.Wish.Plan(g)
	if err != nil {
		return err
	}
	if r := run.StartMember(context.Background(), crew, p, run.MemberOptions{Absent: -1}).Wait(); r.Outcome != run.MemberDone {
		return errors.New(r.Text)
	}
	return nil
}

// killed runs an errand; false when it had fewer commands and was carried out.
func killed(t *testing.T, e errand) bool {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SLOTDECK_TEST_MEMBER="+string(text))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return true
	}
	if err != nil {
		t.Fatalf("%s, to be killed at command %d: %v: %s", e.Wish.Kind, e.Kill, err, out.String())
	}
	return false
}

// again carries the same wish out in this process, as an operator would who
// types the same command once more.
func again(t *testing.T, crew *run.MemberCrew, w plan.MemberWish, seeds []string) {
	t.Helper()
	// Nodes that were told half of it may disagree for a moment; whoever repeats
	// the command too early is told so, and does it again.
	labtest.Until(t, time.Minute, fmt.Sprintf("%s can be finished", w.Kind), func() bool {
		g, err := crew.Ground(t.Context(), w, seeds)
		if err != nil {
			t.Fatal(err)
		}
		p, err := w.Plan(g)
		if err != nil {
			switch reason, _ := plan.ReasonOf(err); reason {
			case plan.NothingToMove, plan.UnknownNode: // it was done all the same
				return true
			case plan.NotConverged, plan.NodeDown:
				return false
			}
			t.Fatalf("%s: %v", w.Kind, err)
		}
		r := run.StartMember(t.Context(), crew, p, run.MemberOptions{Absent: -1}).Wait()
		if r.Outcome != run.MemberDone {
			t.Fatalf("%s: %s\n%v", p.Title, r.Text, r.Matrix)
		}
		return true
	})
}

func TestChangeWhoseProcessIsKilledAtAnyStepIsFinishedByTheSameCommand(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			crew, nodes, addrs := memberSpares(t, lab.Config{Binary: labtest.Only(t, version).Path, NodeTimeout: 500 * time.Millisecond}, 5)
			four, last := addrs[:4], addrs[4]
			id := func(n *lab.Node) cluster.NodeID {
				return cluster.NodeID(n.Do(t.Context(), "CLUSTER", "MYID").Val().(string))
			}
			// The last command of each step, and one in its middle: three parts of
			// the slots, four epochs, six meetings.
			create := plan.MemberWish{Kind: plan.MemberCreate, Servers: four}
			for _, at := range []int32{2, 3, 6, 7, 10, 13} {
				if !killed(t, errand{Wish: create, Seeds: nil, Kill: at}) {
					t.Fatalf("creating sends fewer than %d commands", at)
				}
				again(t, crew, create, nil)
				isOne(t, crew, four, 0)
				if at < 13 {
					again(t, crew, plan.MemberWish{Kind: plan.MemberReset, Servers: four, Hard: true}, nil)
				}
			}
			// Each time it leaves with another id, so that it is not barred when
			// it comes back.
			for at := int32(1); ; at++ {
				add := plan.MemberWish{Kind: plan.MemberAdd, Servers: addrs[4:], Replica: true}
				more := killed(t, errand{Wish: add, Seeds: four, Kill: at})
				again(t, crew, add, four)
				move := plan.MemberWish{Kind: plan.MemberReplicate, Node: id(nodes[4]), Under: id(nodes[0])}
				if n, _ := isOne(t, crew, addrs, 1).Node(move.Node); n.Member.Primary == move.Under {
					move.Under = id(nodes[1])
				}
				killed(t, errand{Wish: move, Seeds: four, Kill: 1})
				again(t, crew, move, four)
				remove := plan.MemberWish{Kind: plan.MemberRemove, Node: id(nodes[4]), Hard: true}
				killed(t, errand{Wish: remove, Seeds: addrs, Kill: at})
				again(t, crew, remove, append([]string{last}, four...))
				again(t, crew, plan.MemberWish{Kind: plan.MemberReset, Servers: addrs[4:], Hard: true}, nil)
				isOne(t, crew, four, 0)
				if !more {
					break
				}
			}
			for at := int32(1); at <= 5; at += 2 {
				set := plan.MemberWish{Kind: plan.MemberSet, Setting: plan.NodeTimeout, Value: fmt.Sprint(600 + at)}
				killed(t, errand{Wish: set, Seeds: four, Kill: at})
				again(t, crew, set, four)
				for _, n := range nodes[:4] {
					if got := fmt.Sprint(n.Do(t.Context(), "CONFIG", "GET", plan.NodeTimeout).Val()); got != fmt.Sprintf("[%s %s]", plan.NodeTimeout, set.Value) {
						t.Errorf("%s has %s", n.Addr, got)
					}
				}
			}
		})
	}
}
