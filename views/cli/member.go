package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	engine "slotdeck/cluster/run"
	"slotdeck/cluster/spawn"
)

// memberFlags are those of all commands that change who belongs to a cluster.
type memberFlags struct {
	conn        connection
	out         format
	yes, dryRun bool
	join        time.Duration
	settle      time.Duration
	watch       time.Duration
	zones       zoneFlags
}

func (f *memberFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.yes, "yes", false, "do not ask; needed without a terminal")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the plan and its commands, and change nothing")
	f.out.register(flags)
	f.conn.register(flags)
	flags.SetNormalizeFunc(memberNames)
}

func (f *memberFlags) registerJoin(flags *pflag.FlagSet) {
	flags.DurationVar(&f.join, "join-timeout", engine.DefaultMemberJoin, "`time` for the nodes to know each other")
}

func (f *memberFlags) registerSettle(flags *pflag.FlagSet) {
	flags.DurationVar(&f.settle, "settle", engine.DefaultMemberSettle, "`time` for all nodes to show the same")
}

func (f *memberFlags) registerWatch(flags *pflag.FlagSet) {
	flags.DurationVar(&f.watch, "watch", engine.DefaultMemberAbsent, "`time` to look out for its return; the servers bar it for 60s")
}

// memberNames accepts the names that redis-cli --cluster and valkey-cli
// --cluster have for flags.
func memberNames(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	name = strings.TrimPrefix(name, "cluster-")
	switch name {
	case "slave":
		name = "replica"
	case "primary-id":
		name = "master-id"
	case "only-primaries":
		name = "only-masters"
	case "fix-with-unreachable-primaries":
		name = "fix-with-unreachable-masters"
	case "only-slaves":
		name = "only-replicas"
	}
	return pflag.NormalizedName(name)
}

// membership is one run of such a command.
type membership struct {
	*memberFlags
	w     *World
	crew  *engine.MemberCrew
	seeds []string

	standing cluster.Zones // where nodes stand
}

// begin resolves the nodes that the words name. The crew is to be closed.
func (f *memberFlags) begin(ctx context.Context, w *World, words []string) (*membership, error) {
	t, err := f.conn.resolve(ctx, w, words)
	if err != nil {
		return nil, err
	}
	f.yes = f.yes || w.Env("REDISCLI_CLUSTER_YES") == "1"
	zones, err := f.zones.or(t.Zones)
	if err != nil {
		return nil, err
	}
	return &membership{memberFlags: f, w: w, crew: engine.NewMemberCrew(t.Options), seeds: t.Seeds, standing: zones}, nil
}

// wishing is a wish whose nodes are still words.
type wishing struct {
	plan.MemberWish
	seeds       []string // of the cluster; the servers stand in the wish
	node, under string   // as plan.FindNode takes them; empty: as the wish has them
	notes       []string // for the end of the plan
}

// carry reads what a wish needs, plans it and carries it out.
func (m *membership) carry(ctx context.Context, w wishing) error {
	w.Zones = m.standing
	g, err := m.crew.Ground(ctx, w.MemberWish, w.seeds)
	m.w.propose(g.Snap)
	if err != nil {
		return err
	}
	for _, word := range []struct {
		text string
		id   *cluster.NodeID
	}{{w.node, &w.Node}, {w.under, &w.Under}} {
		if word.text != "" {
			if *word.id, err = plan.FindNode(g.Snap, word.text); err != nil {
				return memberRefusal(err)
			}
		}
	}
	p, err := w.Plan(g)
	if err != nil {
		return joinRefusal(err, g.Servers)
	}
	p.Notes = append(p.Notes, w.notes...)
	return m.carryOut(ctx, w, p)
}

// carryOut shows a plan, asks, does it, and tells how it went.
func (m *membership) carryOut(ctx context.Context, w wishing, p plan.MemberPlan) error {
	switch {
	case m.out != asJSON:
		if err := m.print(p.Lines()); err != nil {
			return err
		}
	case m.dryRun:
		return writeJSON(m.w.Out, p)
	case !m.yes:
		for _, l := range p.Lines() {
			fmt.Fprintln(m.w.Err, clean(l))
		}
	}
	if done, err := m.rehearse(ctx, p); done || err != nil {
		return err
	}
	if err := m.agree(ctx, p); err != nil {
		return err
	}
	if !m.yes { // whoever was asked took time to answer
		if err := m.crew.Recheck(ctx, w.MemberWish, p, w.seeds); err != nil {
			return memberRefusal(failure(No, "nothing was changed: %w", err))
		}
	}
	job := engine.StartMember(ctx, m.crew, p, engine.MemberOptions{Join: m.join, Settle: m.settle, Absent: m.watch})
	m.follow(job, len(p.Steps))
	return m.tell(job.Wait())
}

// rehearse makes sure that a plan can be carried out, before anybody is asked. It
// is done where no more than a dry run is wanted.
func (m *membership) rehearse(ctx context.Context, p plan.MemberPlan) (done bool, err error) {
	err = m.crew.Rehearse(ctx, p)
	switch {
	case err != nil && m.dryRun:
		m.w.Warn(clean("it would be refused: " + err.Error()))
		return true, nil
	case err != nil:
		return true, memberRefusal(fmt.Errorf("nothing was changed: %w", err))
	}
	return m.dryRun, nil
}

func (m *membership) print(lines []string) error {
	for _, l := range lines {
		if _, err := fmt.Fprintln(m.w.Out, clean(l)); err != nil {
			return err
		}
	}
	return nil
}

// agree asks as the plan's risk demands.
func (m *membership) agree(ctx context.Context, p plan.MemberPlan) error {
	return agree(ctx, m.w, m.yes, "Do you want to proceed with this plan ("+p.Risk.String()+"), yes or no? ", p.Type)
}

// agree asks on the terminal; without one, --yes is needed. When something is to
// be typed, yes is not enough.
func agree(ctx context.Context, w *World, yes bool, question, typed string) error {
	if ask, err := w.guarding.allows(yes); err != nil || !ask && yes {
		return err
	} else if ask {
		typed = w.guarding.name
	}
	_, in := terminal(w.In)
	_, out := terminal(w.Err)
	if !in || !out {
		return usage("there is no terminal to ask on, so nothing was changed; say --yes to go on without being asked")
	}
	if typed != "" {
		question = w.guarding.question(typed)
	}
	fmt.Fprint(w.Err, clean(question))
	answer := make(chan string, 1)
	spawn.Go(func() { // ends with the line, or with the program
		line, _ := bufio.NewReader(w.In).ReadString('\n')
		answer <- strings.TrimSpace(line)
	})
	select {
	case line := <-answer:
		switch {
		case typed != "" && line == typed, typed == "" && (strings.EqualFold(line, "yes") || strings.EqualFold(line, "y")):
			return nil
		}
		return failure(No, "nothing was changed: the answer was not %s", orYes(typed))
	case <-ctx.Done():
		fmt.Fprintln(w.Err)
		return failure(Interrupted, "interrupted before anything was changed")
	}
}

func orYes(typed string) string {
	if typed == "" {
		return "yes"
	}
	return typed
}

// memberRefusal gives a planner's refusal its exit code.
func memberRefusal(err error) error {
	reason, ok := plan.ReasonOf(err)
	if !ok {
		return err
	}
	var r *plan.Refusal
	text := err
	if errors.As(err, &r) && len(r.Checks) > 1 {
		text = fmt.Errorf("%w\n%s", err, strings.Join(plan.CheckLines(r.Checks), "\n"))
	}
	switch reason {
	case plan.UnknownNode, plan.AmbiguousNode, plan.NotPrimary, plan.BadRequest, plan.SelfMove:
		return &Failure{Usage, err}
	case plan.NodeDown:
		return &Failure{Unreachable, text}
	case plan.NothingToMove:
		return &Failure{Fine, err}
	case plan.NoRights:
		return &Failure{Denied, text}
	}
	return &Failure{No, text}
}

// serverErrors is the error of the first server that could not be read.
func serverErrors(servers []plan.MemberServer) error {
	for _, s := range servers {
		if s.Err != nil {
			return s.Err
		}
	}
	return nil
}
