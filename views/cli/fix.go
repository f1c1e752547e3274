package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"slotdeck/cluster/doctor"
	"slotdeck/cluster/plan"
	engine "slotdeck/cluster/run"
)

type fixFlags struct {
	memberFlags
	owners      []string
	strays      string
	claimants   bool
	unreachable bool
	replace     bool
}

func newFix(w *World) *cobra.Command {
	var f fixFlags
	cmd := &cobra.Command{
		Use:     "fix HOST:PORT",
		GroupID: "cluster",
		Short:   "Repair slots: without owner, with several, open, or with keys in the wrong place",
		Long: `Looks where the keys of damaged slots lie, on every node that answers, replicas
too, shows a plan, asks, carries it out, and examines the cluster again. The exit
code is 0 only when the cluster is fit then, and nothing was left to decide.

A slot that nobody owns goes to the node that alone holds its keys. What has no
such answer is listed and left, with what has to be said for it:

  keys of it on several nodes   --owner SLOTS=NODE; the others' keys follow
  no keys on any node           --owner SLOTS=NODE, or --owner balance
  several primaries claim it    --search-multiple-owners, or --owner SLOTS=NODE
  its primary is gone for good  --fix-with-unreachable-masters: its keys are lost
  keys in a node that does not
  own their slot                --strays merge brings them to the owner;
                                --strays delete removes them
  a key with two values in an
  open slot                     --replace: the owner's value stays

Nothing is deleted or overwritten without a copy: such values are saved, as DUMP,
in a file that only you can read, in the folder of checkpoints
($XDG_STATE_HOME/slotdeck). Slots are covered before open ones are closed.

Redis 8.4 and newer hides the keys of slots that a node does not own. To see them
each such slot is imported for the moment of a count (SETSLOT IMPORTING,
COUNTKEYSINSLOT, SETSLOT STABLE, sent together); that is asked about first, and a
dry run does not do it.`,
		Example: `  slotdeck fix 10.0.0.11:7001 --dry-run
  slotdeck fix 10.0.0.11:7001 --yes -o json
  slotdeck fix 10.0.0.11:7001 --owner 0-99,204=10.0.0.12:7002 --strays merge`,
		Args:              atLeastOne("HOST:PORT"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), w, args) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.owners, "owner", nil, "give slots to a node: `SLOTS=NODE`, or balance for slots without keys; may be repeated")
	flags.StringVar(&f.strays, "strays", "leave", "keys in nodes that do not own their slot: `merge, delete or leave`")
	flags.BoolVar(&f.claimants, "search-multiple-owners", false, "settle slots that several primaries claim, where epochs and keys point to one")
	flags.BoolVar(&f.unreachable, "fix-with-unreachable-masters", false, "give away slots of primaries that are gone for good: their keys are lost")
	flags.BoolVar(&f.replace, "replace", false, "where an open slot has a key twice, keep the owner's value and save the other")
	f.registerSettle(flags)
	f.register(cmd)
	return cmd
}

// fixAnswer is a repair as programs get it.
type fixAnswer struct {
	Fit     bool                  `json:"fit"`
	Plans   []plan.MemberPlan     `json:"plans"`
	Reports []engine.MemberReport `json:"reports"`
	Left    []string              `json:"left"` // what stays wrong, and what has to be said for it
	Check   *checkAnswer          `json:"check,omitempty"`
}

// fixing is one run of the command.
type fixing struct {
	membership
	target    target
	standards doctor.Standards
	wish      plan.MemberWish
	answer    fixAnswer
}

// fixRounds bounds how often it plans again: what is repaired can bring to light
// what was hidden behind it.
const fixRounds = 4

func (f *fixFlags) run(ctx context.Context, w *World, args []string) error {
	r := plan.RepairWish{Owners: strings.Join(f.owners, " "), Unreachable: f.unreachable, Claimants: f.claimants, Replace: f.replace}
	switch f.strays {
	case "merge":
		r.Strays = plan.MergeStrays
	case "delete":
		r.Strays = plan.DeleteStrays
	case "leave":
	default:
		return usage("--strays takes merge, delete or leave")
	}
	t, err := f.conn.resolve(ctx, w, args)
	if err != nil {
		return err
	}
	by, err := t.standards()
	if err != nil {
		return err
	}
	f.yes = f.yes || w.Env("REDISCLI_CLUSTER_YES") == "1"
	x := &fixing{membership: membership{memberFlags: &f.memberFlags, w: w, crew: engine.NewMemberCrew(t.Options), seeds: t.Seeds}, target: t, standards: by,
		wish: plan.MemberWish{Kind: plan.MemberRepair, Repair: r}, answer: fixAnswer{Plans: []plan.MemberPlan{}, Reports: []engine.MemberReport{}, Left: []string{}}}
	defer x.crew.Close()
	err = x.rounds(ctx)
	if err != nil && !errors.Is(err, errTold) {
		return err
	}
	if ended := x.examine(ctx); ended != nil {
		return ended
	}
	if err != nil {
		return err
	}
	if !x.answer.Fit || x.dryRun && len(x.answer.Plans) > 0 {
		return &Failure{No, errTold}
	}
	return nil
}

// rounds plans and repairs until there is nothing more to do without a word from
// the operator.
func (x *fixing) rounds(ctx context.Context) error {
	for range fixRounds {
		g, err := x.ground(ctx)
		if err != nil {
			return err
		}
		p, err := x.wish.Plan(g)
		x.answer.Left = p.Left
		switch reason, _ := plan.ReasonOf(err); {
		case reason == plan.NothingToMove:
			x.answer.Left = nil
			return x.say("nothing to repair: " + err.Error())
		case reason == plan.Uncovered:
			var r *plan.Refusal
			errors.As(err, &r)
			for _, c := range r.Checks {
				if c.State == plan.Warned {
					x.answer.Left = append(x.answer.Left, c.Text)
				}
			}
			return x.say(append([]string{"nothing can be repaired without a word from you"}, leftLines(x.answer.Left)...)...)
		case err != nil:
			return memberRefusal(err)
		}
		x.answer.Plans = append(x.answer.Plans, p)
		if x.out != asJSON || !x.yes && !x.dryRun {
			x.show(p)
		}
		if done, err := x.rehearse(ctx, p); done || err != nil {
			return err
		}
		if err := x.agree(ctx, p); err != nil {
			return err
		}
		if !x.yes { // whoever was asked took time to answer
			if err := x.crew.Recheck(ctx, x.wish, p, x.seeds); err != nil {
				return memberRefusal(failure(No, "nothing was changed: %w", err))
			}
		}
		job := engine.StartMember(ctx, x.crew, p, engine.MemberOptions{Settle: x.settle, StateDir: engine.StateDirOf(x.w.Env)})
		x.follow(job, len(p.Steps))
		r := job.Wait()
		x.answer.Reports = append(x.answer.Reports, r)
		if x.out != asJSON {
			if err := x.print(reportLines(r)); err != nil {
				return err
			}
		}
		switch r.Outcome {
		case engine.MemberInterrupted:
			return &Failure{Interrupted, errTold}
		case engine.MemberFailed:
			return &Failure{No, errTold}
		}
		x.wish.Repair.Owners = unspoken(x.wish.Repair.Owners)
	}
	return nil
}

// unspoken is what remains of the words about owners once they were followed: a
// plan would refuse owners of slots that have one.
func unspoken(owners string) string {
	if strings.Contains(" "+owners+" ", " "+plan.Balance+" ") {
		return plan.Balance
	}
	return ""
}

// ground reads the cluster. Where keys are out of sight it asks whether they may
// be looked at.
func (x *fixing) ground(ctx context.Context) (plan.MemberGround, error) {
	g, err := x.crew.Ground(ctx, x.wish, x.seeds)
	x.w.propose(g.Snap)
	if err != nil || len(g.Evidence.Hidden) == 0 || x.wish.Repair.Probe || x.dryRun {
		return g, err
	}
	question := fmt.Sprintf("%d of the nodes hold keys that they do not show. To see them, each slot that such a node does not own is imported for the moment of a count "+
		"(SETSLOT IMPORTING, COUNTKEYSINSLOT, SETSLOT STABLE, together). Shall they be looked at, yes or no? ", len(g.Evidence.Hidden))
	if err := agree(ctx, x.w, x.yes, question, ""); err != nil {
		return g, err
	}
	x.wish.Repair.Probe = true
	return x.crew.Ground(ctx, x.wish, x.seeds)
}

func (x *fixing) say(lines ...string) error {
	if x.out == asJSON {
		return nil
	}
	return x.print(lines)
}

func (x *fixing) show(p plan.MemberPlan) {
	out := x.w.Out
	if x.out == asJSON {
		out = x.w.Err
	}
	for _, l := range p.Lines() {
		fmt.Fprintln(out, clean(l))
	}
}

func leftLines(left []string) (out []string) {
	for _, l := range left {
		out = append(out, "left as it is: "+l)
	}
	return out
}

// examine looks at the whole cluster once more, and tells.
func (x *fixing) examine(ctx context.Context) error {
	if ctx.Err() != nil {
		return nil
	}
	snap, err := examined(ctx, x.target)
	if err != nil {
		return err
	}
	a := answerCheck(snap, nil, x.standards, muteFile{engine.StateDirOf(x.w.Env)}.Load(snap))
	x.answer.Check = &a
	x.answer.Fit = a.Fit && len(x.answer.Left) == 0
	if x.out == asJSON {
		return writeJSON(x.w.Out, x.answer)
	}
	return printCheck(x.w, a, x.seeds[0])
}
