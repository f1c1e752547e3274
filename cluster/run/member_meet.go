package run

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
)

// meetAgain is how long a join may stand still before the nodes that lack each
// other are told once more: a handshake that nobody answers is forgotten after a
// node timeout.
const meetAgain = 2 * time.Second

// meet sends the meetings and waits until all nodes know and reach each other.
func (j *MemberJob) meet(ctx context.Context, s *plan.MemberStep, say func(string)) error {
	if err := firstOf(j.sendAll(ctx, s.Commands, nil)); err != nil {
		return err
	}
	fewest, moved := -1, time.Now()
	var gaps []gap
	err := j.until(ctx, j.options.Join, say, func() (string, error) {
		sights := j.look(ctx, s.Among)
		for i := range sights {
			if sights[i].err != nil {
				gaps = nil // of an earlier look; what counts now is who does not answer
				return plain(sights[i].node.Addr) + " does not answer: " + sights[i].err.Error(), nil
			}
		}
		if err := j.thrownOut(s, sights); err != nil {
			gaps = nil
			return "", err
		}
		gaps = gapsOf(sights, s.About)
		if fewest < 0 || len(gaps) < fewest {
			fewest, moved = len(gaps), time.Now()
		}
		if len(gaps) == 0 {
			return "", nil
		}
		if time.Since(moved) > meetAgain {
			moved = time.Now()
			_ = firstOf(j.sendAll(ctx, remeet(gaps), nil)) // the next look tells
		}
		return fmt.Sprintf("%d of %d connections between the nodes are missing", len(gaps), pairsAmong(len(sights), s.About)), nil
	})
	if err == nil || ctx.Err() != nil || len(gaps) == 0 {
		return err
	}
	j.report.Matrix = matrix(gaps)
	return errors.New(whoIsCutOff(gaps, s) + fmt.Sprintf(" (waited %.0f s); once that is mended the same command does the rest", j.options.Join.Seconds()))
}

// gap is a node that does not reach another over the cluster bus.
type gap struct {
	from, to plan.MemberNode
	known    bool // it lists it, without a link
}

func pairsAmong(n int, about cluster.NodeID) int {
	if about != "" {
		return 2 * (n - 1)
	}
	return n * (n - 1)
}

// gapsOf compares every node with every other; when the step is about one node,
// only pairs with that one count.
func gapsOf(sights []memberSight, about cluster.NodeID) (out []gap) {
	for i := range sights {
		for k := range sights {
			a, b := &sights[i], &sights[k]
			if i == k || about != "" && a.node.ID != about && b.node.ID != about {
				continue
			}
			if m, _ := a.view.Member(b.node.ID); !a.knows(b.node.ID) || !m.Linked {
				out = append(out, gap{a.node, b.node, a.knows(b.node.ID)})
			}
		}
	}
	return out
}

// remeet tells nodes once more of those they lack, of a few each.
func remeet(gaps []gap) (out []plan.Command) {
	const most = 8
	told := map[cluster.NodeID]int{}
	for _, g := range gaps {
		if told[g.from.ID]++; told[g.from.ID] <= most {
			out = append(out, plan.Command{Node: g.from.ID, Addr: g.from.Addr,
				Args: []string{"CLUSTER", "MEET", g.to.Host, fmt.Sprint(g.to.Port), fmt.Sprint(g.to.BusPort)}})
		}
	}
	return out
}

// matrix is who does not reach whom, a line for each node.
func matrix(gaps []gap) (out []string) {
	at := map[cluster.NodeID]int{}
	for _, g := range gaps {
		i, ok := at[g.from.ID]
		if !ok {
			i = len(out)
			at[g.from.ID] = i
			out = append(out, plain(g.from.Addr)+" does not reach")
		} else {
			out[i] += ","
		}
		out[i] += fmt.Sprintf(" %s@%d", plain(g.to.Addr), g.to.BusPort)
	}
	return out
}

// whoIsCutOff says what the gaps have in common: nodes that nobody reaches, nodes
// that reach nobody, or the first pair.
func whoIsCutOff(gaps []gap, s *plan.MemberStep) string {
	most := len(s.Among) - 1
	to, from := map[cluster.NodeID]int{}, map[cluster.NodeID]int{}
	for _, g := range gaps {
		to[g.to.ID]++
		from[g.from.ID]++
	}
	var unreached []string
	for _, n := range s.Among {
		if to[n.ID] == most && len(s.Among) > 2 {
			unreached = append(unreached, fmt.Sprintf("%s at %s, bus port %d", plain(n.Addr), plain(n.Host), n.BusPort))
		}
	}
	if len(unreached) > 0 && len(unreached) < len(s.Among) {
		return fmt.Sprintf("no other node reaches %s: the bus port is closed or filtered, or the node is announced where it is not (cluster-announce-ip, -bus-port); "+
			"a node that was removed less than 60 s ago is also let in only after that", strings.Join(unreached, " and "))
	}
	g := gaps[0]
	return fmt.Sprintf("%s does not reach %s at %s, bus port %d, and so %s: open the bus ports between the nodes; a node that was removed less than 60 s ago is let in only after that",
		plain(g.from.Addr), plain(g.to.Addr), plain(g.to.Host), g.to.BusPort, either(len(gaps)-1, "with one other pair", fmt.Sprintf("with %d other pairs", len(gaps)-1)))
}
