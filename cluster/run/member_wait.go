package run

import (
	"context"
	"fmt"
	"strings"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
)

// memberSight is what one node of a step says now.
type memberSight struct {
	node  plan.MemberNode
	view  *cluster.View
	state cluster.ClusterInfo
	err   error
}

// knows reports whether the node lists another, past the handshake.
func (s *memberSight) knows(id cluster.NodeID) bool {
	m, ok := s.view.Member(id)
	return ok && !m.Flags.Has(cluster.Handshake)
}

// look asks all nodes at once.
func (j *MemberJob) look(ctx context.Context, nodes []plan.MemberNode) []memberSight {
	out := make([]memberSight, len(nodes))
	inTurns(len(nodes), func(i int) {
		s := memberSight{node: nodes[i]}
		answers := j.crew.ask(ctx, s.node.Addr, memberPatience, []any{"CLUSTER", "NODES"}, []any{"CLUSTER", "INFO"})
		for _, a := range answers {
			if s.err == nil {
				s.err = a.Err
			}
		}
		if s.err == nil {
			s.view, s.err = cluster.ParseNodes(textOf(answers[0]))
		}
		if s.err == nil {
			s.state, s.err = cluster.ParseClusterInfo(textOf(answers[1]))
		}
		out[i] = s
	})
	return out
}

// until looks again and again until nothing is missing. missing is told, and is
// the error when time runs out.
func (j *MemberJob) until(ctx context.Context, limit time.Duration, say func(string), look func() (missing string, err error)) error {
	began, told := time.Now(), ""
	for {
		missing, err := look()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || missing == "" {
			return err
		}
		if missing != told {
			told = missing
			say(missing)
		}
		if waited := time.Since(began); waited > limit {
			return fmt.Errorf("%s, after %.0f s of waiting", missing, waited.Seconds())
		}
		if err := pause(ctx, j.options.Poll); err != nil {
			return err
		}
	}
}

// settle waits until all nodes show what is wanted, agree, and call the cluster
// ok.
func (j *MemberJob) settle(ctx context.Context, s *plan.MemberStep, say func(string)) error {
	var since time.Time // all showed it; zero: not all do
	return j.until(ctx, j.options.Settle+s.Hold, say, func() (string, error) {
		sights := j.look(ctx, s.Among)
		if err := j.thrownOut(s, sights); err != nil {
			return "", err
		}
		missing := someUnsettled(sights, s)
		switch {
		case missing != "":
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
		}
		if missing == "" && time.Since(since) < s.Hold {
			missing = fmt.Sprintf("all show it; whether it stays so is seen in %.0f s", s.Hold.Seconds()+0.5)
		}
		return missing, nil
	})
}

// someUnsettled says which node does not show a step's goal, or which two do not
// agree; nothing when all is well.
func someUnsettled(sights []memberSight, s *plan.MemberStep) string {
	for i := range sights {
		if what := unsettled(&sights[i], s); what != "" {
			return plain(sights[i].node.Addr) + " " + what
		}
		if !s.Loose && sights[i].view.Config() != sights[0].view.Config() {
			return fmt.Sprintf("%s and %s do not name the same owners and epochs", plain(sights[0].node.Addr), plain(sights[i].node.Addr))
		}
	}
	return ""
}

// unsettled says what of a step's goal one node does not show; nothing when it
// shows all.
func unsettled(sight *memberSight, s *plan.MemberStep) string {
	if sight.err != nil {
		return "does not answer: " + sight.err.Error()
	}
	for _, w := range s.Wants {
		m, ok := sight.view.Member(w.ID)
		addr := plain(nodeOf(s, w.ID).Addr)
		switch {
		case !ok || m.Flags.Has(cluster.Handshake):
			return "does not know " + addr + " yet"
		case w.Under == "" && !m.Flags.Has(cluster.Primary):
			return "does not show " + addr + " as a primary"
		case w.Under != "" && (!m.Flags.Has(cluster.Replica) || m.Primary != w.Under):
			return "does not show " + addr + " as a replica of " + plain(nodeOf(s, w.Under).Addr) + " yet"
		case w.Slots != nil && fmt.Sprint(m.Slots) != fmt.Sprint(w.Slots):
			return "does not show the slots of " + addr + " yet"
		}
	}
	if s.StateOK && sight.state.State != "ok" {
		return "does not call the cluster ok yet"
	}
	return ""
}

// absent looks for a while whether a node that left is listed again, and by
// whom.
func (j *MemberJob) absent(ctx context.Context, s *plan.MemberStep, say func(string)) error {
	if j.options.Absent < 0 {
		return nil
	}
	began := time.Now()
	for {
		left := j.options.Absent - time.Since(began)
		if left <= 0 {
			return nil
		}
		say(fmt.Sprintf("%.0f s more", left.Seconds()+0.5))
		var listing []string
		sights := j.look(ctx, s.Among)
		for i := range sights {
			if sights[i].err == nil {
				if _, ok := sights[i].view.Member(s.About); ok {
					listing = append(listing, plain(sights[i].node.Addr))
				}
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if len(listing) > 0 {
			return fmt.Errorf("%s %s node %s again, %.1f s after it was forgotten: %s", strings.Join(listing, ", "), either(len(listing), "lists", "list"),
				plain(s.About.Short()), time.Since(began).Seconds(), j.culprit(ctx, s))
		}
		if err := pause(ctx, min(max(j.options.Poll, 100*time.Millisecond), left)); err != nil {
			return err
		}
	}
}

// culprit names who brings a node back that all were told to forget, and says
// what to do.
func (j *MemberJob) culprit(ctx context.Context, s *plan.MemberStep) string {
	var names []string
	sights := j.look(ctx, s.Suspects)
	for i := range sights {
		sight := &sights[i]
		switch {
		case sight.err != nil:
		case sight.view.Myself == s.About && company(sight) != "":
			return fmt.Sprintf("%s itself brings it back, for it takes itself for a member still; slotdeck del-node forgets and resets it", plain(sight.node.Addr))
		case sight.view.Myself != s.About:
			if _, ok := sight.view.Member(s.About); ok {
				names = append(names, plain(sight.node.Addr))
			}
		}
	}
	if len(names) > 0 {
		return fmt.Sprintf("%s did not answer when the others forgot it, and %s it still; repeat the command now that %s", strings.Join(names, ", "),
			either(len(names), "lists", "list"), either(len(names), "it answers", "they answer"))
	}
	return "some node that was not told, or that node itself, brings it back; reset that node or stop it for good, then repeat the command"
}
